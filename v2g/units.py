"""Conversions between physical units; the only place where they are written down."""

SECONDS_PER_HOUR = 3600.0
MINUTES_PER_HOUR = 60.0


def kw_from_a(current_a: float, *, voltage_v: float, phases: int) -> float:
    """Return the active power [kW] of a balanced current [A] per phase at unity power factor; voltage is phase to neutral [V]."""
    return current_a * voltage_v * phases / 1000.0


def a_from_kw(power_kw: float, *, voltage_v: float, phases: int) -> float:
    """Return the current [A] per phase of a balanced active power [kW] at unity power factor; inverse of `kw_from_a`."""
    return power_kw * 1000.0 / (voltage_v * phases)


def kw_from_w(power_w: float) -> float:
    """Convert [W] to [kW]."""
    return power_w / 1000.0


def w_from_kw(power_kw: float) -> float:
    """Convert [kW] to [W]."""
    return power_kw * 1000.0


def kwh_from_wh(energy_wh: float) -> float:
    """Convert [Wh] to [kWh]."""
    return energy_wh / 1000.0


def wh_from_kwh(energy_kwh: float) -> float:
    """Convert [kWh] to [Wh]."""
    return energy_kwh * 1000.0


def h_from_s(seconds: float) -> float:
    """Convert [s] to [h]."""
    return seconds / SECONDS_PER_HOUR
