"""Small stations and visits for the farm's tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from v2g.site import Circuit, Evse, Protocol, Site, Tariff

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def outlet(name: str = "A", **changes: Any) -> Evse:
    """Return an 11 kW AC outlet that can discharge, 6 A at least."""
    values = {
        "evse_id": name,
        "station_id": f"station-{name}",
        "protocol": Protocol.MQTT,
        "circuit_id": "main",
        "charge_max_kw": 11.04,
        "charge_min_kw": 4.14,
        "discharge_max_kw": 11.04,
    }
    return Evse(**{**values, **changes})


def station(*evses: Evse, **changes: Any) -> Site:
    """Return a station of these outlets (one if none are given) on one circuit of 100 kW."""
    values = {
        "site_id": "test",
        "name": "Test",
        "time_zone": "Asia/Shanghai",
        "currency": "CNY",
        "circuits": (Circuit(circuit_id="main", import_limit_kw=100.0, export_limit_kw=50.0),),
        "evses": evses or (outlet(),),
        "tariff": Tariff(base_price_per_kwh=1.0),
    }
    return Site(**{**values, **changes})


def stay(evse_id: str = "A", *, hours_h: float = 8.0, after_h: float = 0.0, **changes: Any) -> Visit:
    """Return a 60 kWh car that comes half full and asks for 15 kWh."""
    arrives_at = START + timedelta(hours=after_h)
    values = {
        "evse_id": evse_id,
        "driver": "driver-1",
        "arrives_at": arrives_at,
        "leaves_at": arrives_at + timedelta(hours=hours_h),
        "capacity_kwh": 60.0,
        "soc_frac": 0.5,
        "charge_max_kw": 11.04,
        "energy_kwh": 15.0,
        "wake_s": 0.0,
    }
    return Visit(**{**values, **changes})


def v2g_stay(evse_id: str = "A", **changes: Any) -> Visit:
    """Return the same car, able and allowed to discharge."""
    return stay(evse_id, **{"discharge_max_kw": 11.04, "consent": True, **changes})


def always(value: float) -> StepSeries:
    """Return a series that never changes."""
    return StepSeries.constant(value, START)
