"""All charging profiles of a station, and what they come to (OCPP 2.0.1, K01 and K10; OCPP 2.1, K).

At an EVSE hold, of the TxProfiles of its transaction, the one of the highest stack level that speaks now; without any, likewise of
its TxDefaultProfiles (those for EVSE 0 stand for every EVSE). Priority charging, while it is used, stands before both. The
ChargingStationMaxProfile, of which each EVSE has an equal share, caps what is drawn.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.farm.ocpp.changes import AHEAD, soonest
from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.profile import DEFAULT, MAX, PRIORITY, TX, Order, Profile
from v2g.site import Evse

MAX_STACK_LEVEL, MAX_PERIODS, MAX_PROFILES = 9, 24, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where profiles are asked what holds: an EVSE of `n_evses`, its transaction, and for how long the station is cut off.

    `gives_kw` is the most that its car can and may give back [kW, ≥ 0].
    """

    evse: Evse
    n_evses: int
    transaction_id: str | None = None
    began_at: datetime | None = None
    priority: bool = False
    offline_s: float = 0.0
    gives_kw: float = 0.0


class Profiles:
    """The profiles installed on one station."""

    def __init__(self) -> None:
        self._installed: tuple[Profile, ...] = ()

    @property
    def all(self) -> tuple[Profile, ...]:
        """Every installed profile."""
        return self._installed

    def find(self, profile_id: int) -> Profile | None:
        """Return the profile of that id, None if there is none."""
        return next((p for p in self._installed if p.profile_id == profile_id), None)

    def install(self, profile: Profile) -> str:
        """Install a profile, in place of one with its id; return "", or the reason code why it cannot be."""
        kept = tuple(p for p in self._installed if p.profile_id != profile.profile_id)
        if any(profile.overlaps(p) for p in kept):
            return "DuplicateProfile"
        if len(kept) >= MAX_PROFILES:
            return "NoProfileSpace"
        self._installed = (*kept, profile)
        return ""

    def exchange(self, profile: Profile) -> None:
        """Put a profile in the place of the one with its id."""
        self._installed = tuple(profile if p.profile_id == profile.profile_id else p for p in self._installed)

    def remove(self, fits: Callable[[Profile], bool]) -> int:
        """Remove every profile that `fits`; return how many did."""
        kept = tuple(p for p in self._installed if not fits(p))
        removed, self._installed = len(self._installed) - len(kept), kept
        return removed

    def end_transaction(self, transaction_id: str) -> None:
        """Forget the TxProfiles of a transaction that has ended."""
        self.remove(lambda p: p.transaction_id == transaction_id)

    def forget_invalid(self, offline_s: float) -> None:
        """Remove what does not survive `offline_s` without the central system and is not to come back with it."""
        self.remove(lambda p: p.dies_offline and not p.survives(offline_s))

    def order(self, place: Place, now: datetime) -> Order:
        """Return what holds at `place` at `now`: its own fallback where no profile but the station's maximum speaks."""
        purposes = (*((PRIORITY,) if place.priority else ()), TX, DEFAULT)
        spoken = (self._highest(purpose, place, now) for purpose in purposes)
        own = next((order for order in spoken if order is not None), Order(power_kw=place.evse.fallback_kw))
        whole = self._highest(MAX, place, now)
        cap_kw = math.inf if whole is None else whole.power_kw / place.n_evses
        return replace(own, power_kw=min(max(own.power_kw, -place.gives_kw), cap_kw))

    def next_change(self, place: Place, now: datetime) -> datetime | None:
        """Return when what holds at `place` may change after `now`, None if it does not in the next hour."""
        return soonest((at for p in self.spoken_to(place) for at in p.changes(place.began_at, now, now + AHEAD)), after=now)

    def spoken_to(self, place: Place) -> tuple[Profile, ...]:
        """Return the profiles that may ever speak at `place`."""
        return tuple(p for p in self._installed if _is_for(p, place))

    def _highest(self, purpose: str, place: Place, now: datetime) -> Order | None:
        stack = [p for p in self._installed if p.purpose == purpose and _is_for(p, place)]
        for profile in sorted(stack, key=lambda p: (-p.stack_level, -p.evse_id)):
            order = profile.order(now, place.began_at, place.evse)
            if order is not None:
                return order
        return None


def _is_for(profile: Profile, place: Place) -> bool:
    here = profile.evse_id in (0, place.evse.connector_id)
    mine = profile.transaction_id in (None, place.transaction_id)
    return here and mine and profile.survives(place.offline_s)


def named_by(payload: Payload) -> Callable[[Profile], bool]:
    """Return whether a profile fits the id or else all criteria of a ClearChargingProfile."""
    profile_id = payload.get("chargingProfileId")
    if profile_id is not None:
        return lambda p: p.profile_id == profile_id
    criteria = payload.get("chargingProfileCriteria", {})
    return lambda p: _fits(p, criteria, criteria.get("evseId"))


def asked_for(payload: Payload) -> Callable[[Profile], bool]:
    """Return whether a profile fits a GetChargingProfiles; all of them were set by the operator's central system."""
    criteria = payload["chargingProfile"]
    ids, sources = criteria.get("chargingProfileId"), criteria.get("chargingLimitSource", ["CSO"])
    if "CSO" not in sources:
        return lambda _: False
    return lambda p: (ids is None or p.profile_id in ids) and _fits(p, criteria, payload.get("evseId"))


def _fits(profile: Profile, criteria: Payload, evse_id: int | None) -> bool:
    wanted = {
        "evse_id": evse_id,
        "purpose": criteria.get("chargingProfilePurpose"),
        "stack_level": criteria.get("stackLevel"),
    }
    return all(value is None or getattr(profile, name) == value for name, value in wanted.items())
