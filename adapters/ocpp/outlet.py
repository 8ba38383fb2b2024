"""What a station told of one connector, in no protocol version's words: a value, and its pure transitions."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from v2g.observation import EvseState, Quality, Reading
from v2g.session import ChargingSession, Vehicle, Wishes
from v2g.site import Evse
from v2g.units import h_from_s

ONE_WAY = Vehicle(discharge_max_kw=0.0)
ABSURD_RATINGS = 3.0  # a power this many times the rating is a wrong unit or a lie, not a reading
ROUNDING_KWH = 1e-3
"""A register that falls by less stands still: OCPP 1.6 begins and ends transactions in whole Wh, and tells fractions between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A charging transaction as the store knows it; `driver` is a pseudonym, `reference` the charger's own name for it or "".

    `meter_start_kwh` is None where nobody told.
    """

    transaction_id: int
    driver: str
    began_at: datetime
    meter_start_kwh: float | None
    reference: str = ""

    def is_same(self, other: "Transaction") -> bool:
        """Return whether `other` is this one, whose driver may have become known."""
        return self.transaction_id == other.transaction_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A power [kW] that the charger acknowledged, until when, and whether it dies with the transaction.

    From `until` on it may be over, and it is over at `over_by`: later where the charger counts from when the message came.
    """

    power_kw: float
    until: datetime
    over_by: datetime
    for_transaction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a charger measured at `at`: power [kW, + into the car], meter register [kWh], state of charge 0..1.

    `estimate_kw` is current times voltage [kW], `exported_kwh` the register of what came out of the car, `capacity_kwh` that of
    the car's battery; `interval_kwh` went into the car since the sample before. None where nothing usable was said.
    """

    at: datetime
    power_kw: float | None = None
    estimate_kw: float | None = None
    register_kwh: float | None = None
    exported_kwh: float | None = None
    interval_kwh: float | None = None
    soc_frac: float | None = None
    capacity_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One connector.

    `plugged` is what the charger says; `idle` that its contactor is open, so that it draws nothing. A session lasts while
    `plugged` or while a transaction is open, and keeps the id it began with. Another `driver` (of its transactions, "" while none
    is known) begins another session, whatever was seen, and so does whoever comes after a car that is said to have `departed`:
    nobody may inherit another's consent. `vehicle` and `wishes` are what car and charger told in this session; a car gives back
    nothing until it is known to be able to. `fallback_from` is when at the latest the fallback, which the charger has shown to
    have, holds where no promise does; None where it has not shown it.
    """

    evse: Evse
    plugged: bool = False
    idle: bool = False
    fault: str = ""
    session_id: str = ""
    plugged_in_at: datetime | None = None
    transaction: Transaction | None = None
    driver: str = ""
    departed: bool = False
    charged_kwh: float = 0.0
    discharged_kwh: float = 0.0
    vehicle: Vehicle = ONE_WAY
    wishes: Wishes = field(default_factory=Wishes)
    register_kwh: Reading | None = None
    exported_kwh: Reading | None = None
    power_kw: Reading | None = None
    soc_frac: Reading | None = None
    promise: Promise | None = None
    fallback_from: datetime | None = None

    @property
    def session(self) -> ChargingSession | None:
        """The session of the car that is plugged in, None if there is none."""
        if self.plugged_in_at is None:
            return None
        return ChargingSession(
            session_id=self.session_id,
            evse_id=self.evse.evse_id,
            plugged_in_at=self.plugged_in_at,
            driver=self.transaction.driver if self.transaction else "",
            wishes=self.wishes,
            vehicle=self._able_vehicle(),
            charged_kwh=self.charged_kwh,
            discharged_kwh=self.discharged_kwh,
            soc_frac=self.soc_frac.value if self.soc_frac else None,
            soc_at=self.soc_frac.at if self.soc_frac else None,
        )

    def told(self, *, plugged: bool, idle: bool, fault: str, at: datetime) -> "Outlet":
        """Return the outlet after its charger told its status; with a transaction open it is never idle."""
        idle = idle and self.transaction is None
        power_kw = Reading(value=0.0, at=at) if idle or self.idle else self.power_kw
        return _settled(replace(self, plugged=plugged, idle=idle, fault=fault, power_kw=power_kw), at)

    def begun(self, transaction: Transaction) -> "Outlet":
        """Return the outlet with `transaction` open; a car that was not seen plugging in came with it.

        Where the contactor was open until now, the power begins at 0. Another driver's car is another one, and so is one whose
        driver nobody knows where the transaction before was never ended.
        """
        if self._changed_hands(transaction):
            return self._left().begun(transaction)
        register_kwh = self.register_kwh
        if transaction.meter_start_kwh is not None:
            register_kwh = Reading(value=transaction.meter_start_kwh, at=transaction.began_at)
        power_kw = _newer(self.power_kw, 0.0, transaction.began_at) if self.idle else self.power_kw
        outlet = replace(self, transaction=transaction, idle=False, register_kwh=register_kwh, power_kw=power_kw)
        outlet = replace(outlet, driver=transaction.driver or self.driver)
        return _settled(outlet, transaction.began_at, session_id=f"{self.evse.evse_id}#{transaction.transaction_id}")

    def resumed(self, transaction: Transaction) -> "Outlet":
        """Return the outlet with `transaction`, open since before this process began: the session is its own, whatever was seen."""
        return self._left().begun(transaction)

    def named(self, driver: str) -> "Outlet":
        """Return the outlet after the driver of the open transaction, unknown until now, became known."""
        if self.transaction is None or self.transaction.driver:
            return self
        transaction = replace(self.transaction, driver=driver)
        if self.driver and driver != self.driver:
            return self._left().begun(transaction)
        return replace(self, transaction=transaction, driver=driver)

    def needing(self, vehicle: Vehicle, wishes: Wishes) -> "Outlet":
        """Return the outlet after the car told what it is and needs; without a car nothing changes."""
        return self if self.plugged_in_at is None else replace(self, vehicle=vehicle, wishes=wishes)

    def ended(self, transaction_id: int, *, meter_stop_kwh: float, at: datetime, departed: bool = False) -> "Outlet":
        """Return the outlet after `transaction_id` ended, and the car may have `departed`; unchanged if it was not the open one."""
        if self.transaction is None or self.transaction.transaction_id != transaction_id:
            return self
        promise = None if self.promise and self.promise.for_transaction else self.promise
        outlet = self.measured(Sample(at=at, register_kwh=meter_stop_kwh, power_kw=0.0))
        return _settled(replace(outlet, transaction=None, promise=promise, departed=departed), at)

    def promised(self, promise: Promise | None) -> "Outlet":
        """Return the outlet with its last acknowledged power."""
        return replace(self, promise=promise)

    def grounded(self, at: datetime) -> "Outlet":
        """Return the outlet after its charger showed at `at` that it has the fallback."""
        return replace(self, fallback_from=at)

    def doubted(self, until: datetime) -> "Outlet":
        """Return the outlet after a setpoint until `until` that the charger may follow or not: so long anything is possible."""
        return replace(self, promise=None, fallback_from=max(self.fallback_from, until) if self.fallback_from else None)

    def prolonged(self, until: datetime, over_by: datetime) -> "Outlet":
        """Return the outlet after the charger was told to go on as it promised until `until`, or as late as `over_by`."""
        return self if self.promise is None else replace(self, promise=replace(self.promise, until=until, over_by=over_by))

    def measured(self, sample: Sample) -> "Outlet":
        """Return the outlet after `sample`; what is older than what is known changes nothing.

        Power is measured, else the slope of the registers, else current times voltage. A register that jumps (see
        `jump_kw`) counts for nothing and starts anew. Without a register, what went in since the last sample adds up to one.
        """
        sample = self._registered(sample)
        into_kw, out_kw = (None if self._jumps(slope_kw) else slope_kw for slope_kw in self._slopes_kw(sample))
        slope_kw = None if into_kw is None else into_kw - (out_kw or 0.0)
        power_kw = next((p for p in (sample.power_kw, slope_kw, sample.estimate_kw) if p is not None), None)
        known_kwh = sample.capacity_kwh if sample.capacity_kwh is not None else self.vehicle.capacity_kwh
        return replace(
            self,
            power_kw=_newer(self.power_kw, power_kw, sample.at),
            register_kwh=_newer(self.register_kwh, sample.register_kwh, sample.at),
            exported_kwh=_newer(self.exported_kwh, sample.exported_kwh, sample.at),
            soc_frac=_newer(self.soc_frac, sample.soc_frac, sample.at),
            charged_kwh=self.charged_kwh + (into_kw or 0.0) * _since_h(self.register_kwh, sample),
            discharged_kwh=self.discharged_kwh + (out_kw or 0.0) * _since_h(self.exported_kwh, sample),
            vehicle=replace(self.vehicle, capacity_kwh=known_kwh),
        )

    def jump_kw(self, sample: Sample) -> float | None:
        """Return the power [kW] that a register's step would take if nobody can believe it, else None."""
        return next((slope_kw for slope_kw in self._slopes_kw(self._registered(sample)) if self._jumps(slope_kw)), None)

    def state(self, now: datetime, *, online: bool, stale_after_s: float) -> EvseState:
        """Return the outlet as the control core sees it at `now`."""
        live = self.promise is not None and self.promise.until > now
        return EvseState(
            evse_id=self.evse.evse_id,
            online=online,
            session=self.session,
            power_kw=self._power_kw(now, online=online, stale_after_s=stale_after_s),
            acknowledged_kw=self.promise.power_kw if self.promise and live else None,
            lease_until=self.promise.until if self.promise and live else self._ended_at(now),
            fault=self.fault,
        )

    def _ended_at(self, now: datetime) -> datetime | None:
        """Return since when the fallback holds, None if that is not known or not so yet."""
        since = self.fallback_from
        if since is not None and self.promise is not None:
            since = max(since, self.promise.over_by)
        return since if since is not None and since <= now else None

    def _power_kw(self, now: datetime, *, online: bool, stale_after_s: float) -> Reading | None:
        """Return the power with its quality by age. A connected charger whose contactor is open draws nothing."""
        reading = self.power_kw
        fresh = reading is not None and reading.age_s(now) <= stale_after_s
        if online and self.idle and not fresh:
            return Reading(value=0.0, at=now)
        return reading if reading is None or fresh else replace(reading, quality=Quality.STALE)

    def _changed_hands(self, transaction: Transaction) -> bool:
        """Return whether a transaction that begins is another car's than the session's."""
        if self.plugged_in_at is None or self.departed:
            return self.departed
        if self.transaction is None or transaction.is_same(self.transaction):
            return bool(self.driver and transaction.driver) and transaction.driver != self.driver
        return not transaction.driver or transaction.driver != self.driver

    def _left(self) -> "Outlet":
        """Return the outlet without the session of the car before."""
        promise = None if self.promise and self.promise.for_transaction else self.promise
        return replace(_emptied(self), session_id="", plugged_in_at=None, transaction=None, promise=promise)

    def _registered(self, sample: Sample) -> Sample:
        """Return `sample` with a register where it has only what went in since the sample before; rounding lowers none."""
        known = self.register_kwh
        if known is not None and sample.register_kwh is not None and 0.0 < known.value - sample.register_kwh < ROUNDING_KWH:
            return replace(sample, register_kwh=known.value)
        if sample.register_kwh is not None or sample.interval_kwh is None or (known is not None and sample.at <= known.at):
            return sample
        return replace(sample, register_kwh=(known.value if known else 0.0) + sample.interval_kwh)

    def _slopes_kw(self, sample: Sample) -> tuple[float | None, float | None]:
        """Return the mean powers [kW] into the car and out of it since the registers were last read, None where they were not."""
        pairs = ((self.register_kwh, sample.register_kwh), (self.exported_kwh, sample.exported_kwh))
        into_kw, out_kw = (_slope_kw(known, value, sample) for known, value in pairs)
        return into_kw, out_kw

    def _jumps(self, slope_kw: float | None) -> bool:
        return slope_kw is not None and not 0.0 <= slope_kw <= absurd_kw(self.evse)

    def _able_vehicle(self) -> Vehicle:
        """Return the vehicle; by a vendor's convention any car gives back, for nobody says which can."""
        return replace(self.vehicle, discharge_max_kw=None) if self.evse.negative_limits else self.vehicle


def absurd_kw(evse: Evse) -> float:
    """Return the power [kW] beyond which a reading of `evse` is not believed."""
    return ABSURD_RATINGS * max(evse.charge_max_kw, evse.discharge_max_kw)


def _slope_kw(known: Reading | None, value: float | None, sample: Sample) -> float | None:
    if known is None or value is None or sample.at < known.at:
        return None
    return (value - known.value) / _since_h(known, sample)


def _since_h(known: Reading | None, sample: Sample) -> float:
    """Return the time since a register was last read [h], at least 1 s: clocks of chargers count whole seconds."""
    return h_from_s(max(known.age_s(sample.at), 1.0)) if known else 0.0


def _emptied(outlet: Outlet) -> Outlet:
    """Return the outlet with nothing known of the car and what it took."""
    return replace(
        outlet, charged_kwh=0.0, discharged_kwh=0.0, soc_frac=None, vehicle=ONE_WAY, wishes=Wishes(), driver="", departed=False
    )


def _newer(known: Reading | None, value: float | None, at: datetime) -> Reading | None:
    return known if value is None or (known is not None and at < known.at) else Reading(value=value, at=at)


def _settled(outlet: Outlet, at: datetime, *, session_id: str = "") -> Outlet:
    """Return the outlet with a session exactly while a car is there; one that begins takes `session_id`, if given."""
    if not (outlet.plugged or outlet.transaction):
        return replace(_emptied(outlet), session_id="", plugged_in_at=None)
    if outlet.plugged_in_at is not None:
        return outlet
    return replace(outlet, session_id=session_id or f"{outlet.evse.evse_id}@{at:%Y%m%dT%H%M%SZ}", plugged_in_at=at)
