"""A forecaster that learns anew each local day where it stands: for simulations, whose clock waits for it."""

from collections.abc import Callable

import numpy as np

from forecasts.forecaster import SeasonalForecaster
from forecasts.localtime import DAY_S, local_s, seconds
from forecasts.training import Lessons, Models, train
from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.signals import Signals
from v2g.timegrid import TimeGrid


class TrainedDaily:
    """Fills `v2g.ports.Forecaster` by another, whose models it trains at the first observation of each local day."""

    def __init__(self, forecaster: SeasonalForecaster, time_zone: str, teach: Callable[[Lessons], Models] = train) -> None:
        self._forecaster, self._time_zone, self._teach = forecaster, time_zone, teach
        self._day: int | None = None

    def learn(self, observation: Observation) -> None:
        """Take one observation into the history, after learning from the days before it."""
        day = int(local_s(np.array([seconds(observation.at)]), self._time_zone)[0]) // DAY_S
        if day != self._day:
            self._day = day
            self._forecaster.adopt(self._teach(self._forecaster.lessons(observation.at)))
        self._forecaster.learn(observation)

    def forecast(self, observation: Observation, signals: Signals, grid: TimeGrid) -> Outlook:
        """Return the outlook on `grid`; uses nothing later than ``observation.at``."""
        return self._forecaster.forecast(observation, signals, grid)
