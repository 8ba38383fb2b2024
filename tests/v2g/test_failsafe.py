from datetime import timedelta

import pytest

from tests.support.builders import NOW, a_site
from v2g.failsafe import Failsafe, failsafe_signals
from v2g.limits import capacities_kw
from v2g.signals import SignalKind

FAILSAFE = Failsafe(import_kw=20.0, heartbeat_s=120.0, duration_s=3600.0)


@pytest.mark.parametrize(("silent_s", "holds"), [(0, False), (119.9, False), (120, True), (3719.9, True), (3720, False)])
def test_it_holds_from_a_missed_beat_on_for_its_duration(silent_s: float, holds: bool) -> None:
    signals = failsafe_signals(FAILSAFE, NOW, NOW + timedelta(seconds=silent_s))
    imports, exports = capacities_kw(a_site(), signals, NOW + timedelta(seconds=silent_s))
    assert (imports[0], exports[0]) == (20.0 if holds else 50.0, 20.0)
    assert [s.kind for s in signals] == [SignalKind.IMPORT_CAPACITY_LIMIT] * holds


def test_it_may_limit_both_directions() -> None:
    signals = failsafe_signals(Failsafe(import_kw=20.0, export_kw=0.0), NOW, NOW + timedelta(hours=1))
    assert [float(kw[0]) for kw in capacities_kw(a_site(), signals, NOW + timedelta(hours=1))] == [20.0, 0.0]
