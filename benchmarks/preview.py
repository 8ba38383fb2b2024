"""How long it takes to say what a station would do: a car at each of its outlets, quarter-hours, two planners besides.

The station is the demo's, grown: two of three outlets AC, PV, a building, two feeders. Cars lack and give what a seed says; as many
come in a day as there are outlets, so that arrivals are expected too. Processor time is told besides: machines have other work.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from config.demo.fleet import grown
from config.people.previews import Previews, Situation
from config.people.readiness import asked_planner
from config.site.load import load_site
from config.station.logs import configure_logs
from forecasts.forecaster import SeasonalForecaster
from optimizer.choice import ChoosingPlanner
from optimizer.ladder import Ladder
from optimizer.process import ProcessPlanner
from tests.support.builders import a_session, an_observation
from tests.support.fake_gateway import FakeGateway
from v2g.observation import Observation
from v2g.previewing import PriceQuestion, SurfaceQuestion, price_signal
from v2g.record import Memory
from v2g.session import EndedVisit, Vehicle
from v2g.signals import Interval
from v2g.site import Site
from v2g.tick import Parts, tick

NOW = datetime(2026, 6, 17, 2, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRICES = (0.2, 0.5, 1.0, 2.0, 4.0)
DAYS = 28
LAG_S = 0.01
MOST_PER_KWH = 5.0


def a_station(n: int, n_steps: int) -> Site:
    """Return the demo's station with `n` outlets, planned for `n_steps` quarter-hours."""
    with as_file(files("config") / "sites" / "demo.yaml") as packaged:
        site = grown(load_site(packaged), n).site
    return replace(site, horizon=replace(site.horizon, n_fine=n_steps, n_coarse=0))


def cars_at(site: Site, r: np.random.Generator) -> Observation:
    """Return a car at each outlet; half of those that can consent to give back."""
    sessions = {}
    for evse in site.evses:
        session = a_session(
            evse.evse_id,
            soc_frac=float(r.uniform(0.15, 0.7)),
            consent=bool(r.random() < 0.5),
            departure=NOW + float(r.uniform(5.0, 20.0)) * HOUR,
        )
        vehicle = Vehicle(capacity_kwh=60.0, charge_max_kw=evse.charge_max_kw, discharge_max_kw=evse.discharge_max_kw)
        sessions[evse.evse_id] = replace(session, vehicle=vehicle, plugged_in_at=NOW - HOUR, soc_at=NOW)
    return an_observation(site, at=NOW, load_kw=2.0 * len(site.evses), **sessions)


def visits(n: int, r: np.random.Generator) -> tuple[EndedVisit, ...]:
    """Return four weeks of `n` visits a day."""
    begun = [NOW - timedelta(days=DAYS - day) + float(r.uniform(-6.0, 10.0)) * HOUR for day in range(DAYS - 1) for _ in range(n)]
    return tuple(
        EndedVisit(
            driver="",
            plugged_in_at=at,
            left_at=at + float(r.uniform(3.0, 9.0)) * HOUR,
            stated=None,
            energy_kwh=20.0,
            requested_kwh=None,
        )
        for at in sorted(begun)
    )


async def situation_of(site: Site, forecaster: SeasonalForecaster, observation: Observation) -> Situation:
    """Return the station after a tick."""
    parts = Parts(site=site, gateway=FakeGateway(observation), forecaster=forecaster, planner=Ladder(ChoosingPlanner(site.planner)))
    record, memory = await tick(parts, Memory(), (), NOW)
    return Situation(record=record, memory=memory, signals=())


async def lag_s(stop: asyncio.Event) -> float:
    """Return by how much the event loop was late at most [s]."""
    worst = 0.0
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(LAG_S)
        worst = max(worst, time.perf_counter() - began - LAG_S)
    return worst


class Watch:
    """Takes laps: wall time, and processor time of this process and of the planners' [s]."""

    def __init__(self, *planners: ProcessPlanner) -> None:
        self._planners = planners
        self._last = self._now()

    def lap(self) -> tuple[float, float]:
        """Return wall and processor time since the last lap."""
        before, self._last = self._last, self._now()
        return self._last[0] - before[0], self._last[1] - before[1]

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), time.process_time() + sum(_cpu_s(planner.pid) for planner in self._planners)


def _cpu_s(pid: int | None) -> float:
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(n: int, n_steps: int, repeats: int) -> dict[str, object]:
    """Return the figures of one station."""
    r = np.random.default_rng(0)
    site = a_station(n, n_steps)
    forecaster = SeasonalForecaster(site, session_history=visits(n, r))
    situation = await situation_of(site, forecaster, cars_at(site, r))
    start = (NOW + HOUR).replace(minute=0)
    async with asked_planner(site.planner) as planner, asked_planner(site.planner) as hourly:
        previews = Previews(site, forecaster, planner, lambda: situation, hourly=hourly)
        await previews.prepare()  # as the daemon does after each tick
        stop, watch = asyncio.Event(), Watch(planner, hourly)
        lag = asyncio.ensure_future(lag_s(stop))
        each = []
        for i in range(repeats + 1):
            window = Interval(start=start + (i % 6) * HOUR, end=start + (i % 6 + 2) * HOUR, value=(3.0, 0.1)[i % 2])
            await previews.preview((price_signal((window,), NOW),))
            each.append(watch.lap())
        dearest = Interval(start=start + 3 * HOUR, end=start + 5 * HOUR, value=MOST_PER_KWH)
        seen = await previews.preview((price_signal((dearest,), NOW),))
        half_kw = (seen.window_peak_before_kw + seen.window_peak_after_kw) / 2
        watch.lap()
        question = PriceQuestion(start=dearest.start, end=dearest.end, target_kw=half_kw, most_per_kwh=MOST_PER_KWH)
        found = await previews.find_price(question)
        find_s, find_cpu_s = watch.lap()
        hours = tuple(Interval(start=start + i * HOUR, end=start + (i + 1) * HOUR, value=0.0) for i in range(24))
        hours = tuple(hour for hour in hours if hour.start < situation.record.outlook.grid.end)
        await previews.surface(SurfaceQuestion(hours=hours, prices=PRICES), lambda _share: None)
        surface_s, surface_cpu_s = watch.lap()
        stop.set()
        lag_most_s = await lag
    wall_s, cpu_s = zip(*each[1:], strict=True)
    return {
        "cars": n,
        "steps": n_steps,
        "units": situation.record.problem.shape[0],
        "preview_first_s": each[0][0],
        "preview_median_s": median(wall_s),
        "preview_worst_s": max(wall_s),
        "preview_median_cpu_s": median(cpu_s),
        "find_price_s": find_s,
        "find_price_cpu_s": find_cpu_s,
        "find_price": found.price_per_kwh,
        "prices_tried": len(found.tried),
        "surface_hours": len(hours),
        "surface_s": surface_s,
        "surface_cpu_s": surface_cpu_s,
        "loop_lag_most_s": lag_most_s,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cars", type=int, default=100)
    parser.add_argument("--steps", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    configure_logs(verbose=False, quiet=True)
    figures = asyncio.run(measure(options.cars, options.steps, options.repeats))
    print(json.dumps({name: round(v, 3) if isinstance(v, float) else v for name, v in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
