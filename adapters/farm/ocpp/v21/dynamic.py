"""Dynamic schedules: one period, whose values are pushed to the station or pulled by it (OCPP 2.1, K28 and K29)."""

from datetime import datetime, timedelta
from functools import partial

from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.handling import ACCEPTED, Handler, refused
from adapters.farm.ocpp.v2.point import Point, Tell
from adapters.farm.ocpp.v2.profile import DYNAMIC, Profile


def update(point: Point, payload: Payload) -> Payload:
    """Take new values for a Dynamic profile."""
    profile = point.profiles.find(payload["chargingProfileId"])
    if profile is None or profile.kind != DYNAMIC:
        return refused("UnknownProfile")
    point.profiles.exchange(profile.updated(payload["scheduleUpdate"], point.clock.now()))
    return ACCEPTED


def pull(point: Point, now: datetime) -> None:
    """Ask for new values of every profile that is to be asked for again."""
    for profile in point.profiles.all:
        if profile.kind == DYNAMIC and profile.pull_s > 0.0 and now - profile.asked_at >= timedelta(seconds=profile.pull_s):
            point.profiles.exchange(profile.asked(now))
            request, then = {"chargingProfileId": profile.profile_id}, partial(_pulled, point, profile)
            point.shell.tell(Tell(action="PullDynamicScheduleUpdate", payload=request, then=then))


def _pulled(point: Point, asked: Profile, answer: Payload) -> None:
    profile = point.profiles.find(asked.profile_id)
    if profile is not None and answer["status"] == "Accepted" and "scheduleUpdate" in answer:
        now = point.clock.now()
        point.profiles.exchange(profile.updated(answer["scheduleUpdate"], now))
        point.settle(now)


HANDLERS: dict[str, Handler] = {"UpdateDynamicSchedule": update}
