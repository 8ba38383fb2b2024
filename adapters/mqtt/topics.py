"""Topic names of one site; the only place where they are put together. The contract is docs/mqtt.md."""

import re

from v2g.errors import SiteError

VERSION = "v1"
"""Of the contract: what says another one is refused as a whole."""
SETPOINT, ACK, STATE, STATUS = "setpoint", "ack", "state", "status"


class Topics:
    """Topics under ``v2g/{VERSION}/{site_id}``.

    Raises `SiteError` where an id cannot be a topic level: empty, or holding ``/``, ``+``, ``#`` or NUL (MQTT 5.0, 4.7).
    """

    def __init__(self, site_id: str) -> None:
        self._site_id = _level(site_id)
        self.root = f"v2g/{VERSION}/{site_id}"
        self.daemon_status = f"{self.root}/daemon/{STATUS}"
        self.plan = f"{self.root}/plan"
        self.shown_site, self.all_shown = f"{self.root}/shown/site", f"{self.root}/shown/#"

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

    def shown_outlet(self, evse_id: str) -> str:
        """Return where the daemon shows an outlet, whatever its protocol."""
        return f"{self.root}/shown/outlet/{_level(evse_id)}"

    @property
    def from_devices(self) -> tuple[str, ...]:
        """Filters for all that devices send; wide, so that one is noticed that the site file forgot or of another version."""
        kinds, whose = ("station", "battery", "asset"), ("station/+/evse", "battery", "asset")
        return (*(f"v2g/+/{self._site_id}/{kind}/+/{STATUS}" for kind in kinds),
                *(f"{self.root}/{who}/+/{leaf}" for who in whose for leaf in (STATE, ACK)),
                f"{self.root}/meter/+")  # fmt: skip

    def other_version(self, topic: str) -> str | None:
        """Return the version that `topic` of this site has if it is not ours."""
        found = re.match(rf"v2g/([^/]+)/{re.escape(self._site_id)}/", topic)
        return found[1] if found and found[1] != VERSION else None


def _level(name: str) -> str:
    if not name or any(character in name for character in "/+#\0"):
        raise SiteError(f"{name!r} cannot be part of an MQTT topic", mend="choose an id without '/', '+' and '#'")
    return name
