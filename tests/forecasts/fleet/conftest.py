"""A model is learned once for all tests."""

import pytest

from forecasts.fleet.stays import StayModel, fit_stays
from forecasts.fleet.visits import Visits
from tests.forecasts.fleet.drivers import workplace


@pytest.fixture(scope="session")
def visits() -> Visits:
    return workplace(7, days=140)


@pytest.fixture(scope="session")
def split_h(visits: Visits) -> float:
    return float(visits.begin_h[int(0.6 * len(visits))])


@pytest.fixture(scope="session")
def model(visits: Visits, split_h: float) -> StayModel:
    past = visits.by_end()
    fitted = fit_stays(past.take(past.left_h <= split_h))
    assert fitted is not None
    return fitted
