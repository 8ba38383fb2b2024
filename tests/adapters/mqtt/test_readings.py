import pytest

from adapters.mqtt.readings import STALE_AFTER_S, reading
from tests.adapters.mqtt.support import NOW, later
from v2g.observation import Quality


@pytest.mark.parametrize(
    ("age_s", "quality"),
    [
        (0.0, Quality.GOOD),
        (STALE_AFTER_S, Quality.GOOD),
        (STALE_AFTER_S + 0.1, Quality.STALE),
        (-STALE_AFTER_S, Quality.GOOD),
        (-STALE_AFTER_S - 0.1, Quality.SUSPECT),
    ],
)
def test_a_reading_is_judged_by_when_it_was_measured(age_s: float, quality: Quality) -> None:
    it = reading(3.5, NOW, later(age_s))
    assert (it.value, it.at, it.quality) == (3.5, NOW, quality)
