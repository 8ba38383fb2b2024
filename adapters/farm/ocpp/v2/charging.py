"""What a station answers about charging profiles (OCPP 2.0.1, K; OCPP 2.1, K and Q)."""

from itertools import pairwise

from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.bay import Bay
from adapters.farm.ocpp.v2.composite import composite
from adapters.farm.ocpp.v2.handling import ACCEPTED, Handler, refused
from adapters.farm.ocpp.v2.needs import is_dc
from adapters.farm.ocpp.v2.point import Point, Tell
from adapters.farm.ocpp.v2.profile import CHARGING_ONLY, DYNAMIC, MAX, SETPOINT, TX, Profile, read_profile
from adapters.farm.ocpp.v2.profiles import MAX_PERIODS, MAX_STACK_LEVEL, asked_for, named_by

STARTS = {"Absolute": True, "Recurring": True, "Relative": False}
NEEDED = {CHARGING_ONLY: "limit", SETPOINT: "setpoint"}


def set_profile(point: Point, payload: Payload) -> Payload:
    """Install a profile, if it makes sense here."""
    profile = read_profile(payload["evseId"], payload["chargingProfile"], point.clock.now())
    wrong = _misplaced(point, profile) or misformed(point, profile) or point.profiles.install(profile)
    return refused(wrong) if wrong else ACCEPTED


def clear_profiles(point: Point, payload: Payload) -> Payload:
    """Remove profiles."""
    return {"status": "Accepted" if point.profiles.remove(named_by(payload)) else "Unknown"}


def get_profiles(point: Point, payload: Payload) -> Payload:
    """Report profiles, those of one EVSE in a message."""
    chosen = [p for p in point.profiles.all if asked_for(payload)(p)]
    evse_ids = sorted({p.evse_id for p in chosen})
    for evse_id in evse_ids:
        report = {
            "requestId": payload["requestId"],
            "chargingLimitSource": "CSO",
            "evseId": evse_id,
            "chargingProfile": [p.payload for p in chosen if p.evse_id == evse_id],
            "tbc": evse_id != evse_ids[-1],
        }
        point.shell.tell(Tell(action="ReportChargingProfiles", payload=report))
    return {"status": "Accepted" if chosen else "NoProfiles"}


def composite_schedule(point: Point, payload: Payload) -> Payload:
    """Tell what all profiles come to, at one EVSE or, for EVSE 0, at all of them."""
    evse_id = payload["evseId"]
    bays = list(point.bays.values()) if evse_id == 0 else [b for b in [point.bays.get(evse_id)] if b]
    if not bays or payload["duration"] <= 0:
        return refused("UnknownEvse" if not bays else "InvalidValue")
    schedule = composite(
        point.profiles,
        [point.place(bay) for bay in bays],
        evse_id=evse_id,
        now=point.clock.now(),
        duration_s=payload["duration"],
        unit=payload.get("chargingRateUnit", "W"),
    )
    return ACCEPTED | {"schedule": schedule}


def _misplaced(point: Point, profile: Profile) -> str:
    """Return the reason code why the profile cannot be where it is to be, "" if it can."""
    bay = point.bays.get(profile.evse_id)
    if bay is None and profile.evse_id != 0:
        return "UnknownEvse"
    if profile.purpose not in point.grammar.purposes:
        return "UnsupportedPurpose"
    if profile.purpose == MAX:
        return "InvalidProfile" if bay is not None or profile.kind == "Relative" else ""
    if profile.purpose != TX:
        return ""
    transaction = bay.transaction if bay else None
    if profile.transaction_id is None:
        return "MissingParam"
    return "" if transaction and transaction.transaction_id == profile.transaction_id else "TxNotFound"


def misformed(point: Point, profile: Profile) -> str:
    """Return the reason code why the profile makes no sense, "" if it does."""
    starts = [p.start_s for p in profile.periods]
    if not 0 <= profile.stack_level <= MAX_STACK_LEVEL:
        return "InvalidStackLevel"
    if starts[0] != 0 or any(a >= b for a, b in pairwise(starts)):
        return "InvalidSchedule"
    if STARTS.get(profile.kind, profile.start is not None) != (profile.start is not None):
        return "InvalidSchedule"
    if len(starts) > (1 if profile.kind == DYNAMIC else MAX_PERIODS):
        return "InvalidSchedule"
    if any(p.phases is not None for p in profile.periods) and any(is_dc(bay.outlet.evse) for bay in _meant(point, profile)):
        return "InvalidSchedule"
    return next((wrong for p in profile.periods if (wrong := _mistaken(point, profile, p.mode, p.values))), "")


def _mistaken(point: Point, profile: Profile, mode: str, values: dict[str, float]) -> str:
    """Return the reason code why a period's values do not go with its operation mode, "" if they do."""
    if mode != CHARGING_ONLY and (mode not in point.grammar.modes or profile.purpose in {MAX, "PriorityCharging"}):
        return "UnsupportedParam"
    if mode in NEEDED and NEEDED[mode] not in values:
        return "MissingParam"
    negative = mode == CHARGING_ONLY and values["limit"] < 0.0
    return "InvalidValue" if negative and not _negative_is_meant(point, profile) else ""


def _negative_is_meant(point: Point, profile: Profile) -> bool:
    """Return whether the vendor of every outlet meant takes a negative limit for discharge: no standard does."""
    return profile.purpose != MAX and all(bay.outlet.evse.negative_limits for bay in _meant(point, profile))


def _meant(point: Point, profile: Profile) -> list[Bay]:
    return [bay for number, bay in point.bays.items() if profile.evse_id in (0, number)]


HANDLERS: dict[str, Handler] = {
    "SetChargingProfile": set_profile,
    "ClearChargingProfile": clear_profiles,
    "GetChargingProfiles": get_profiles,
    "GetCompositeSchedule": composite_schedule,
}
