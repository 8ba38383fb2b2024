"""Quantiles of like days against those taken slot by slot."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasts.series.climate import N_DAYS, like_days
from forecasts.series.frame import Frame
from tests.forecasts.series.synthetic import BERLIN, loads
from v2g.outlook import LEVELS
from v2g.timegrid import Array


def slot_by_slot(values: Array, frame: Frame, slot: int) -> Array:
    days, types = frame.by_day(values), frame.types[1:-1]
    day = frame.days[slot]
    like = [d for d in range(day) if types[d] == types[day]][-N_DAYS:]
    past = days[like, frame.places[slot]]
    past = past[np.isfinite(past)]
    return np.quantile(past, LEVELS) if len(past) else np.full(len(LEVELS), np.nan)


@given(seed=st.integers(0, 200), n_days=st.integers(0, 40))
def test_they_are_those_of_the_last_days_of_the_type(seed: int, n_days: int) -> None:
    whole = loads(n_days + 2, seed=seed)
    n = n_days * 24 + seed % 24
    gaps = np.random.default_rng(seed).random(n) < 0.3
    values = np.where(gaps, np.nan, whole.values[:n])
    frame = Frame.of(whole, BERLIN, len(whole.values))
    told = like_days(values, frame)
    for slot in range(0, len(whole.values), 13):
        np.testing.assert_allclose(told[:, slot], slot_by_slot(values, frame, slot))


def test_a_day_tells_nothing_of_itself() -> None:
    series = loads(30)
    frame = Frame.of(series, BERLIN, len(series.values))
    changed = replace(series, values=np.where(frame.days == 20, 1e6, series.values))
    told, otherwise = like_days(series.values, frame), like_days(changed.values, frame)
    np.testing.assert_array_equal(told[:, frame.days <= 20], otherwise[:, frame.days <= 20])
