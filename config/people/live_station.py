"""The running station as people see it: fills the port `Station` over the control loop, the gateway and the database."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from adapters.store.store import Store
from config.people.previews import Previews, Situation
from config.station.control import Control
from config.station.gateway import SiteGateway
from config.station.keeping import Keeping
from config.station.lifeline import Lifeline
from forecasts.visits import VisitWatch
from v2g.alarm import Alarm, AlarmCode
from v2g.errors import SignalError
from v2g.limits import capacities_kw
from v2g.observation import Observation
from v2g.ports import Clock
from v2g.record import LookRecord, Memory, TickRecord
from v2g.response import Response
from v2g.session import Wishes
from v2g.setpoint import DispatchReport
from v2g.signal_bounds import check_contract, value_bounds
from v2g.signals import Signal, SignalKind, Signals, value_at
from v2g.site import Site
from v2g.standing import ForecastScore, Standing
from v2g.station import Health, HistoryPoint, Part, assets_kw

HISTORY_H = 48.0
POINT_EVERY = timedelta(minutes=1)


class LiveStation:
    """Fills `v2g.ports.Station`; `attend` gives it the control loop to show."""

    def __init__(
        self,
        site: Site,
        clock: Clock,
        gateway: SiteGateway,
        store: Store,
        keeping: Keeping,
        *,
        signals: Signals,
        history: Iterable[HistoryPoint],
    ) -> None:
        self._site, self._clock, self._gateway, self._store, self.keeping = site, clock, gateway, store, keeping
        self._signals, self._lifeline = {s.signal_id: s for s in signals}, Lifeline(site.failsafe, clock.now())
        self._history = deque(history)
        self._control: Control | None = None
        self._previews: Previews | None = None
        self._watch: tuple[Callable[[], Part], ...] = ()
        self._standings: Callable[[], tuple[Standing, ...]] = tuple
        self._visits = VisitWatch()
        self._scores: dict[str, ForecastScore] = {}
        self.n_over_limit = 0

    def attend(
        self,
        control: Control,
        watch: tuple[Callable[[], Part], ...],
        previews: Previews,
        standings: Callable[[], tuple[Standing, ...]] = tuple,
    ) -> None:
        """Show this control loop, ask `watch` how the parts are, `previews` what signals change, `standings` how forecasts do."""
        self._control, self._watch, self._previews, self._standings = control, watch, previews, standings

    @property
    def site(self) -> Site:
        """The station as its site file describes it."""
        return self._site

    def now(self) -> datetime:
        """Return the station's present instant."""
        return self._clock.now()

    def observation(self) -> Observation:
        """Return what is known at this moment."""
        return self._gateway.glance(self._clock.now())

    def latest(self) -> TickRecord | None:
        """Return the last tick, None before the first."""
        return self._control.latest if self._control else None

    def signals(self) -> Signals:
        """Return all signals that have not ended, and the failsafe's while their source is silent."""
        now = self._clock.now()
        return (*(s for s in self._signals.values() if s.ends_at > now), *self._lifeline.signals(now))

    async def post_signal(self, signal: Signal, *, by: str = "") -> None:
        """Keep a signal and plan again at once. Raises `SignalError`, or `UnavailableError` if it could not be kept."""
        check_signal(signal, self._site, self._clock.now())
        await self._store.save_signal(signal, by=by)
        self._signals[signal.signal_id] = signal
        self._hurry()

    async def withdraw_signal(self, signal_id: str, *, by: str = "") -> bool:
        """Take a signal back and plan again; False if there is none."""
        if signal_id not in self._signals:
            return False
        await self._store.withdraw_signal(signal_id, by=by)
        self._signals.pop(signal_id, None)  # somebody else may have been as fast
        self._hurry()
        return True

    def hear(self) -> None:
        """Note that the source of limits lives."""
        self._lifeline.hear(self._clock.now())

    async def set_wishes(self, evse_id: str, wishes: Wishes, *, by: str = "") -> None:
        """Take the wishes of the driver at `evse_id` and plan again. Raises `WishError` if nobody is plugged in there."""
        session_id = self._gateway.wish(evse_id, wishes, self._clock.now())
        await self._store.save_wishes(session_id=session_id, evse_id=evse_id, wishes=wishes, by=by)
        if self._control:
            self._control.wake()

    def situation(self) -> Situation | None:
        """Return the station at its last tick, None before the first."""
        record = self.latest()
        return Situation(record=record, memory=self._control.memory, signals=self.signals()) if record and self._control else None

    async def signal_effect(self) -> Response | None:
        """Return what the signals of the last tick change, None where there are none. Raises `PlanningError`."""
        return await self._previews.effect() if self._previews and self.latest() else None

    def health(self) -> Health:
        """Return how the daemon is; never raises."""
        now, control, latest = self._clock.now(), self._control, self.latest()
        parts = (*(look() for look in self._watch), *self._lifeline.parts(now))
        alive = control is not None and control.alive(now)
        return Health(
            alive=alive,
            ready=alive and latest is not None and not (control and control.trouble),
            at=now,
            last_tick_at=latest.at if latest else None,
            parts=parts,
            alarms=(*self._own_alarms(), *(latest.alarms if latest else ())),
            forecasts=self._standings(),
        )

    def _own_alarms(self) -> tuple[Alarm, ...]:
        trouble = self._control.trouble if self._control else ""
        failed = (Alarm(code=AlarmCode.TICK_FAILED, detail=trouble),) if trouble else ()
        detail = f"{self.keeping.lost}: {self.keeping.trouble}"
        return (*failed, *((Alarm(code=AlarmCode.RECORDS_LOST, detail=detail),) if self.keeping.trouble else ()))

    def history(self, hours_h: float) -> tuple[HistoryPoint, ...]:
        """Return the last `hours_h` hours, oldest first."""
        since = self._clock.now() - timedelta(hours=hours_h)
        return tuple(point for point in self._history if point.at >= since)

    def ticked(self, record: TickRecord, memory: Memory) -> None:
        """Keep a tick, what the next one needs, and the visits that have ended since the last."""
        self.keeping.keep(record)
        self.keeping.keep(memory)
        for visit in self._visits.ended(record.observation):
            self.keeping.keep(visit)

    def scored(self, score: ForecastScore) -> None:
        """Keep how a forecast did."""
        self._scores[score.signal] = score
        self.keeping.keep(score)

    def scores(self) -> tuple[ForecastScore, ...]:
        """Return how the last forecast of each signal did."""
        return tuple(self._scores.values())

    def looked(self, observation: Observation, report: DispatchReport) -> None:
        """Keep what a look sent; add what it saw to the history, once a minute; plan at once where the failsafe begins or ends."""
        if self._lifeline.turned(observation.at):
            self._hurry()
        if report.outcomes or report.withheld:
            tick = self._control.memory.tick if self._control else 0
            self.keeping.keep(LookRecord(tick=tick, at=observation.at, report=report))
        imports, _ = capacities_kw(self._site, self.signals(), observation.at)
        self.n_over_limit += observation.site_power_kw is not None and observation.site_power_kw.value > float(imports[0])
        if self._history and observation.at - self._history[-1].at < POINT_EVERY:
            return
        point = self._point(observation)
        self._history.append(point)
        while self._history and self._history[0].at < observation.at - timedelta(hours=HISTORY_H):
            self._history.popleft()
        self.keeping.keep(point)

    def _point(self, observation: Observation) -> HistoryPoint:
        powers = [s.power_kw.value for s in observation.evses if s.power_kw and s.online]
        imports, _ = capacities_kw(self._site, self.signals(), observation.at)
        record = self.latest()
        price = value_at(self.signals(), SignalKind.PRICE, observation.at)
        planned = float(record.plan.import_price_per_kwh[0]) if record else self._site.tariff.base_price_per_kwh
        return HistoryPoint(
            at=observation.at,
            import_kw=observation.site_power_kw.value if observation.site_power_kw else 0.0,
            load_kw=observation.load_kw.value if observation.load_kw else None,
            pv_kw=observation.pv_kw.value if observation.pv_kw else 0.0,
            charge_kw=sum(p for p in powers if p > 0),
            discharge_kw=-sum(p for p in powers if p < 0),
            import_limit_kw=float(imports[0]),
            price_per_kwh=planned if price is None else price,
            asset_kw=assets_kw(observation),
        )

    def _hurry(self) -> None:
        if self._control:
            self._control.hurry()


def check_signal(signal: Signal, site: Site, now: datetime) -> None:
    """Raise `SignalError` if a signal is empty, over, out of order or out of bounds."""
    if not signal.intervals:
        raise SignalError("it has no intervals", place=signal.signal_id, mend="give at least one")
    if signal.intervals[-1].end <= now:
        raise SignalError("it is over", place=f"{signal.signal_id}.intervals", mend=f"end after {now:%Y-%m-%dT%H:%M:%SZ}")
    check_contract(signal.kind, signal.contract, site)
    low, high = value_bounds(signal.kind, site)
    for i, interval in enumerate(signal.intervals):
        place = f"{signal.signal_id}.intervals[{i}]"
        if interval.end <= interval.start:
            raise SignalError("it ends before it starts", place=place, mend="start < end")
        if i and interval.start < signal.intervals[i - 1].end:
            raise SignalError("it overlaps the one before", place=place, mend="order them in time")
        if not low <= interval.value <= high:
            raise SignalError(f"{interval.value:g} is out of bounds", place=place, mend=f"{low:g} to {high:g}")
