import numpy as np

from adapters.farm.leases import Leases
from tests.adapters.farm.stations import outlet, station
from v2g.site import Battery

BATTERY = Battery(battery_id="B", circuit_id="main", capacity_kwh=10.0, charge_max_kw=5.0, discharge_max_kw=5.0)


def test_a_setpoint_holds_until_its_lease_ends_then_the_fallback() -> None:
    leases = Leases(station(outlet(fallback_kw=1.5), batteries=(BATTERY,)))
    leases.grant(0, -7.0, 100.0)
    leases.grant(1, 4.0, 50.0)
    assert leases.ceilings_kw(49.9).tolist() == [-7.0, 4.0]
    assert leases.ceilings_kw(50.0).tolist() == [-7.0, 0.0]
    assert leases.ceilings_kw(100.0).tolist() == [1.5, 0.0]
    assert [leases.next_change_s(t) for t in (0.0, 50.0, 100.0)] == [50.0, 100.0, np.inf]


def test_a_revoked_setpoint_is_gone_at_once() -> None:
    leases = Leases(station())
    leases.grant(0, 9.0, 100.0)
    assert leases.granted(0, 0.0) == (9.0, 100.0)
    leases.revoke(0)
    assert leases.granted(0, 0.0) is None
    assert leases.ceilings_kw(0.0).tolist() == [0.0]
