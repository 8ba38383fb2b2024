import io
import json
from dataclasses import fields

import numpy as np
import pytest

from forecasts.fleet.stays import fit_stays
from forecasts.history import History
from forecasts.kept import SCHEMA, pack, unpack
from forecasts.localtime import Calendar
from forecasts.series.model import FittedSeries, SeriesModel
from forecasts.series.series import Series
from forecasts.training import Lessons, Models
from tests.forecasts.fleet.drivers import workplace
from tests.forecasts.series.synthetic import BERLIN, loads
from v2g.errors import InputError

SERIES = loads(35)


@pytest.fixture(scope="module")
def models() -> Models:
    fitted = SeriesModel(BERLIN).fit(SERIES)
    assert isinstance(fitted, FittedSeries)
    assert fitted.learned is not None
    stays = fit_stays(workplace(0, days=30).by_end())
    assert stays is not None
    return Models(load=fitted, stays=stays)


def test_kept_models_tell_the_same(models: Models) -> None:
    packed = pack(models)
    kept = unpack(Models, packed)
    assert models.load is not None
    assert kept.load is not None
    np.testing.assert_array_equal(kept.load.quantiles(SERIES, 48), models.load.quantiles(SERIES, 48))
    assert models.stays is not None
    assert kept.stays is not None
    past = workplace(0, days=30).by_end()
    cars = workplace(1, days=3)
    for name in ("stay_cdf", "energy_cdf"):
        np.testing.assert_array_equal(
            getattr(kept.stays.forecast(cars, past), name), getattr(models.stays.forecast(cars, past), name)
        )
    assert kept.pv is None
    assert len(packed) < 2e6


def test_lessons_keep_gaps_and_get_their_holidays_where_they_arrive() -> None:
    values = SERIES.values.copy()
    values[5:9] = np.nan
    series = Series(start_s=SERIES.start_s, slot_s=3600, values=values, known=np.ones((1, 900)))
    calendar = Calendar(time_zone="Europe/Berlin", holidays={1: "not kept"}, typed=False)  # type: ignore[arg-type]
    lessons = Lessons(calendar=calendar, load=series, pv=None, visits=workplace(0, days=10))
    kept = unpack(Lessons, pack(lessons), frozenset())
    assert kept.calendar == Calendar(time_zone="Europe/Berlin", typed=False)
    np.testing.assert_array_equal(kept.load.values, values)
    for field in fields(lessons.visits):
        np.testing.assert_array_equal(getattr(kept.visits, field.name), getattr(lessons.visits, field.name))


def test_damage_is_told_and_nothing_of_it_used(models: Models) -> None:
    packed = pack(models)
    for spoilt in (b"", b"\x80\x04.", packed[:-200], packed[: len(packed) // 2], b"PK\x03\x04" + packed[40:]):
        with pytest.raises(InputError, match="no models of this release"):
            unpack(Models, spoilt)
    with pytest.raises(InputError, match="this is a Series, no Models"):
        unpack(Models, pack(SERIES))


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"schema": SCHEMA + 1, "value": None}, "models of schema"),
        ({"schema": SCHEMA, "value": {"kind": "Popen", "args": "ls"}}, "no models of this release"),
        ({"schema": SCHEMA, "value": {"kind": "Models", "unheard": 1}}, "no models of this release"),
        ({"schema": SCHEMA, "value": {"array": "a7"}}, "no models of this release"),
    ],
)
def test_other_releases_models_are_not_used(tree: object, said: str) -> None:
    stream = io.BytesIO()
    np.savez(stream, tree=np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8))
    with pytest.raises(InputError, match=said):
        unpack(Models, stream.getvalue())


def test_only_what_is_known_is_kept() -> None:
    with pytest.raises(TypeError, match="a History cannot be kept"):
        pack(History())
