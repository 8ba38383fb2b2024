"""The farm in process, on a virtual clock: fills the gateway port for closed-loop simulations."""

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.farm.assets import Plant
from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.outcome import Outcome
from adapters.farm.surroundings import StepSeries, Surroundings
from adapters.farm.visit import Visit
from adapters.farm.wireless import Wireless, granted
from adapters.farm.yard import Yard
from v2g.observation import AssetState, BatteryState, Observation, Reading
from v2g.setpoint import Outcome as SetpointOutcome
from v2g.setpoint import Rejected, Setpoint
from v2g.site import Site


class VirtualFarm:
    """A station whose chargers answer at once, in virtual time.

    The caller moves time with `advance_to`; the farm integrates in steps of `step_s` [s], shorter at plug-ins, unplugs and
    ends of leases. The same arguments give the same run. Raises `SeriesError` if the visits do not fit the site.
    """

    def __init__(
        self,
        site: Site,
        visits: Sequence[Visit],
        *,
        start: datetime,
        load_kw: StepSeries,
        pv_kw: StepSeries,
        import_limit_kw: StepSeries | None = None,
        step_s: float = 60.0,
        battery_soc_frac: float = 0.5,
    ) -> None:
        self._site, self._leases = site, Leases(site)
        self._fleet = Fleet(site, battery_soc_frac=battery_soc_frac)
        self._units = {name: unit for unit, name in enumerate((*self._fleet.unit_ids, *site.asset_ids))}
        outlets = range(self._fleet.n_outlets)
        self._outlets = Wireless(self._fleet, self._leases, outlets, now=lambda: self._yard.now, touch=lambda: None)
        self._yard = Yard(
            site=site,
            visits=visits,
            start=start,
            surroundings=Surroundings(load_kw=load_kw, pv_kw=pv_kw, import_limit_kw=import_limit_kw),
            fleet=self._fleet,
            control=self._leases,
            step_s=step_s,
            on_change=self._note_change,
        )
        self._yard.advance_to(start)

    @property
    def now(self) -> datetime:
        """The instant reached."""
        return self._yard.now

    def next_event(self) -> datetime | None:
        """Return the instant of the next plug-in or unplug, None if there is none."""
        return self._yard.next_event

    def advance_to(self, instant: datetime) -> None:
        """Let time pass until `instant`; a past instant changes nothing."""
        self._yard.advance_to(instant)

    def outcome(self) -> Outcome:
        """Return the ledger's truth so far."""
        return self._yard.outcome()

    async def observe(self, now: datetime) -> Observation:
        """Move to `now` and return what every instrument shows there."""
        self._yard.advance_to(now)
        around, at_s = self._yard.surroundings, self._yard.now_s
        load_kw, pv_kw = around.load_kw.at(at_s), around.pv_kw.at(at_s)
        site_kw = load_kw - pv_kw + float(self._fleet.running_kw.sum() + self._yard.premises.power_kw.sum())
        n = len(self._site.evses)
        return Observation(
            at=self.now,
            evses=self._outlets.states(self.now),
            batteries=tuple(self._battery_state(n + i, b.battery_id) for i, b in enumerate(self._site.batteries)),
            assets=tuple(self._asset_state(i, plant) for i, plant in enumerate(self._yard.premises.plants)),
            site_power_kw=Reading(value=site_kw, at=self.now),
            load_kw=Reading(value=load_kw, at=self.now),
            pv_kw=Reading(value=pv_kw, at=self.now),
        )

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[SetpointOutcome, ...]:
        """Put setpoints in force at once; refuse what a charger would."""
        return tuple(self._apply(setpoint) for setpoint in setpoints)

    def _apply(self, setpoint: Setpoint) -> SetpointOutcome:
        unit = self._units.get(setpoint.unit_id)
        if unit is None:
            return Rejected(setpoint=setpoint, reason="no such unit")
        return granted(setpoint, unit, self._leases, self.now, discharge_max_kw=self._discharge_max_kw(unit))

    def _discharge_max_kw(self, unit: int) -> float:
        n = len(self._fleet.unit_ids)
        return float(self._fleet.discharge_max_kw[unit]) if unit < n else self._yard.premises.plants[unit - n].discharge_max_kw

    def _note_change(self, unit: int, visit: Visit | None) -> None:
        if visit is None:
            self._outlets.unplugged(unit)
        else:
            self._outlets.plugged(unit, visit)

    def _battery_state(self, unit: int, battery_id: str) -> BatteryState:
        order = self._leases.granted(unit, self._yard.now_s)
        return BatteryState(
            battery_id=battery_id,
            online=True,
            soc_frac=Reading(value=float(self._fleet.soc_frac[unit]), at=self.now),
            power_kw=Reading(value=float(self._fleet.running_kw[unit]), at=self.now),
            acknowledged_kw=None if order is None else order[0],
        )

    def _asset_state(self, i: int, plant: Plant) -> AssetState:
        order = self._leases.granted(len(self._fleet.unit_ids) + i, self._yard.now_s)
        possible_kw = plant.possible_kw
        return AssetState(
            asset_id=plant.asset_id,
            online=True,
            stored_kwh=None if plant.stored_kwh is None else Reading(value=plant.stored_kwh, at=self.now),
            power_kw=Reading(value=plant.power_kw - (possible_kw or 0.0), at=self.now),
            possible_kw=None if possible_kw is None else Reading(value=possible_kw, at=self.now),
            acknowledged_kw=None if order is None else order[0],
            lease_until=None if order is None else datetime.fromtimestamp(order[1], UTC),
        )
