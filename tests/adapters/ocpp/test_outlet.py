from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.outlet import Outlet, Promise, Sample, Transaction
from tests.adapters.ocpp.conftest import make_evse
from v2g.observation import EvseState, Quality
from v2g.session import Vehicle, Wishes

T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)
EMPTY = Outlet(evse=make_evse("a", "CP"))


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def transaction(transaction_id: int = 1, minutes: float = 0.0, meter_kwh: float = 100.0) -> Transaction:
    return Transaction(transaction_id=transaction_id, driver="d", began_at=at(minutes), meter_start_kwh=meter_kwh)


def plugged(outlet: Outlet = EMPTY, minutes: float = 0.0) -> Outlet:
    return outlet.told(plugged=True, idle=True, fault="", at=at(minutes))


def unplugged(outlet: Outlet, minutes: float = 0.0) -> Outlet:
    return outlet.told(plugged=False, idle=True, fault="", at=at(minutes))


def state(outlet: Outlet, minutes: float = 0.0, *, online: bool = True) -> EvseState:
    return outlet.state(at(minutes), online=online, stale_after_s=180)


def charged_kwh(outlet: Outlet) -> float:
    assert outlet.session is not None
    return outlet.session.charged_kwh


def test_a_session_lasts_from_plug_to_unplug_and_keeps_its_name() -> None:
    seen = [plugged()]
    seen.append(seen[-1].begun(transaction(minutes=1)))
    seen.append(seen[-1].ended(1, meter_stop_kwh=105.0, at=at(30)))
    seen.append(seen[-1].begun(transaction(2, minutes=31, meter_kwh=105.0)))
    assert {outlet.session_id for outlet in seen} == {"a@20260105T080000Z"}
    assert {outlet.plugged_in_at for outlet in seen} == {T0}
    left = unplugged(seen[-1].ended(2, meter_stop_kwh=106.0, at=at(40)), 41)
    assert left.session is None
    assert plugged(left, 50).session_id == "a@20260105T085000Z"


def test_a_car_first_seen_by_its_transaction_stays_until_both_are_over() -> None:
    outlet = EMPTY.begun(transaction(7))
    assert outlet.session_id == "a#7"
    assert unplugged(outlet).session is not None
    assert unplugged(outlet).ended(7, meter_stop_kwh=100.0, at=at(1)).session is None
    assert plugged(outlet).ended(7, meter_stop_kwh=100.0, at=at(1)).session is not None


def test_a_transaction_from_before_a_restart_makes_the_same_session_whatever_was_seen_first() -> None:
    metered = plugged(minutes=59).measured(Sample(at=at(59), register_kwh=105.0))
    for outlet in (EMPTY, metered):
        resumed = outlet.resumed(transaction(7)).measured(Sample(at=at(60), register_kwh=106.0))
        assert (resumed.session_id, resumed.plugged_in_at) == ("a#7", T0)
        assert charged_kwh(resumed) == pytest.approx(6.0)


def test_the_end_of_another_transaction_changes_nothing() -> None:
    outlet = plugged().begun(transaction(2))
    assert outlet.ended(1, meter_stop_kwh=1.0, at=at(1)) is outlet


def test_energy_is_what_the_register_counted_over_all_transactions_of_the_session() -> None:
    outlet = plugged().begun(transaction(1)).measured(Sample(at=at(60), register_kwh=107.0))
    assert charged_kwh(outlet) == pytest.approx(7.0)
    outlet = outlet.ended(1, meter_stop_kwh=108.0, at=at(70))
    assert charged_kwh(outlet) == pytest.approx(8.0)
    outlet = outlet.begun(transaction(2, 80, 108.0)).measured(Sample(at=at(140), register_kwh=110.0))
    assert charged_kwh(outlet) == pytest.approx(10.0)


def by(driver: str, transaction_id: int, minutes: float) -> Transaction:
    return replace(transaction(transaction_id, minutes), driver=driver)


@pytest.mark.parametrize("ended", [True, False])
def test_another_drivers_transaction_is_another_car_whatever_was_seen(ended: bool) -> None:
    alice = plugged().begun(by("alice", 1, 0)).needing(Vehicle(discharge_max_kw=11.0), Wishes(discharge_consent=True))
    between = alice.ended(1, meter_stop_kwh=101.0, at=at(30)) if ended else alice
    bob = between.begun(by("bob", 2, 40)).session
    assert bob is not None
    assert alice.session is not None
    assert bob.session_id != alice.session.session_id
    assert (bob.driver, bob.plugged_in_at, bob.wishes.discharge_consent) == ("bob", at(40), False)
    assert (bob.charged_kwh, bob.vehicle.discharge_max_kw) == (0.0, 0.0)


def test_a_driver_who_goes_on_keeps_the_session_even_where_the_stop_was_lost() -> None:
    first = plugged().begun(by("alice", 1, 0))
    for again in (first.begun(by("alice", 2, 40)), first.ended(1, meter_stop_kwh=101.0, at=at(30)).begun(by("alice", 2, 40))):
        assert again.session is not None
        assert first.session is not None
        assert again.session.session_id == first.session.session_id


def test_nobody_is_taken_for_the_driver_before_where_the_stop_was_lost() -> None:
    first = plugged().begun(by("alice", 1, 0))
    assert first.begun(by("", 2, 40)).session_id != first.session_id


def test_a_driver_who_becomes_known_is_no_heir() -> None:
    between = plugged().begun(by("alice", 1, 0)).ended(1, meter_stop_kwh=101.0, at=at(30))
    unknown = between.begun(by("", 2, 40))
    assert unknown.named("alice").session_id == between.session_id
    assert unknown.named("bob").session_id not in ("", between.session_id)


@pytest.mark.parametrize("driver", ["", "alice"])
def test_who_comes_after_a_stop_that_says_the_car_has_gone_is_another_car(driver: str) -> None:
    gone = plugged().begun(by("alice", 1, 0)).ended(1, meter_stop_kwh=101.0, at=at(30), departed=True)
    assert gone.begun(by(driver, 2, 40)).session_id == f"{gone.evse.evse_id}#2"
    assert not gone.begun(by(driver, 2, 40)).departed
    assert unplugged(gone, 35).session is None


@pytest.mark.parametrize("jump_kwh", [-50.0, 5000.0])
def test_a_register_that_jumps_counts_for_nothing_and_starts_anew(jump_kwh: float) -> None:
    outlet = plugged().begun(transaction(1)).measured(Sample(at=at(30), register_kwh=105.0))
    jump = Sample(at=at(60), register_kwh=105.0 + jump_kwh)
    assert outlet.jump_kw(jump) is not None
    outlet = outlet.measured(jump)
    assert charged_kwh(outlet) == pytest.approx(5.0)
    assert outlet.power_kw is not None
    assert outlet.power_kw.at == at(30), "a jump is no power"
    assert charged_kwh(outlet.measured(Sample(at=at(90), register_kwh=107.0 + jump_kwh))) == pytest.approx(7.0)


def test_a_register_that_falls_by_less_than_a_wh_stands_still() -> None:
    outlet = plugged().begun(transaction(1, meter_kwh=100.001))
    rounded = Sample(at=at(30), register_kwh=100.0004)
    assert outlet.jump_kw(rounded) is None
    outlet = outlet.measured(rounded)
    assert outlet.power_kw is not None
    assert outlet.power_kw.value == 0.0
    assert charged_kwh(outlet.measured(Sample(at=at(60), register_kwh=102.0))) == pytest.approx(1.999), "nothing counts twice"
    assert outlet.jump_kw(Sample(at=at(60), register_kwh=99.999)) is not None


def test_power_is_measured_else_the_slope_of_the_register_else_current_times_voltage() -> None:
    outlet = plugged().begun(transaction(1))
    everything = Sample(at=at(30), power_kw=3.0, register_kwh=102.0, estimate_kw=5.0)
    no_power = Sample(at=at(30), register_kwh=102.0, estimate_kw=5.0)
    only_current = Sample(at=at(30), estimate_kw=5.0)
    powers = [outlet.measured(sample).power_kw for sample in (everything, no_power, only_current)]
    assert [power.value for power in powers if power] == pytest.approx([3.0, 4.0, 5.0])


@given(st.permutations(range(5)))
def test_late_samples_never_overwrite_newer_ones(order: list[int]) -> None:
    outlet = plugged()
    for n in order:
        outlet = outlet.measured(Sample(at=at(n), power_kw=float(n), soc_frac=n / 10))
    assert outlet.power_kw is not None
    assert outlet.soc_frac is not None
    assert (outlet.power_kw.value, outlet.soc_frac.value) == (4.0, 0.4)


def test_a_reading_grows_stale_and_keeps_its_instant() -> None:
    outlet = plugged().begun(transaction()).measured(Sample(at=at(1), power_kw=7.0))
    fresh, old = state(outlet, 4).power_kw, state(outlet, 4.1).power_kw
    assert fresh is not None
    assert old is not None
    assert (fresh.at, fresh.quality) == (at(1), Quality.GOOD)
    assert (old.at, old.value, old.quality) == (at(1), 7.0, Quality.STALE)


def test_an_open_contactor_draws_nothing_while_the_charger_is_there_to_say_so() -> None:
    outlet = unplugged(EMPTY)
    present, absent = state(outlet, 60).power_kw, state(outlet, 60, online=False).power_kw
    assert present is not None
    assert absent is not None
    assert (present.value, present.at, present.quality) == (0.0, at(60), Quality.GOOD)
    assert absent.quality == Quality.STALE
    leaking = state(outlet.measured(Sample(at=at(59), power_kw=2.0)), 60).power_kw
    assert leaking is not None
    assert leaking.value == 2.0, "a meter is believed more than a status"
    assert state(EMPTY, 60).power_kw is None, "a charger that has told nothing is not known to be idle"


def test_power_begins_at_zero_when_the_contactor_was_open_until_now() -> None:
    waiting = plugged(EMPTY, 0)
    begun = state(waiting.begun(transaction(minutes=59)), 60).power_kw
    told = state(waiting.told(plugged=True, idle=False, fault="", at=at(59)), 60).power_kw
    for power in (begun, told):
        assert power is not None
        assert (power.value, power.at, power.quality) == (0.0, at(59), Quality.GOOD)
    assert state(EMPTY.begun(transaction()), 1).power_kw is None, "of a charger that told nothing, nothing is known"


def test_a_promise_ends_with_its_lease_and_some_with_their_transaction() -> None:
    outlet = plugged().begun(transaction()).promised(Promise(power_kw=7.0, until=at(15), over_by=at(15), for_transaction=True))
    assert (state(outlet, 14).acknowledged_kw, state(outlet, 14).lease_until) == (7.0, at(15))
    assert (state(outlet, 15).acknowledged_kw, state(outlet, 15).lease_until) == (None, None)
    assert state(outlet.ended(1, meter_stop_kwh=100.0, at=at(5)), 6).acknowledged_kw is None
    default = outlet.promised(Promise(power_kw=7.0, until=at(15), over_by=at(15)))
    assert state(default.ended(1, meter_stop_kwh=100.0, at=at(5)), 6).acknowledged_kw == 7.0


def test_between_the_first_and_the_last_instant_of_a_lease_nothing_is_known() -> None:
    outlet = plugged().begun(transaction()).grounded(at(0)).promised(Promise(power_kw=7.0, until=at(15), over_by=at(17)))
    for minutes, expected in {14: (7.0, at(15)), 15: (None, None), 16: (None, None), 17: (None, at(17))}.items():
        assert (state(outlet, minutes).acknowledged_kw, state(outlet, minutes).lease_until) == expected
    longer = outlet.prolonged(at(20), at(21))
    assert (state(longer, 19).acknowledged_kw, state(longer, 20).lease_until, state(longer, 21).lease_until) == (7.0, None, at(21))
