from adapters.ocpp.events import Events
from adapters.ocpp.station import Station
from tests.adapters.ocpp.conftest import make_evse


def test_a_transaction_that_ends_is_forgotten_by_all_its_names_and_others_are_not() -> None:
    station = Station("CP-B", [make_evse("b", "CP-B")], lambda: None)
    station.transactions = {7: 1, 8: 1}
    station.references = {"first": 7, "second": 7, "another": 8}
    station.events = {name: Events() for name in station.references}
    station.forget(7, "second")
    assert station.transactions == {8: 1}
    assert station.references == {"another": 8}
    assert list(station.events) == ["another"]
    station.forget(8)
    assert not station.transactions | station.references | station.events
