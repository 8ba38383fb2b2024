"""What a problem must be for a planner to use it; each error names the first place that is wrong, and the mend."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g.commitments import Event, Reserve
from v2g.converters import Ageing, Converters, DischargeCaps
from v2g.errors import ProblemError
from v2g.network import N_PHASES, Circuits, Connection
from v2g.storages import Storages
from v2g.timegrid import Array

NEGATIVE = "a number is negative or not a number", "give numbers ≥ 0"
NOT_FINITE = "a number is not finite", "give finite numbers"


def _need(ok: bool | np.bool_, message: str, place: str, mend: str) -> None:
    if not ok:
        raise ProblemError(message, place=place, mend=mend)


def _shape(array: NDArray[Any], shape: tuple[int, ...], place: str) -> None:
    _need(array.shape == shape, f"the shape is {array.shape}", place, f"give {shape}")


@dataclass(frozen=True, slots=True)
class _Named:
    """A part of the problem whose rows have names; its errors name the first row that is wrong."""

    place: str
    names: tuple[str, ...]

    def need_once(self) -> None:
        if len(set(self.names)) == len(self.names):
            return
        for name, times in Counter(self.names).items():
            _need(times == 1, f"{times} {self.place} share a name", f"{self.place}[{name}]", "name each once")

    def need(self, field: str, ok: NDArray[np.bool_], message: str, mend: str) -> None:
        """Raise `ProblemError` unless all of `ok` (n, ...) holds."""
        if ok.all():
            return
        for row in np.argwhere(~ok)[:1, 0]:
            raise ProblemError(message, place=f"{self.place}[{self.names[row]}].{field}", mend=mend)


def check_storages(s: Storages, n_steps: int, circuit_ids: tuple[str, ...]) -> None:
    """Raise `ProblemError` naming the first storage and field of `s` that cannot be used."""
    n, each = s.n_units, _Named("storages", s.unit_ids)
    each.need_once()
    _need(len(s.kinds) == n and len(s.circuit_ids) == n, "kinds or circuits are missing", "storages", "give each storage its own")
    mend = f"one of {', '.join(circuit_ids)}"
    known = set(circuit_ids)
    for name, where in () if known.issuperset(s.circuit_ids) else zip(s.unit_ids, s.circuit_ids, strict=True):
        _need(where in known, f"there is no circuit {where!r}", f"storages[{name}].circuit_id", mend)
    shapes: dict[str, tuple[int, ...]] = {
        "phase_share": (n, N_PHASES),
        **dict.fromkeys(("charge_max_kw", "discharge_max_kw", "energy_min_kwh", "energy_max_kwh"), (n, n_steps)),
        **dict.fromkeys(("drain_kwh", "departure_probability"), (n, n_steps)),
        **dict.fromkeys(("charge_min_kw", "discharge_min_kw", "initial_energy_kwh", "priority"), (n,)),
        **dict.fromkeys(("charge_efficiency", "discharge_efficiency", "wear_cost_per_kwh"), (n,)),
        **dict.fromkeys(("target_energy_kwh", "target_step", "shortfall_price_per_kwh", "terminal_value_per_kwh"), (n,)),
    }
    for field, shape in shapes.items():
        _shape(getattr(s, field), shape, f"storages.{field}")
        each.need(field, np.isfinite(getattr(s, field)), *NOT_FINITE)
    _shape(s.previous_power_kw, (n, n_steps), "storages.previous_power_kw")
    _check_ranges(s, each, n_steps)
    if s.converters is not None:
        _check_converters(s, s.converters, each)
    if s.ageing is not None:
        _check_ageing(s.ageing, each)
    if s.spare_kwh is not None:
        _shape(s.spare_kwh, (n,), "storages.spare_kwh")
        each.need("spare_kwh", np.isfinite(s.spare_kwh), *NOT_FINITE)
        each.need("spare_kwh", s.spare_kwh >= 0, *NEGATIVE)
    if s.caps is not None:
        _check_caps(s.caps, each, n_steps)


def _check_ranges(s: Storages, each: _Named, n_steps: int) -> None:
    for field in ("charge_max_kw", "discharge_max_kw", "charge_min_kw", "discharge_min_kw", "phase_share", "wear_cost_per_kwh"):
        each.need(field, getattr(s, field) >= 0, *NEGATIVE)
    for field in ("departure_probability", "shortfall_price_per_kwh", "target_energy_kwh"):
        each.need(field, getattr(s, field) >= 0, *NEGATIVE)
    for field in ("charge_efficiency", "discharge_efficiency"):
        value = getattr(s, field)
        each.need(field, (value > 0) & (value <= 1), "an efficiency is outside (0, 1]", "e.g. 0.95")
    ordered = s.energy_min_kwh <= s.energy_max_kwh
    each.need("energy_min_kwh", ordered, "a minimum is above its maximum", "lower energy_min_kwh or raise energy_max_kwh")
    whole = np.abs(s.phase_share.sum(axis=1) - 1) < 1e-6
    each.need("phase_share", whole, "the shares do not sum to 1", "e.g. 1, 0, 0 for the first phase alone")
    each.need("priority", s.priority > 0, "a priority is not positive", "1 = like everyone")
    inside = (s.target_step >= 0) & (s.target_step <= n_steps)
    each.need("target_step", inside, "a step is outside the grid", f"0..{n_steps}, 0 = no promise")
    likely = s.departure_probability.sum(axis=1) <= 1 + 1e-6
    mend = "it leaves at most once: lower them; one number counts at every step"
    each.need("departure_probability", likely, "the probabilities sum to more than 1", mend)


def _check_converters(s: Storages, c: Converters, each: _Named) -> None:
    n = len(each.names)
    for field in Converters.__slots__:
        _shape(getattr(c, field), (n,), f"storages.converters.{field}")
    for field in ("power_step_kw", "rest_h", "knee_loss_frac", "standby_kw"):
        each.need(f"converters.{field}", np.isfinite(getattr(c, field)) & (getattr(c, field) >= 0), *NEGATIVE)
    for field in ("ramp_kw_per_h", "taper_per_h", "taper_full_kwh", "knee_kw"):
        each.need(f"converters.{field}", getattr(c, field) > 0, "a number is not positive", "give a number > 0, inf = none")
    each.need("converters.knee_loss_frac", c.knee_loss_frac < s.charge_efficiency, "more than all is lost", "lower it")
    each.need("converters.standby_kw", c.standby_kw < c.knee_kw, "standby is above the knee", "less than knee_kw")
    each.need("converters.in_force_kw", ~np.isinf(c.in_force_kw), *NOT_FINITE)


def _check_ageing(a: Ageing, each: _Named) -> None:
    n, depths = len(each.names), a.depth_kwh.shape[-1]
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("calendar_above_kwh", "calendar_price_per_kwh_h"), (n,)),
        **dict.fromkeys(("depth_kwh", "depth_price_per_kwh"), (n, depths)),
    }
    for field, shape in shapes.items():
        _shape(getattr(a, field), shape, f"storages.ageing.{field}")
        each.need(f"ageing.{field}", np.isfinite(getattr(a, field)) & (getattr(a, field) >= 0), *NEGATIVE)
    rising = np.diff(a.depth_price_per_kwh, axis=1) >= 0
    each.need("ageing.depth_price_per_kwh", rising, "a deeper segment is cheaper", "let prices rise with depth")


def _check_caps(c: DischargeCaps, each: _Named, n_steps: int) -> None:
    windows = len(c.window)
    _numbers(c.window, (windows, n_steps), "storages.caps.window", most=1.0)
    _shape(c.most_kwh, (len(each.names), windows), "storages.caps.most_kwh")
    each.need("caps.most_kwh", c.most_kwh >= 0, *NEGATIVE)


def check_circuits(c: Circuits, n_steps: int) -> None:
    """Raise `ProblemError` naming the first circuit and field of `c` that cannot be used."""
    m, each = c.n_circuits, _Named("circuits", c.circuit_ids)
    _need(m >= 1, "there is no circuit", "circuits", "give at least the grid connection")
    each.need_once()
    _shape(c.parent_index, (m,), "circuits.parent_index")
    _need(c.parent_index[0] == -1, "the first circuit has a parent", "circuits.parent_index", "the root stands first")
    before = (c.parent_index >= 0) & (c.parent_index < np.arange(m))
    before[0] = True
    each.need("parent_index", before, "its parent does not stand before it", "list a parent before its children")
    for field in ("import_limit_kw", "export_limit_kw", "fixed_kw", "fixed_margin_kw"):
        _shape(getattr(c, field), (m, n_steps), f"circuits.{field}")
    _shape(c.phase_limit_kw, (m, N_PHASES), "circuits.phase_limit_kw")
    for field in ("import_limit_kw", "export_limit_kw", "phase_limit_kw", "fixed_margin_kw"):
        each.need(field, getattr(c, field) >= 0, *NEGATIVE)
    for field in ("fixed_kw", "fixed_margin_kw"):
        each.need(field, np.isfinite(getattr(c, field)), *NOT_FINITE)
    if c.module_kw is not None:
        _shape(c.module_kw, (m,), "circuits.module_kw")
        each.need("module_kw", np.isfinite(c.module_kw) & (c.module_kw >= 0), *NEGATIVE)
    if c.fixed_skew_kw is not None:
        _shape(c.fixed_skew_kw, (m, N_PHASES, n_steps), "circuits.fixed_skew_kw")
        each.need("fixed_skew_kw", np.isfinite(c.fixed_skew_kw), *NOT_FINITE)
        even = np.abs(c.fixed_skew_kw.sum(axis=1)) < 1e-6
        each.need("fixed_skew_kw", even, "the phases do not sum to 0", "what one phase carries more, others carry less")


def check_connection(c: Connection, n_steps: int) -> None:
    """Raise `ProblemError` naming the first field of `c` that cannot be used."""
    for field in ("import_price_per_kwh", "export_price_per_kwh"):
        _shape(getattr(c, field), (n_steps,), f"connection.{field}")
        _need(np.isfinite(getattr(c, field)).all(), "a price is not finite", f"connection.{field}", "give finite numbers")
    for field in ("demand_charge_per_kw", "peak_so_far_kw"):
        value = getattr(c, field)
        _need(np.isfinite(value) and value >= 0, "the number is negative or not finite", f"connection.{field}", "give a number ≥ 0")
    if c.carbon is not None:
        _numbers(c.carbon.intensity_kg_per_kwh, (n_steps,), "connection.carbon.intensity_kg_per_kwh", signed=True)
    if c.contract is not None:
        for field in ("contracted_kw", "overage_price_per_kw", "block_kw", "block_price", "max_blocks"):
            _numbers(np.array(getattr(c.contract, field)), (), f"connection.contract.{field}")
    if c.dispatch is not None:
        asked = np.isfinite(c.dispatch.follow_kw) | np.isnan(c.dispatch.follow_kw)
        _need(c.dispatch.follow_kw.shape == (n_steps,) and asked.all(), "the shape or a number is wrong", *DISPATCH)
        _numbers(np.array(c.dispatch.price_per_kwh), (), "connection.dispatch.price_per_kwh")


DISPATCH = "connection.dispatch.follow_kw", "a number of kW for each step, NaN where nothing is asked"


def check_commitments(events: tuple[Event, ...], reserves: tuple[Reserve, ...], n_steps: int) -> None:
    """Raise `ProblemError` naming the first event or reserve that cannot be used."""
    _Named("events", tuple(e.event_id for e in events)).need_once()
    _Named("reserves", tuple(r.reserve_id for r in reserves)).need_once()
    for e in events:
        place = f"events[{e.event_id}]"
        _need(e.direction in (1, -1), f"the direction is {e.direction}", f"{place}.direction", "+1 = stay below, −1 = stay above")
        _numbers(e.cover, (n_steps,), f"{place}.cover", most=1.0)
        _numbers(e.baseline_kw, (n_steps,), f"{place}.baseline_kw", signed=True)
        for field in ("committed_kw", "payment_per_kwh", "penalty_per_kwh"):
            _numbers(np.array(getattr(e, field)), (), f"{place}.{field}")
        _numbers(np.array(e.owed_frac), (), f"{place}.owed_frac", most=1.0)
    for r in reserves:
        place = f"reserves[{r.reserve_id}]"
        _need(r.direction in (1, -1, 0), f"the direction is {r.direction}", f"{place}.direction", "+1 = up, −1 = down, 0 = both")
        _numbers(r.cover, (n_steps,), f"{place}.cover", most=1.0)
        for field in ("committed_kw", "offer_max_kw", "payment_per_kw_h", "penalty_per_kw_h", "energy_h"):
            _numbers(np.array(getattr(r, field)), (), f"{place}.{field}")


def _numbers(values: Array, shape: tuple[int, ...], place: str, *, most: float = np.inf, signed: bool = False) -> None:
    _shape(values, shape, place)
    _need(np.isfinite(values).all(), *_at(place, NOT_FINITE))
    _need(signed or (values >= 0).all(), *_at(place, NEGATIVE))
    _need((values <= most).all(), f"a number is above {most:g}", place, f"give numbers from 0 to {most:g}")


def _at(place: str, said: tuple[str, str]) -> tuple[str, str, str]:
    return said[0], place, said[1]
