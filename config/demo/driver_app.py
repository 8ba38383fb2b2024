"""What simulated drivers at chargers without a way to say so do: state their wishes through the REST API."""

from collections.abc import Awaitable, Callable

import httpx

from v2g.session import Wishes


def driver_app(client: httpx.AsyncClient) -> Callable[[str, Wishes], Awaitable[bool]]:
    """Return a function that states a driver's wishes at an outlet, and says whether they were taken."""

    async def tell(evse_id: str, wishes: Wishes) -> bool:
        body = {
            "energy_kwh": wishes.energy_kwh,
            "soc_target_frac": wishes.soc_target_frac,
            "departure": wishes.departure.isoformat() if wishes.departure else None,
            "discharge_consent": wishes.discharge_consent,
            "soc_floor_frac": wishes.soc_floor_frac,
        }
        try:
            answer = await client.post(f"api/evses/{evse_id}/wishes", json=body)
        except httpx.TransportError:
            return False
        return answer.is_success

    return tell
