"""A bidirectional charger on MQTT, one for all outlets of a station."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import uuid4

from adapters.farm.leases import Leases
from adapters.farm.mqtt.desk import Desk
from adapters.farm.mqtt.line import Line
from adapters.farm.mqtt.messages import Payload, root
from adapters.farm.ocpp.manners import Manners
from adapters.farm.outlet import Outlet
from adapters.farm.visit import Visit
from adapters.mqtt_client import Broker
from v2g.ports import Clock


class _Seat:
    """An outlet with its desk and the session at it; a session is new after a restart too."""

    def __init__(self, outlet: Outlet, leases: Leases) -> None:
        self.outlet = outlet
        self.desk = Desk(outlet.unit, leases, lambda: (outlet.evse.charge_max_kw, outlet.discharge_max_kw), keeps_fallback=True)
        self._told: Payload = {}
        self._imported_kwh = self._exported_kwh = 0.0

    def open_session(self, visit: Visit, now: datetime) -> None:
        self._imported_kwh, self._exported_kwh = self.outlet.imported_kwh, self.outlet.exported_kwh
        self._told = {
            "session_id": uuid4().hex,
            "plugged_in_at": now,
            "driver": visit.driver,
            "vehicle": asdict(visit.vehicle),
            "wishes": asdict(visit.wishes),
        }

    def state(self, now: datetime) -> Payload:
        setpoint_kw, lease_until = self.desk.in_force(now)
        plugged = self.outlet.visit is not None
        return {
            "at": now,
            "plugged": plugged,
            "session": self._session(now) if plugged else None,
            "power_kw": self.outlet.power_kw,
            "setpoint_kw": setpoint_kw,
            "lease_until": lease_until,
            "fault": "",
        }

    def _session(self, now: datetime) -> Payload:
        return {
            **self._told,
            "charged_kwh": self.outlet.imported_kwh - self._imported_kwh,
            "discharged_kwh": self.outlet.exported_kwh - self._exported_kwh,
            "soc_frac": self.outlet.soc_frac,
            "soc_at": now,
        }


class MqttCharger:
    """Fills `Charger`. `touch()` brings the farm to the present before a setpoint changes anything."""

    def __init__(
        self,
        station_id: str,
        outlets: Sequence[Outlet],
        *,
        site_id: str,
        leases: Leases,
        broker: Broker,
        clock: Clock,
        touch: Callable[[], None],
        period_s: float,
        manners: Manners,
    ) -> None:
        self.name = station_id
        self._base = f"{root(site_id)}/station/{station_id}"
        self._seats = {f"{self._base}/evse/{o.evse.connector_id}": _Seat(o, leases) for o in outlets}
        self._by_unit = {seat.outlet.unit: seat for seat in self._seats.values()}
        self._line, self._manners = Line(self, broker, clock, period_s, manners), manners
        self._clock, self._touch, self._leases, self._alive = clock, touch, leases, True

    @property
    def status_topic(self) -> str:
        """Where it says that it is online."""
        return f"{self._base}/status"

    @property
    def setpoint_topics(self) -> tuple[str, ...]:
        """One for each outlet."""
        return tuple(f"{place}/setpoint" for place in self._seats)

    async def run(self) -> None:
        """Keep the connection for ever."""
        await self._line.run()

    def states(self, now: datetime) -> list[tuple[str, Payload]]:
        """Return the state of each outlet."""
        return [(f"{place}/state", seat.state(now)) for place, seat in self._seats.items()]

    def answer(self, topic: str, raw: bytes, now: datetime) -> tuple[str, Payload] | None:
        """Take a setpoint for one of the outlets, or do what the manners say instead."""
        if self._manners.silent:
            return None
        place = topic.removesuffix("/setpoint")
        desk = self._seats[place].desk
        if self._manners.refuses or self._manners.ignores:
            ack = desk.pretend(raw, now, accepts=not self._manners.refuses)
        else:
            self._touch()
            ack = desk.handle(raw, now)
        return None if ack is None else (f"{place}/ack", ack)

    def plugged(self, unit: int, visit: Visit) -> None:
        """Note a car: a new session begins."""
        seat = self._by_unit[unit]
        seat.outlet.visit = visit
        seat.open_session(visit, self._clock.now())
        self._line.hurry()

    def unplugged(self, unit: int) -> None:
        """Note that the car has gone; a discharge setpoint does not wait for the next one."""
        seat = self._by_unit[unit]
        seat.outlet.visit = None
        setpoint_kw, _ = seat.desk.in_force(self._clock.now())
        if setpoint_kw is not None and setpoint_kw < 0.0:
            self._leases.revoke(unit)
        self._line.hurry()

    def settle(self, now: datetime) -> None:
        """Leases keep the limits; without power there is none."""
        del now
        if not self._alive:
            for unit in self._by_unit:
                self._leases.grant(unit, 0.0, float("inf"))

    def cut(self) -> None:
        """Lose the network."""
        self._line.lifeline.cut()

    def mend(self) -> None:
        """Find the network again."""
        if self._alive:
            self._line.lifeline.mend()

    def kill(self) -> None:
        """Lose all power."""
        self._alive = False
        self.cut()

    def revive(self) -> None:
        """Boot: leases are forgotten, the last fallback is not, and a car that is there has a new session."""
        self._alive = True
        for unit, seat in self._by_unit.items():
            self._leases.revoke(unit)
            if seat.outlet.visit is not None:
                seat.open_session(seat.outlet.visit, self._clock.now())
        self.mend()
