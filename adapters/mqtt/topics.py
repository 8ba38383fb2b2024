"""Topic names of one site; the only place where they are put together. The contract is docs/mqtt.md."""

from v2g.errors import SiteError

SETPOINT, ACK, STATE, STATUS = "setpoint", "ack", "state", "status"


class Topics:
    """Topics under ``v2g/v1/{site_id}``.

    Raises `SiteError` where an id cannot be a topic level: empty, or holding ``/``, ``+``, ``#`` or NUL (MQTT 5.0, 4.7).
    """

    def __init__(self, site_id: str) -> None:
        self.root = f"v2g/v1/{_level(site_id)}"
        self.daemon_status = f"{self.root}/daemon/{STATUS}"
        self.plan = f"{self.root}/plan"

    def station_status(self, station_id: str) -> str:
        """Return where a charger says whether it is connected."""
        return f"{self.root}/station/{_level(station_id)}/{STATUS}"

    def evse(self, station_id: str, connector_id: int, leaf: str) -> str:
        """Return an outlet's topic; `leaf` is "state", "setpoint" or "ack"."""
        return f"{self.root}/station/{_level(station_id)}/evse/{connector_id}/{leaf}"

    def battery(self, battery_id: str, leaf: str) -> str:
        """Return a battery's topic; `leaf` is "status", "state", "setpoint" or "ack"."""
        return f"{self.root}/battery/{_level(battery_id)}/{leaf}"

    def asset(self, asset_id: str, leaf: str) -> str:
        """Return an asset's or curtailable PV array's topic; `leaf` is "status", "state", "setpoint" or "ack"."""
        return f"{self.root}/asset/{_level(asset_id)}/{leaf}"

    def meter(self, name: str) -> str:
        """Return a meter's topic."""
        return f"{self.root}/meter/{_level(name)}"

    @property
    def from_devices(self) -> tuple[str, ...]:
        """Filters for all that devices send; wide, so that a device which the site file forgot is noticed."""
        return (f"{self.root}/station/+/{STATUS}", f"{self.root}/station/+/evse/+/{STATE}", f"{self.root}/station/+/evse/+/{ACK}",
                f"{self.root}/battery/+/{STATUS}", f"{self.root}/battery/+/{STATE}", f"{self.root}/battery/+/{ACK}",
                f"{self.root}/asset/+/{STATUS}", f"{self.root}/asset/+/{STATE}", f"{self.root}/asset/+/{ACK}",
                f"{self.root}/meter/+")  # fmt: skip


def _level(name: str) -> str:
    if not name or any(character in name for character in "/+#\0"):
        raise SiteError(f"{name!r} cannot be part of an MQTT topic", mend="choose an id without '/', '+' and '#'")
    return name
