"""What units promised to keep: setpoints on their way, answered, in doubt or in force. Values only: no socket, no task."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.mqtt.messages import Ack, Held
from v2g.errors import FrameError
from v2g.setpoint import Setpoint

SAME_LEASE = timedelta(seconds=1)  # devices may round a lease that they repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """The setpoint that was sent as the `number`th, and the answer to come; `answered` once it came."""

    at: datetime
    setpoint: Setpoint
    number: int
    answer: asyncio.Future[Ack]
    answered: bool = False


class Promises:
    """Answers awaited and setpoints held, by unit.

    Of two answers the one to the later setpoint counts, in whatever order they come: a device rejects what is older than what it
    follows. Of a state and an answer the younger counts. A setpoint that nobody answered may be followed or not: nothing is known
    of its unit until it answers, answers a later one, shows it in force, or the setpoint's lease is over.
    """

    def __init__(self) -> None:
        self._n_sent = 0
        self._sent: dict[str, _Sent] = {}
        self._held: dict[str, Held] = {}
        self._accepted: dict[str, int] = {}
        self._doubts: dict[str, dict[str, _Sent]] = {}

    def expect(self, setpoint_id: str, setpoint: Setpoint, now: datetime) -> asyncio.Future[Ack]:
        """Return the future answer to a setpoint about to be sent."""
        self._n_sent += 1
        sent = _Sent(at=now, setpoint=setpoint, number=self._n_sent, answer=asyncio.get_running_loop().create_future())
        self._sent[setpoint_id] = sent
        return sent.answer

    def doubt(self, setpoint_id: str) -> None:
        """Note that a setpoint was not answered in time."""
        sent = self._sent.get(setpoint_id)
        if sent is not None and not sent.answered:
            self._doubts.setdefault(sent.setpoint.unit_id, {})[setpoint_id] = sent

    def answer(self, unit_id: str, ack: Ack, now: datetime, place: str) -> None:
        """Take an answer, also one that is too late for the sender; a repeated one changes nothing. Raises `FrameError`."""
        sent = self._sent.get(ack.setpoint_id)
        if sent is None or sent.setpoint.unit_id != unit_id:
            raise FrameError("nobody awaits this answer", place=place, mend="answer each setpoint once, on its own topic, in time")
        if sent.answered:
            return
        self._sent[ack.setpoint_id] = replace(sent, answered=True)
        self._doubts.get(unit_id, {}).pop(ack.setpoint_id, None)
        if ack.accepted and sent.number > self._accepted.get(unit_id, 0):
            self._follow(unit_id, sent.number)
            at = min(max(ack.at, sent.at), now)  # no answer is older than its setpoint, whatever the device's clock
            self._hold(unit_id, Held(at=at, setpoint_kw=ack.power_kw, lease_until=sent.setpoint.valid_until), now)
        if not sent.answer.done():
            sent.answer.set_result(ack)

    def tell(self, unit_id: str, held: Held, now: datetime) -> None:
        """Take what a unit says that it follows, unless a younger word of it is still in force."""
        held, before = replace(held, at=min(held.at, now)), self._held.get(unit_id)
        if held.setpoint_kw is None and before is not None and before.lease_until is not None:
            held = replace(held, lease_until=min(before.lease_until, held.at))  # it has had a fallback of ours, and follows that
        self._hold(unit_id, held, now)
        shown = [sent.number for sent in self._doubts_of(unit_id).values() if _shows(held, sent.setpoint)]
        if shown:
            self._follow(unit_id, max(shown))

    def held(self, unit_id: str, now: datetime) -> Held | None:
        """Return what `unit_id` last confirmed, also after its lease; None if it never did, or if it may follow something else."""
        if any(sent.setpoint.valid_until > now for sent in self._doubts_of(unit_id).values()):
            return None
        return self._held.get(unit_id)

    def forget_expired(self, now: datetime) -> None:
        """Await no answers any more to setpoints that have expired."""
        self._sent = _lasting(self._sent, now)
        doubts = ((unit_id, _lasting(sent, now)) for unit_id, sent in self._doubts.items())
        self._doubts = {unit_id: lasting for unit_id, lasting in doubts if lasting}

    def _hold(self, unit_id: str, held: Held, now: datetime) -> None:
        before = self._held.get(unit_id)
        if (
            before is None or held.at >= before.at or before.in_force_kw(now) is None
        ):  # a retained state may be older than an answer
            self._held[unit_id] = held

    def _follow(self, unit_id: str, number: int) -> None:
        """Note that the unit took the `number`th setpoint: it will take none before it."""
        self._accepted[unit_id] = max(number, self._accepted.get(unit_id, 0))
        self._doubts[unit_id] = {key: sent for key, sent in self._doubts_of(unit_id).items() if sent.number > number}

    def _doubts_of(self, unit_id: str) -> Mapping[str, _Sent]:
        return self._doubts.get(unit_id, {})


def _lasting(sent: Mapping[str, _Sent], now: datetime) -> dict[str, _Sent]:
    return {key: it for key, it in sent.items() if it.setpoint.valid_until > now}


def _shows(held: Held, setpoint: Setpoint) -> bool:
    return (
        held.lease_until is not None and held.setpoint_kw is not None and abs(held.lease_until - setpoint.valid_until) < SAME_LEASE
    )
