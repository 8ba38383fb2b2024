"""The configuration keys of a charge point (OCPP 1.6, section 9)."""

from typing import Any

from adapters.farm.ocpp.v16.profiles import MAX_PERIODS, MAX_PROFILES, MAX_STACK_LEVEL

ONE_WAY = ("Power.Active.Import", "Energy.Active.Import.Register", "SoC", "Power.Offered")
MEASURANDS = (*ONE_WAY, "Power.Active.Export", "Energy.Active.Export.Register")
HEARTBEAT, SAMPLE, MEASURED = "HeartbeatInterval", "MeterValueSampleInterval", "MeterValuesSampledData"


class Settings:
    """Keys and values; intervals are in seconds of the farm's clock."""

    def __init__(self, n_connectors: int, sample_s: float, *, gives_back: bool = False) -> None:
        measured = MEASURANDS if gives_back else ONE_WAY
        self._changeable = {HEARTBEAT: "300", SAMPLE: str(round(sample_s)), MEASURED: ",".join(measured)}
        self._fixed = {
            "NumberOfConnectors": str(n_connectors),
            "SupportedFeatureProfiles": "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
            "ChargeProfileMaxStackLevel": str(MAX_STACK_LEVEL),
            "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
            "ChargingScheduleMaxPeriods": str(MAX_PERIODS),
            "MaxChargingProfilesInstalled": str(MAX_PROFILES),
            "AuthorizeRemoteTxRequests": "false",
            "LocalPreAuthorize": "true",
        }

    def seconds(self, key: str) -> float:
        """Return an interval [s]; 0 means never."""
        return float(self._changeable[key])

    @property
    def measurands(self) -> tuple[str, ...]:
        """What each sample contains."""
        return tuple(self._changeable[MEASURED].split(","))

    def change(self, key: str, value: str) -> str:
        """Set a key; return the ConfigurationStatus."""
        if key in self._fixed:
            return "Rejected"
        if key not in self._changeable:
            return "NotSupported"
        parts = value.replace(" ", "").split(",")
        allowed = all(part in MEASURANDS for part in parts) if key == MEASURED else value.isdecimal()
        if not allowed:
            return "Rejected"
        self._changeable[key] = ",".join(parts)
        return "Accepted"

    def listing(self, keys: list[str]) -> dict[str, Any]:
        """Return the answer to GetConfiguration: the named keys, all if none are named."""
        known = {**self._changeable, **self._fixed}
        chosen = [key for key in keys or known if key in known]
        rows = [{"key": key, "readonly": key in self._fixed, "value": known[key]} for key in chosen]
        return {"configurationKey": rows, "unknownKey": [key for key in keys if key not in known]}
