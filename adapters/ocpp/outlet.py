"""What a station told of one connector, in no protocol version's words: a value, and its pure transitions."""

from dataclasses import dataclass, replace
from datetime import datetime

from v2g.observation import EvseState, Quality, Reading
from v2g.session import ChargingSession
from v2g.site import Evse
from v2g.units import h_from_s

ABSURD_RATINGS = 3.0  # a power this many times the rating is a wrong unit or a lie, not a reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A charging transaction as the store knows it; `driver` is a pseudonym."""

    transaction_id: int
    driver: str
    began_at: datetime
    meter_start_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A power [kW] that the charger acknowledged, until when, and whether it dies with the transaction."""

    power_kw: float
    until: datetime
    for_transaction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a charger measured at `at`: power [kW, + into the car], meter register [kWh], state of charge 0..1.

    `estimate_kw` is current times voltage [kW]. None where nothing usable was said.
    """

    at: datetime
    power_kw: float | None = None
    estimate_kw: float | None = None
    register_kwh: float | None = None
    soc_frac: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One connector.

    `plugged` is what the charger says; `idle` that its contactor is open, so that it draws nothing. A session lasts while
    `plugged` or while a transaction is open, and keeps the id it began with.
    """

    evse: Evse
    plugged: bool = False
    idle: bool = False
    fault: str = ""
    session_id: str = ""
    plugged_in_at: datetime | None = None
    transaction: Transaction | None = None
    charged_kwh: float = 0.0
    register_kwh: Reading | None = None
    power_kw: Reading | None = None
    soc_frac: Reading | None = None
    promise: Promise | None = None

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
            charged_kwh=self.charged_kwh,
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

        Where the contactor was open until now, the power begins at 0.
        """
        register_kwh = Reading(value=transaction.meter_start_kwh, at=transaction.began_at)
        power_kw = _newer(self.power_kw, 0.0, transaction.began_at) if self.idle else self.power_kw
        outlet = replace(self, transaction=transaction, idle=False, register_kwh=register_kwh, power_kw=power_kw)
        return _settled(outlet, transaction.began_at, session_id=f"{self.evse.evse_id}#{transaction.transaction_id}")

    def resumed(self, transaction: Transaction) -> "Outlet":
        """Return the outlet with `transaction`, open since before this process began: the session is its own, whatever was seen."""
        return replace(self, session_id="", plugged_in_at=None, charged_kwh=0.0).begun(transaction)

    def ended(self, transaction_id: int, *, meter_stop_kwh: float, at: datetime) -> "Outlet":
        """Return the outlet after `transaction_id` ended; unchanged if it was not the open one."""
        if self.transaction is None or self.transaction.transaction_id != transaction_id:
            return self
        promise = None if self.promise and self.promise.for_transaction else self.promise
        outlet = self.measured(Sample(at=at, register_kwh=meter_stop_kwh, power_kw=0.0))
        return _settled(replace(outlet, transaction=None, promise=promise), at)

    def promised(self, promise: Promise | None) -> "Outlet":
        """Return the outlet with its last acknowledged power."""
        return replace(self, promise=promise)

    def measured(self, sample: Sample) -> "Outlet":
        """Return the outlet after `sample`; what is older than what is known changes nothing.

        Power is measured, else the slope of the register, else current times voltage. A register that jumps (see
        `jump_kw`) counts for nothing and starts anew.
        """
        slope_kw = None if self.jump_kw(sample) is not None else self._slope_kw(sample)
        power_kw = next((p for p in (sample.power_kw, slope_kw, sample.estimate_kw) if p is not None), None)
        added_kwh = 0.0 if slope_kw is None else slope_kw * self._since_register_h(sample)
        return replace(
            self,
            power_kw=_newer(self.power_kw, power_kw, sample.at),
            register_kwh=_newer(self.register_kwh, sample.register_kwh, sample.at),
            soc_frac=_newer(self.soc_frac, sample.soc_frac, sample.at),
            charged_kwh=self.charged_kwh + added_kwh,
        )

    def jump_kw(self, sample: Sample) -> float | None:
        """Return the power [kW] that the register's step would take if nobody can believe it, else None."""
        slope_kw = self._slope_kw(sample)
        return None if slope_kw is None or 0.0 <= slope_kw <= absurd_kw(self.evse) else slope_kw

    def state(self, now: datetime, *, online: bool, stale_after_s: float) -> EvseState:
        """Return the outlet as the control core sees it at `now`."""
        promise = self.promise if self.promise and self.promise.until > now else None
        return EvseState(
            evse_id=self.evse.evse_id,
            online=online,
            session=self.session,
            power_kw=self._power_kw(now, online=online, stale_after_s=stale_after_s),
            acknowledged_kw=promise.power_kw if promise else None,
            lease_until=promise.until if promise else None,
            fault=self.fault,
        )

    def _power_kw(self, now: datetime, *, online: bool, stale_after_s: float) -> Reading | None:
        """Return the power with its quality by age. A connected charger whose contactor is open draws nothing."""
        reading = self.power_kw
        fresh = reading is not None and reading.age_s(now) <= stale_after_s
        if online and self.idle and not fresh:
            return Reading(value=0.0, at=now)
        return reading if reading is None or fresh else replace(reading, quality=Quality.STALE)

    def _slope_kw(self, sample: Sample) -> float | None:
        """Return the mean power [kW] since the last register value, None if there is none to compare."""
        if self.register_kwh is None or sample.register_kwh is None or sample.at < self.register_kwh.at:
            return None
        return (sample.register_kwh - self.register_kwh.value) / self._since_register_h(sample)

    def _since_register_h(self, sample: Sample) -> float:
        """Return the time since the last register value [h], at least 1 s: clocks of chargers count whole seconds."""
        return h_from_s(max(self.register_kwh.age_s(sample.at), 1.0)) if self.register_kwh else 0.0


def absurd_kw(evse: Evse) -> float:
    """Return the power [kW] beyond which a reading of `evse` is not believed."""
    return ABSURD_RATINGS * max(evse.charge_max_kw, evse.discharge_max_kw)


def _newer(known: Reading | None, value: float | None, at: datetime) -> Reading | None:
    return known if value is None or (known is not None and at < known.at) else Reading(value=value, at=at)


def _settled(outlet: Outlet, at: datetime, *, session_id: str = "") -> Outlet:
    """Return the outlet with a session exactly while a car is there; one that begins takes `session_id`, if given."""
    if not (outlet.plugged or outlet.transaction):
        return replace(outlet, session_id="", plugged_in_at=None, charged_kwh=0.0, soc_frac=None)
    if outlet.plugged_in_at is not None:
        return outlet
    return replace(outlet, session_id=session_id or f"{outlet.evse.evse_id}@{at:%Y%m%dT%H%M%SZ}", plugged_in_at=at)
