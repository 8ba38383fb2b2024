import numpy as np
import pytest

from forecasts.series.series import Series, column
from v2g.errors import InputError

KNOWN = np.arange(8.0)[None, :]


def test_what_is_before_an_origin_keeps_what_is_known_ahead() -> None:
    before = Series(start_s=0, slot_s=900, values=np.arange(5.0), known=KNOWN).before(3)
    np.testing.assert_array_equal(before.values, [0, 1, 2])
    np.testing.assert_array_equal(column(before, 0, 10), [0, 1, 2, 3, 4, 5, 6, 7, np.nan, np.nan])


def test_the_latest_slots_start_later() -> None:
    latest = Series(start_s=0, slot_s=900, values=np.arange(5.0), known=KNOWN).latest(2)
    assert latest.start_s == 2700
    np.testing.assert_array_equal(latest.values, [3, 4])
    np.testing.assert_array_equal(column(latest, 0, 3), [3, 4, 5])
    assert latest.latest(100).start_s == 2700


@pytest.mark.parametrize(("start_s", "slot_s"), [(0, 700), (450, 900)])
def test_slots_divide_the_day_and_begin_on_one(start_s: int, slot_s: int) -> None:
    with pytest.raises(InputError, match="slot"):
        Series(start_s=start_s, slot_s=slot_s, values=np.zeros(3))
