"""People's orders to outlets over the gateway and the database: fills `v2g.overrides.Overrides`."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from adapters.store import overrides
from adapters.store.store import Store
from config.station.gateway import SiteGateway
from v2g.archive import Place
from v2g.errors import OverrideError
from v2g.overrides import Override, OverrideKind, PastOverride, check_override
from v2g.ports import Clock
from v2g.site import Site


class Orders:
    """Orders kept in `store` and in force in `gateway`; `hurry` asks for a new plan."""

    def __init__(self, site: Site, clock: Clock, gateway: SiteGateway, store: Store, hurry: Callable[[], None]) -> None:
        self._site, self._clock, self._gateway, self._store, self._hurry = site, clock, gateway, store, hurry

    async def restore(self) -> None:
        """Put in force again what was before a restart."""
        kept = await self._store.run(partial(overrides.read_active, now=self._clock.now()))
        self._gateway.overrides.update({override.evse_id: override for override in kept})

    def active(self) -> tuple[Override, ...]:
        """Return the orders whose time is now, the oldest first."""
        now = self._clock.now()
        orders = [o for o in self._gateway.overrides.values() if o.issued_at <= now < o.until]
        return tuple(sorted(orders, key=lambda o: (o.issued_at, o.override_id)))

    async def order(self, override: Override) -> None:
        """Put an order in force in place of an earlier one for that outlet."""
        now = self._clock.now()
        check_override(override, self._site, now)
        if override.kind is OverrideKind.CHARGE_NOW and not self._car_at(override.evse_id, now):
            raise OverrideError("no car is plugged in", place="evse_id", mend="plug it in first")
        await self._store.run(partial(overrides.save, override=override, now=now))
        self._gateway.overrides[override.evse_id] = override
        self._hurry()

    async def lift(self, evse_id: str, by: str) -> bool:
        """End an outlet's order; False if there is none."""
        lifted = await self._store.run(partial(overrides.lift, evse_id=evse_id, now=self._clock.now(), by=by))
        if self._gateway.overrides.pop(evse_id, None) or lifted:
            self._hurry()
        return lifted

    async def past(self, *, before: Place | None, limit: int) -> tuple[PastOverride, ...]:
        """Return up to `limit` orders, the newest first, older than that with this instant and id."""
        return await self._store.run(partial(overrides.read_past, before=before, limit=limit))

    def _car_at(self, evse_id: str, now: datetime) -> bool:
        return any(s.evse_id == evse_id and s.session is not None for s in self._gateway.glance(now).evses)
