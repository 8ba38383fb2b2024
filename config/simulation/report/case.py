"""One simulation of a report, with the name it goes by."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from adapters.farm.outcome import QUARTER
from config.simulation.simulation import Simulation

COLOURS = {
    "building": "#8a8f98",
    "charging": "#0072b2",
    "discharging": "#e69f00",
    "pv": "#d9b600",
    "limit": "#c0392b",
    "price": "#6a3d9a",
    "uncontrolled": "#8a8f98",
    "unmet": "#c0392b",
}
LINES = ("#1d2129", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""Of cases side by side, in their order."""
HEIGHT, TEMPLATE = 420, "plotly_white"
REFERENCE = "no control"
"""What the same cars are called that charge at once, beside each case."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A simulation and its name, unique within a report."""

    label: str
    simulation: Simulation

    def local_quarters(self) -> list[datetime]:
        """Return the quarter-hours' beginnings in the site's time."""
        outcome = self.simulation.outcome
        zone = ZoneInfo(self.simulation.scenario.site.time_zone)
        return [(outcome.first_quarter + i * QUARTER).astimezone(zone) for i in range(len(outcome.import_kw))]
