import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasts.series.frame import Frame
from forecasts.series.lags import rolling_means, same_type_means, smooth, trailing, weeks_mean
from forecasts.series.series import Series
from tests.forecasts.series.synthetic import BERLIN, MIDNIGHT_S
from v2g.timegrid import Array


def holed(seed: int, n: int) -> Array:
    generator = np.random.default_rng(seed)
    return np.where(generator.random(n) < 0.2, np.nan, generator.normal(size=n))


def mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


@given(seed=st.integers(0, 1000), reach=st.integers(1, 4), n=st.integers(1, 5))
def test_means_of_a_type_are_of_earlier_days_of_it(seed: int, reach: int, n: int) -> None:
    series = Series(start_s=MIDNIGHT_S, slot_s=3600, values=holed(seed, 24 * 17))
    frame = Frame.of(series, BERLIN, len(series.values))
    days = frame.by_day(series.values)
    told = same_type_means(days, frame, n, reach)
    types = frame.types[1:-1]
    for slot in range(0, len(told), 7):
        day, place = frame.days[slot], frame.places[slot]
        rows = [row for row in range(day - reach + 1) if types[row] == types[day]][-n:]
        np.testing.assert_allclose(told[slot], mean(days[rows, place]))


@given(seed=st.integers(0, 1000), width=st.integers(1, 9))
def test_running_means_leave_gaps_out(seed: int, width: int) -> None:
    values = holed(seed, 40)
    about, before = smooth(values, width), trailing(values, width)
    for i in range(len(values)):
        np.testing.assert_allclose(about[i], mean(values[max(i - width, 0) : i + width + 1]))
    for i in range(len(values) + 1):
        part = values[max(i - width, 0) : i]
        enough = np.isfinite(part).sum() >= 0.5 * width
        np.testing.assert_allclose(before[i], mean(part) if enough else np.nan)


@given(seed=st.integers(0, 1000), n=st.integers(1, 5))
def test_rolling_means_are_of_rows_before(seed: int, n: int) -> None:
    rows = holed(seed, 30).reshape(10, 3)
    told = rolling_means(rows, n)
    for i in range(11):
        np.testing.assert_allclose(told[i], [mean(rows[max(i - n, 0) : i, j]) for j in range(3)])


def test_weeks_are_those_within_reach() -> None:
    series = Series(start_s=MIDNIGHT_S, slot_s=3600, values=np.repeat(np.arange(5.0), 7 * 24))
    frame = Frame.of(series, BERLIN, len(series.values))
    np.testing.assert_allclose(weeks_mean(series.values, frame, 2, 1)[-1], 2.5)
    np.testing.assert_allclose(weeks_mean(series.values, frame, 2, 8)[-1], 1.5)
