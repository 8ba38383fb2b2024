"""The station's figures for Prometheus, read off its parts when asked."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.ocpp.central import CentralSystem
from adapters.store.store import Store
from adapters.traffic import TRAFFIC
from config.people.live_station import LiveStation
from config.station.control import Control
from v2g.observation import EvseState
from v2g.station import Condition


class StationMetrics(Collector):
    """Figures of a running station; `page` is what /metrics answers."""

    def __init__(self, station: LiveStation, control: Control, store: Store, central: CentralSystem | None) -> None:
        self._station, self._control, self._store, self._central = station, control, store, central
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def page(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry) + generate_latest(TRAFFIC)

    def describe(self) -> list[Metric]:
        """Return nothing: figures are read when asked, not when registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return every figure."""
        yield from self._ticks()
        yield from self._outlets()
        yield from self._records()
        skill = GaugeMetricFamily("v2g_forecast_skill", "1 − loss / baseline's loss, of the last forecast due", labels=["signal"])
        for score in self._station.scores():
            if score.baseline_loss > 0:
                skill.add_metric([score.signal], 1.0 - score.loss / score.baseline_loss)
        yield skill

    def _ticks(self) -> Iterator[Metric]:
        control, health = self._control, self._station.health()
        yield _gauge("v2g_alive", "1 while ticks come in time", health.alive)
        yield _gauge("v2g_ready", "1 while ticks come in time and succeed", health.ready)
        yield _gauge("v2g_tick_late_seconds", "How late the last scheduled tick began", control.late_s)
        yield _counter("v2g_ticks", "Ticks by rung of the ladder", "rung", Counter({r.value: n for r, n in control.rungs.items()}))
        yield _counter("v2g_setpoints", "Setpoints by outcome", "outcome", control.outcomes)
        over = self._station.n_over_limit
        yield CounterMetricFamily("v2g_import_violations", "Looks that measured more import than allowed", over)
        if control.latest:
            plan, age = control.latest.plan, health.at - control.latest.at
            yield _gauge("v2g_tick_age_seconds", "Since the last tick", age.total_seconds())
            yield _gauge("v2g_solve_seconds", "What the last plan took", plan.solve_s)
            if plan.gap_frac is not None:
                yield _gauge("v2g_plan_gap_ratio", "How far the last plan may be from the best", plan.gap_frac)
        alarms = Counter(alarm.code.value for alarm in health.alarms)
        yield _gauges("v2g_alarms", "Alarms now, by code", "code", alarms)
        conditions = Counter({part.name: list(Condition).index(part.condition) for part in health.parts})
        yield _gauges("v2g_part_condition", "0 ok, 1 degraded, 2 down", "part", conditions)

    def _outlets(self) -> Iterator[Metric]:
        observation = self._station.observation()
        leases = Counter({"leased": 0, "fallback": 0, "offline": 0})
        leases.update(lease_state(state, observation.at) for state in observation.evses)
        yield _gauges("v2g_outlets", "Outlets by what they follow", "lease", leases)
        rejected = sum(self._central.rejected_frames.values()) if self._central else 0
        yield CounterMetricFamily("v2g_rejected_frames", "Frames of chargers that could not be used", rejected)

    def _records(self) -> Iterator[Metric]:
        trouble, lost = self._store.health.condition is Condition.DOWN, self._station.keeping.lost + self._store.lost
        yield _gauge("v2g_database_trouble", "1 from a write that failed until the next that succeeds", trouble)
        yield _gauge("v2g_records_spilled", "Writes that wait beside the database", self._store.n_spilled)
        yield CounterMetricFamily("v2g_records_lost", "Writes that neither the database nor the spill took", lost)


def lease_state(state: EvseState, now: datetime) -> str:
    """Return what an outlet follows: "leased" a setpoint, "fallback" none, "offline" where it cannot be told."""
    if not state.online:
        return "offline"
    leased = state.acknowledged_kw is not None and (state.lease_until is None or state.lease_until > now)
    return "leased" if leased else "fallback"


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=float(value))


def _gauges(name: str, said: str, label: str, values: Counter[str]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _counter(name: str, said: str, label: str, values: Counter[str]) -> Metric:
    family = CounterMetricFamily(name, said, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
