"""A station that runs itself from a made-up world on a clock: a real class behind the port `Station`."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from tests.support.fake_world import STEP_S, World
from tests.support.responses import a_response
from v2g.alarm import Alarm
from v2g.errors import WishError
from v2g.limits import capacities_kw
from v2g.observation import AssetState, BatteryState, EvseState, Observation, Reading
from v2g.outlook import LEVELS, Departure, Outlook
from v2g.plan import Plan
from v2g.ports import Clock
from v2g.record import Memory, TickRecord
from v2g.response import Response
from v2g.session import ChargingSession, Vehicle, Wishes
from v2g.setpoint import Applied, DispatchReport, Setpoint, TimedOut
from v2g.signals import Signal, SignalKind, Signals, least_on, mean_on
from v2g.site import Site
from v2g.solution import Rung, TermValue, Tier
from v2g.standing import Standing
from v2g.stating.problem import make_problem
from v2g.station import Condition, Health, HistoryPoint, Part
from v2g.storages import StorageKind, Storages
from v2g.tick import grid_at
from v2g.timegrid import Array, TimeGrid
from v2g.why import Explanation, Why

TICK_S = 300
SPREAD = np.array([-0.16, -0.12, -0.06, 0.0, 0.06, 0.12, 0.16])
STALE_EVSE, OFFLINE_EVSE, FAULTY_EVSE = "A04", "A07", "A09"


class FakeStation:
    """Fills `v2g.ports.Station` with a lively day; `wishes`, `posted` and `beats` tell what was done to it."""

    def __init__(self, clock: Clock, *, world: World | None = None) -> None:
        self._clock = clock
        self.world = world or World(clock.now())
        self.parts = tuple(Part(name=name, condition=Condition.OK) for name in ("solver", "database", "broker", "ocpp", "meters"))
        self.alarms: tuple[Alarm, ...] = ()
        self.standings: tuple[Standing, ...] = ()
        self.alive = True
        self.rung, self.reason = Rung.OPTIMAL, ""
        self.ticking = True
        self.occupied = True
        self.foresees = False
        self.price_spread = 0.0
        self.fault, self.driver = "GroundFailure", ""
        self.plans_on_signals = True
        self.posted: dict[str, Signal] = {}
        self.wishes: dict[str, Wishes] = {}
        self.beats = 0
        self._record: TickRecord | None = None
        self._planned_signals: Signals = ()

    @property
    def site(self) -> Site:
        return self.world.site

    def now(self) -> datetime:
        return self._clock.now()

    def observation(self) -> Observation:
        now = self.now()
        step = self.world.step_of(now)
        return Observation(
            at=now,
            evses=tuple(self._evse(i, step, now) for i in range(len(self.site.evses))),
            batteries=tuple(
                BatteryState(
                    battery_id=battery.battery_id,
                    online=True,
                    soc_frac=Reading(value=0.58, at=now),
                    power_kw=Reading(value=float(self.world.battery_kw[step]), at=now),
                    acknowledged_kw=float(self.world.battery_kw[step]),
                )
                for battery in self.site.batteries
            ),
            assets=tuple(self._asset(name, step, now) for name in self.site.asset_ids),
            site_power_kw=Reading(value=self._import_kw(step), at=now - timedelta(seconds=2)),
            load_kw=Reading(value=float(self.world.load_kw[step]), at=now),
            pv_kw=Reading(value=float(self.world.pv_kw[step]), at=now),
        )

    def latest(self) -> TickRecord | None:
        if not self.ticking:
            return None
        number = int((self.now() - self.world.origin).total_seconds()) // TICK_S
        if (
            self._record is None
            or self._record.tick != number
            or (self.plans_on_signals and self._planned_signals != self.signals())
        ):
            self._planned_signals = self.signals()
            self._record = self._make_record(number)
        return self._record

    def signals(self) -> Signals:
        now = self.now()
        return tuple(s for s in self.posted.values() if s.intervals[-1].end > now)

    async def post_signal(self, signal: Signal, *, by: str = "") -> None:  # noqa: ARG002  # of the port
        self.posted[signal.signal_id] = signal

    async def withdraw_signal(self, signal_id: str, *, by: str = "") -> bool:  # noqa: ARG002  # of the port
        return self.posted.pop(signal_id, None) is not None

    def hear(self) -> None:
        self.beats += 1

    async def set_wishes(self, evse_id: str, wishes: Wishes, *, by: str = "") -> None:  # noqa: ARG002  # of the port
        state = next(s for s in self.observation().evses if s.evse_id == evse_id)
        if state.session is None:
            raise WishError(f"nobody is plugged in at {evse_id}", place="evse_id", mend="plug the car in first")
        self.wishes[state.session.session_id] = wishes

    async def signal_effect(self) -> Response | None:
        record = self.latest()
        if record is None or not record.signals:
            return None
        return a_response(record.plan.grid, change_kw=-4.0, moved_kwh=12.5, cost=-3.25, affected=record.plan.unit_ids[:2])

    def health(self) -> Health:
        record = self.latest()
        return Health(
            alive=self.alive,
            ready=record is not None,
            at=self.now(),
            last_tick_at=record.at if record else None,
            parts=self.parts,
            alarms=self.alarms,
            forecasts=self.standings,
        )

    def history(self, hours_h: float) -> tuple[HistoryPoint, ...]:
        last = self.world.step_of(self.now())
        first = max(0, last - int(hours_h * 3600 / STEP_S))
        return tuple(self._point(step) for step in range(first, last + 1))

    def _import_kw(self, step: int) -> float:
        return float(self.world.import_kw()[step])

    def _point(self, step: int) -> HistoryPoint:
        power = self.world.power_kw[:, step] * self.occupied
        at = self.world.instant_of(step)
        return HistoryPoint(
            at=at,
            import_kw=self._import_kw(step) + float(power.sum() - self.world.power_kw[:, step].sum()),
            load_kw=float(self.world.load_kw[step]),
            pv_kw=float(self.world.pv_kw[step]),
            charge_kw=float(np.clip(power, 0, None).sum()),
            discharge_kw=float(np.clip(-power, 0, None).sum()),
            import_limit_kw=float(capacities_kw(self.site, self.signals(), at)[0][0]),
            price_per_kwh=float(self.world.price_per_kwh[step]),
            asset_kw=sum(self.world.asset_kw.values()),
        )

    def _asset(self, name: str, step: int, now: datetime) -> AssetState:
        made_kw = float(self.world.pv_kw[step])
        if name not in self.world.asset_kw:
            made = Reading(value=made_kw, at=now)
            return AssetState(asset_id=name, online=True, power_kw=replace(made, value=-made_kw), possible_kw=made)
        power = Reading(value=self.world.asset_kw[name], at=now)
        return AssetState(
            asset_id=name,
            online=True,
            stored_kwh=Reading(value=self.world.stored_kwh[name], at=now),
            power_kw=power,
            acknowledged_kw=power.value,
        )

    def _evse(self, index: int, step: int, now: datetime) -> EvseState:
        outlet = self.site.evses[index]
        power = float(self.world.power_kw[index, step]) * (self.occupied and outlet.evse_id != FAULTY_EVSE)
        late_s = 95 if outlet.evse_id == STALE_EVSE else 3
        offline = outlet.evse_id == OFFLINE_EVSE
        return EvseState(
            evse_id=outlet.evse_id,
            online=not offline,
            session=self._session(index, step, now),
            power_kw=Reading(value=power, at=now - timedelta(seconds=2400 if offline else late_s)),
            acknowledged_kw=None if offline else power,
            lease_until=None if offline else now + timedelta(seconds=900 - step % 5 * STEP_S),
            fault=self.fault if outlet.evse_id == FAULTY_EVSE else "",
        )

    def _session(self, index: int, step: int, now: datetime) -> ChargingSession | None:
        visit = self.world.visit_at(index, step)
        if visit is None or not self.occupied or self.site.evses[index].evse_id == FAULTY_EVSE:
            return None
        power = self.world.power_kw[index, visit.arrives : step + 1]
        session_id = f"{self.site.evses[index].evse_id}-{visit.arrives}"
        stated = Wishes(
            soc_target_frac=visit.target_frac,
            departure=self.world.instant_of(visit.leaves),
            discharge_consent=visit.consents,
            soc_floor_frac=0.3 if visit.consents else None,
        )
        return ChargingSession(
            session_id=session_id,
            evse_id=self.site.evses[index].evse_id,
            plugged_in_at=self.world.instant_of(visit.arrives),
            driver=self.driver or f"driver-{visit.arrives % 97:02}",
            wishes=self.wishes.get(session_id, stated),
            vehicle=Vehicle(capacity_kwh=visit.capacity_kwh),
            charged_kwh=float(np.clip(power, 0, None).sum() * STEP_S / 3600),
            discharged_kwh=float(np.clip(-power, 0, None).sum() * STEP_S / 3600),
            soc_frac=float(self.world.soc_frac[index, step]),
            soc_at=now,
        )

    def _make_record(self, number: int) -> TickRecord:
        at = self.world.origin + timedelta(seconds=number * TICK_S)
        grid = grid_at(self.site, at)
        observation = self.observation()
        outlook = self.outlook(grid, self.signals())
        problem = make_problem(self.site, observation, outlook, self.signals(), Memory(tick=number - 1))
        plan = self._plan(at, problem.storages, outlook)
        caps_kw = {array.pv_id: -float(outlook.pv_kw.max()) for array in self.site.pv}
        setpoints = tuple(
            Setpoint(
                unit_id=unit_id,
                power_kw=round(caps_kw.get(unit_id, plan.power_now_kw(unit_id)), 1),
                valid_until=at + timedelta(seconds=900),
                bound_by=("hall",) if why is Why.LIMIT else (),
                why=why.value,
            )
            for unit_id, why in zip(plan.unit_ids, plan.why, strict=True)
        )
        return TickRecord(
            tick=number,
            at=at,
            observation=observation,
            outlook=outlook,
            signals=self.signals(),
            problem=problem,
            plan=plan,
            setpoints=setpoints,
            report=DispatchReport(
                outcomes=tuple(
                    TimedOut(setpoint=s, after_s=10.0) if s.unit_id == STALE_EVSE else Applied(setpoint=s, at=at) for s in setpoints
                )
            ),
            alarms=self.alarms,
            times_s={"state": 0.004, "solve": 0.31, "project": 0.002},
        )

    def _on(self, grid: TimeGrid, series: Array) -> Array:
        """Return the means of a minute series over each step, (..., n_steps)."""
        edges = [self.world.step_of(grid.start + timedelta(hours=float(e))) for e in grid.edges_h]
        return np.stack([series[..., a : max(b, a + 1)].mean(axis=-1) for a, b in pairwise(edges)], axis=-1)

    def outlook(self, grid: TimeGrid, signals: Signals) -> Outlook:
        load, pv = self._on(grid, self.world.load_kw), self._on(grid, self.world.pv_kw)
        price = mean_on(signals, SignalKind.PRICE, grid, self._on(grid, self.world.price_per_kwh))
        return Outlook(
            grid=grid,
            load_kw=load * (1 + SPREAD[:, None]),
            pv_kw=pv * (1 + 2 * SPREAD[:, None]),
            import_price_per_kwh=price,
            export_price_per_kwh=0.9 * price,
            import_price_quantiles=price * (1 + self.price_spread * SPREAD[:, None]),
            departures=self._departures() if self.foresees else (),
            notes=(f"seasonal baseline of 12 days, {len(LEVELS)} quantiles",),
        )

    def _departures(self) -> tuple[Departure, ...]:
        """Return every car's departure as if it were known: all quantiles at the grid's far end."""
        here = [state.session.session_id for state in self.observation().evses if state.session]
        leaves = self.now() + timedelta(days=2)
        return tuple(Departure(session_id=name, quantiles=(leaves,) * len(LEVELS), source="test") for name in here)

    def _plan(self, at: datetime, storages: Storages, outlook: Outlook) -> Plan:
        unit_ids = storages.unit_ids
        grid = outlook.grid
        rows = {e.evse_id: i for i, e in enumerate(self.site.evses)}
        step = self.world.step_of(self.now())  # a car may have come since the tick began
        power = np.zeros((len(unit_ids), grid.n_steps))
        energy = np.zeros_like(power)
        why = []
        for i, unit_id in enumerate(unit_ids):
            if unit_id in rows:
                power[i], energy[i] = self._car(rows[unit_id], step, grid)
                why.append(self._why(power[i], energy[i], outlook))
            elif unit_id in self.site.asset_ids:
                power[i] = self.world.asset_kw.get(unit_id, 0.0)
                why.append(Why.RESTS if unit_id not in self.world.asset_kw else Why.DISCHARGE if power[i, 0] < 0 else Why.CHEAP)
            else:
                power[i] = self._on(grid, self.world.battery_kw)
                why.append(Why.DISCHARGE if power[i, 0] < 0 else Why.CHEAP)
        fixed = outlook.load_kw[3] - outlook.pv_kw[3]
        net = fixed + power.sum(axis=0)
        limit = np.full(grid.n_steps, self.site.circuits[0].import_limit_kw)
        return Plan(
            made_at=at,
            grid=grid,
            unit_ids=unit_ids,
            power_kw=power,
            energy_kwh=energy,
            import_kw=np.clip(net, 0, None),
            export_kw=np.clip(-net, 0, None),
            fixed_kw=fixed,
            import_limit_kw=least_on(self.signals(), SignalKind.IMPORT_CAPACITY_LIMIT, grid, limit),
            import_price_per_kwh=outlook.import_price_per_kwh,
            export_price_per_kwh=outlook.export_price_per_kwh,
            why=tuple(why),
            explanations=tuple(
                _explained(name, kind, reason, outlook) for name, kind, reason in zip(unit_ids, storages.kinds, why, strict=True)
            ),
            rung=self.rung,
            reason=self.reason,
            gap_frac=0.0038 if self.rung is Rung.OPTIMAL else None,
            terms=(
                TermValue(name="limit_breach", tier=Tier.VIOLATION, value=0.0, unit="kWh"),
                TermValue(name="unserved_energy", tier=Tier.SERVICE, value=0.0, unit="kWh"),
                TermValue(name="energy_cost", tier=Tier.MONEY, value=1284.6, unit=self.site.currency),
                TermValue(name="wear", tier=Tier.MONEY, value=12.4, unit=self.site.currency),
                TermValue(name="plan_change", tier=Tier.PREFERENCE, value=3.2, unit="kW"),
            ),
            solve_s=0.31,
        )

    def _car(self, index: int, step: int, grid: TimeGrid) -> tuple[Array, Array]:
        visit = self.world.visit_at(index, step)
        assert visit is not None
        here = (np.arange(self.world.n_steps) < visit.leaves).astype(float)
        power = self._on(grid, self.world.power_kw[index] * here)
        stored = self.world.soc_frac[index, step] * visit.capacity_kwh
        gained = power * grid.step_h * np.where(power > 0, 0.95, 1 / 0.95)
        return power, np.clip(stored + np.cumsum(gained), 0, visit.capacity_kwh)

    @staticmethod
    def _why(power: Array, energy: Array, outlook: Outlook) -> Why:
        if power[0] < -0.1:
            return Why.DISCHARGE
        if power[0] > 0.1:
            return Why.CHEAP if outlook.import_price_per_kwh[0] < 0.7 else Why.TARGET
        return Why.WAITS if energy[-1] > energy[0] + 0.5 else Why.DONE


def restated(station: FakeStation, name: str, condition: Condition, detail: str) -> None:
    """Change how one part of the station is."""
    station.parts = tuple(replace(p, condition=condition, detail=detail) if p.name == name else p for p in station.parts)


def _explained(unit_id: str, kind: StorageKind, why: Why, outlook: Outlook) -> Explanation:
    n_steps = outlook.grid.n_steps
    return Explanation(
        unit_id=unit_id,
        kind=kind,
        why=(why,) * n_steps,
        limit=("hall" if why is Why.LIMIT else "",) * n_steps,
        price_per_kwh=outlook.import_price_per_kwh,
        limit_price_per_kwh=np.full(n_steps, 0.02 * (why is Why.LIMIT)),
        value_per_kwh=np.full(n_steps, 0.7),
        promise_price_per_kwh=0.7,
        promise_cost=9.1,
    )
