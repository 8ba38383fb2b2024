"""The independent truth: what flowed, which limits it broke, and what each car left with. It never asks a charger or the daemon."""

from datetime import UTC, datetime

import numpy as np

from adapters.farm.cabinet import Cabinets
from adapters.farm.feeder import Feeder
from adapters.farm.outcome import QUARTER_S, Breach, Outcome, VisitOutcome
from adapters.farm.possible import possible_kwh
from adapters.farm.visit import Visit
from v2g.site import Site
from v2g.timegrid import Array
from v2g.units import h_from_s

TOLERANCE_KW = 1e-3
TOLERANCE_KWH = 1e-6
N_FLOWS = 8


class Ledger:
    """Fed with what the meters of a perfect observer would show; `outcome` sums it up at any time.

    `power_kw` is (n_units,): outlets, batteries, assets, in the site's order; `stored_kwh` has at least the outlets.
    """

    def __init__(self, site: Site, start: datetime) -> None:
        self._site, self._start, self._start_s = site, start, start.timestamp()
        self._feeder, self._cabinets = Feeder(site), Cabinets(site, len(site.evses) + len(site.batteries))
        self._limit_names = (*self._feeder.names, *self._cabinets.names)
        self._n_outlets = len(site.evses)
        self._end_s = self._start_s
        self._quarters: dict[int, Array] = {}
        self._breach_s, self._worst_kw = np.zeros(len(self._limit_names)), np.zeros(len(self._limit_names))
        self._violation_s = self._max_import_kw = self._unconsented_kwh = 0.0
        self._here: dict[int, Visit] = {}
        self._traces: dict[int, list[float]] = {}
        self._gone: list[VisitOutcome] = []
        self._consent = np.ones(self._n_outlets, dtype=np.bool_)
        self._floor_kwh = np.full(self._n_outlets, -np.inf)
        self._below_floor = np.zeros(self._n_outlets, dtype=np.bool_)
        self._stored_kwh = np.zeros(self._n_outlets)

    def arrive(self, unit: int, visit: Visit) -> None:
        """Note that the car of `visit` was plugged in at outlet `unit`."""
        self._here[unit], self._traces[unit] = visit, []
        self._consent[unit], self._floor_kwh[unit] = visit.consent, visit.soc_floor_frac * visit.capacity_kwh
        self._below_floor[unit], self._stored_kwh[unit] = False, visit.arrival_kwh

    def depart(self, unit: int, left_kwh: float) -> None:
        """Note that the car at outlet `unit` left with `left_kwh` in its battery."""
        self._stored_kwh[unit] = left_kwh
        self._gone.append(self._result(unit, self._here.pop(unit), finished=True))
        del self._traces[unit]
        self._consent[unit], self._floor_kwh[unit] = True, -np.inf

    def add(
        self,
        at_s: float,
        step_s: float,
        *,
        power_kw: Array,
        stored_kwh: Array,
        load_kw: float,
        pv_kw: float,
        import_limit_kw: float = np.inf,
    ) -> None:
        """Note the mean powers [kW] from `at_s` [s since 1970] for `step_s` [s], within one quarter-hour.

        `stored_kwh` is the energy in the batteries at the step's end [kWh].
        """
        net_kw = self._feeder.net_kw(power_kw, load_kw, pv_kw)
        self._note_limits(net_kw, self._cabinets.over_kw(power_kw), import_limit_kw, step_s)
        self._note_cars(power_kw[: self._n_outlets], stored_kwh[: self._n_outlets], h_from_s(step_s))
        self._note_flows(at_s, h_from_s(step_s), power_kw, load_kw, pv_kw)
        self._end_s = at_s + step_s
        if self._end_s % QUARTER_S == 0.0:
            for unit, trace in self._traces.items():
                trace.append(float(stored_kwh[unit]))

    def outcome(self) -> Outcome:
        """Return everything so far."""
        first = min(self._quarters, default=int(self._start_s // QUARTER_S))
        last = max(self._quarters, default=first - 1)
        empty = np.zeros(N_FLOWS + 1)
        table = np.array([self._quarters.get(i, empty) for i in range(first, last + 1)]).reshape(-1, N_FLOWS + 1).T
        covered_h = table[-1]
        mean_kw = table[:-1] / np.where(covered_h > 0.0, covered_h, 1.0)
        still_here = [self._result(unit, visit, finished=False) for unit, visit in sorted(self._here.items())]
        return Outcome(
            start=self._start,
            end=datetime.fromtimestamp(self._end_s, UTC),
            first_quarter=datetime.fromtimestamp(first * QUARTER_S, UTC),
            import_kw=mean_kw[0],
            export_kw=mean_kw[1],
            load_kw=mean_kw[2],
            pv_kw=mean_kw[3],
            charge_kw=mean_kw[4],
            discharge_kw=mean_kw[5],
            battery_charge_kw=mean_kw[6],
            battery_discharge_kw=mean_kw[7],
            covered_h=covered_h,
            max_import_kw=self._max_import_kw,
            limit_violation_s=self._violation_s,
            breaches=tuple(
                Breach(name=name, seconds=float(seconds), worst_kw=float(worst_kw))
                for name, seconds, worst_kw in zip(self._limit_names, self._breach_s, self._worst_kw, strict=True)
                if seconds > 0.0
            ),
            unconsented_kwh=self._unconsented_kwh,
            visits=(*self._gone, *still_here),
        )

    def _note_limits(self, net_kw: Array, modules_over_kw: Array, import_limit_kw: float, step_s: float) -> None:
        import_max_kw, export_max_kw = self._feeder.limits_kw(import_limit_kw)
        over_kw = np.r_[np.maximum(net_kw - import_max_kw, -net_kw - export_max_kw), modules_over_kw]
        self._max_import_kw = max(self._max_import_kw, float(net_kw[0]))
        if over_kw.max() > TOLERANCE_KW:
            self._breach_s += np.where(over_kw > TOLERANCE_KW, step_s, 0.0)
            self._worst_kw = np.maximum(self._worst_kw, over_kw)
            self._violation_s += step_s

    def _note_cars(self, power_kw: Array, stored_kwh: Array, step_h: float) -> None:
        gives = power_kw < -TOLERANCE_KW
        if gives.any():
            self._unconsented_kwh -= float(power_kw[gives & ~self._consent].sum()) * step_h
            self._below_floor |= gives & (stored_kwh < self._floor_kwh - TOLERANCE_KWH)
        self._stored_kwh = stored_kwh

    def _note_flows(self, at_s: float, step_h: float, power_kw: Array, load_kw: float, pv_kw: float) -> None:
        cars, batteries, assets = np.split(power_kw, [self._n_outlets, self._n_outlets + len(self._site.batteries)])
        cars_kw, charge_kw = float(cars.sum()), float(cars[cars > 0.0].sum())
        batteries_kw, battery_charge_kw = float(batteries.sum()), float(batteries[batteries > 0.0].sum())
        net_kw = load_kw - pv_kw + cars_kw + batteries_kw + float(assets.sum())
        flows_kw = (
            max(net_kw, 0.0),
            max(-net_kw, 0.0),
            load_kw,
            pv_kw,
            charge_kw,
            charge_kw - cars_kw,
            battery_charge_kw,
            battery_charge_kw - batteries_kw,
            1.0,
        )
        quarter = self._quarters.setdefault(int(at_s // QUARTER_S), np.zeros(N_FLOWS + 1))
        quarter += np.array(flows_kw) * step_h

    def _result(self, unit: int, visit: Visit, *, finished: bool) -> VisitOutcome:
        end_s = visit.leaves_at.timestamp() if finished else self._end_s
        seen_s = max(visit.arrives_at.timestamp(), self._start_s)
        stay_s = end_s - seen_s
        return VisitOutcome(
            visit=visit,
            finished=finished,
            left_kwh=float(self._stored_kwh[unit]),
            possible_kwh=possible_kwh(visit, self._site.evses[unit], stay_s),
            below_floor=bool(self._below_floor[unit]),
            traced_from=datetime.fromtimestamp((seen_s // QUARTER_S + 1.0) * QUARTER_S, UTC),
            trace_kwh=tuple(self._traces[unit]),
        )
