"""Mutated frames by the million against every version: `python -m tests.adapters.ocpp.campaign --frames 1000000`.

Each conversation is one hostile station's: it says what `mutants` makes of real frames, and answers what it is asked likewise,
while setpoints are sent to it. Three things must hold. Nothing but a declared error leaves the connection; every answer fits the
official schema; another station, its transactions and its setpoints are as they were.
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import structlog
from ocpp.messages import MessageType

from adapters.clock import VirtualClock
from adapters.ocpp.central import DIALECTS
from adapters.ocpp.connection import MAX_STRIKES, POLICY_VIOLATION, Connection, DisconnectedError
from adapters.ocpp.dialect import Context, Dialect
from adapters.ocpp.frames import BadFrameError, Call, CallError, CallResult, ErrorCode, decode
from adapters.ocpp.outlet import Promise, Transaction
from adapters.ocpp.pace import Pace
from adapters.ocpp.station import Station
from tests.adapters.ocpp.conftest import START, make_evse
from tests.adapters.ocpp.instances import exact, official
from tests.adapters.ocpp.mutants import Source
from tests.adapters.ocpp.pipe import Pipe
from tests.support.transactions import MemoryTransactions
from v2g.errors import V2GError
from v2g.setpoint import Setpoint
from v2g.site import Protocol

VERSIONS = {"1.6": Protocol.OCPP16, "2.0.1": Protocol.OCPP201, "2.1": Protocol.OCPP21}
CODES = {str(code) for code in ErrorCode} | {"RpcFrameworkError", "FormatViolation"}
FRAMES_EACH = 100
PATIENCE_WALL_S = 60.0  # nobody waits: every request is answered somehow
TURNS = 3000  # of the loop, for a station to be prepared
CLOSED = "too many unusable messages"


class Hostile(Pipe):
    """A station that answers what it is asked as `source` likes; what cannot be told for an answer it follows with a refusal."""

    def __init__(self, source: Source, texts: list[str | bytes]) -> None:
        super().__init__(*texts, hold_open=True)
        self._source = source

    async def recv(self) -> str | bytes:
        """Give each frame time to be served: otherwise most are one too many at once."""
        for _ in range(4):
            await asyncio.sleep(0)
        return await super().recv()

    async def send(self, message: str, /) -> None:
        await super().send(message)
        frame = json.loads(message)
        if frame[0] == MessageType.Call:
            answer = self._source.answer(frame[2], frame[1])
            self.put(answer)
            if not answers(answer, frame[1]):
                self.put(json.dumps([MessageType.CallError, frame[1], "GenericError", "", {}]))


@dataclass
class Tally:
    """What a campaign has seen."""

    frames: int = 0
    answers: int = 0
    closed: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


def answers(text: str | bytes, message_id: str) -> bool:
    """Return whether `text` answers the request `message_id`, well or badly."""
    try:
        frame = decode(text)
    except BadFrameError:
        return False
    return isinstance(frame, CallResult | CallError) and frame.message_id == message_id


async def converse(version: str, seed: int, tally: Tally, n_frames: int = FRAMES_EACH) -> None:
    """Hold one conversation and check what must hold."""
    source, clock, transactions = Source(version, seed), VirtualClock(START), MemoryTransactions()
    context = Context(
        clock=clock,
        transactions=transactions,
        pseudonym=str.lower,
        on_change=lambda: None,
        meter_interval_s=60,
        heartbeat_interval_s=300,
        boot_grace_wall_s=0.0,
        longest_lease_s=360,
    )
    protocol = VERSIONS[version]
    other = await bystander(context, protocol)
    before, kept = other.states(START, stale_after_s=180), dict(transactions.begun)
    station = Station("CP-A", [make_evse("a", "CP-A", 1, protocol, discharge_max_kw=11.0)], context.on_change)
    texts = [source.text() for _ in range(n_frames)]
    pipe = Hostile(source, texts)
    connection = Connection(
        pipe, station_id="CP-A", answer_timeout_wall_s=PATIENCE_WALL_S, on_rejected=station.count_rejected, pace=Pace()
    )
    dialect = DIALECTS[protocol](connection, station, context)

    async def send_setpoints() -> None:
        for power_kw in (7.0, -5.0, 3.0):
            setpoint = Setpoint(unit_id="a", power_kw=power_kw, valid_until=START + timedelta(minutes=15))
            outcome = await outcome_of(dialect, station, setpoint)
            tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + 1
        pipe.put(None)

    async with asyncio.timeout(PATIENCE_WALL_S), asyncio.TaskGroup() as group:
        running = group.create_task(connection.run(dialect))
        group.create_task(send_setpoints())
        await running
    tally.frames += n_frames
    assert other.states(START, stale_after_s=180) == before
    assert {number: transactions.begun[number] for number in kept} == kept
    assert not transactions.ended.keys() & kept.keys()
    tally.closed += check_answers(pipe, texts, version, tally)
    (state,) = station.states(START, stale_after_s=180)
    assert state.power_kw is None or abs(state.power_kw.value) <= 66.0
    assert state.acknowledged_kw is None or -5.0 <= state.acknowledged_kw <= 7.0
    assert station.transactions.keys() <= transactions.begun.keys() - kept.keys()


async def outcome_of(dialect: Dialect, station: Station, setpoint: Setpoint) -> str:
    """Send a setpoint, as soon as the station is ready for any, and name what became of it; only declared errors may."""
    outcome = ""
    for _ in range(TURNS):
        try:
            await dialect.set_power(station.outlets[1].evse, setpoint)
        except DisconnectedError:
            outcome = "DisconnectedError"
            await asyncio.sleep(0)
        except V2GError as error:
            return type(error).__name__
        else:
            return "Applied"
    return outcome


async def bystander(context: Context, protocol: Protocol) -> Station:
    """Return another station of the same site, with a car and a setpoint."""
    station = Station("CP-B", [make_evse("b", "CP-B", 1, protocol)], context.on_change)
    number = await context.transactions.begin(
        station_id="CP-B", connector_id=1, driver="d", meter_start_kwh=0.0, at=START, reference="other"
    )
    transaction = Transaction(transaction_id=number, driver="d", began_at=START, meter_start_kwh=0.0, reference="other")
    promise = Promise(power_kw=5.0, until=START + timedelta(hours=1), over_by=START + timedelta(hours=1))
    station.put(station.outlets[1].begun(transaction).promised(promise))
    return station


def check_answers(pipe: Pipe, texts: list[str | bytes], version: str, tally: Tally) -> bool:
    """Check each answer by the official schema; return whether the connection was closed for nonsense."""
    actions: dict[str, set[str]] = {}
    for text in texts:
        try:
            frame = decode(text)
        except BadFrameError:
            continue
        if isinstance(frame, Call):
            actions.setdefault(frame.message_id, set()).add(frame.action)
    for sent in pipe.sent:
        match json.loads(sent, parse_float=Decimal):
            case [MessageType.CallResult, str(message_id), dict(payload)]:
                (action,) = actions[message_id] if len(actions[message_id]) == 1 else ("",)
                if action:
                    official(MessageType.CallResult, action, version).validate(payload)
                tally.answers += 1
            case [MessageType.CallError, str(), str(code), str(), {}]:
                assert code in CODES, code
            case [MessageType.Call, str(), str(action), dict(payload)]:
                exact(action, version).validate(payload)
            case frame:
                raise AssertionError(frame)
    closed = pipe.closed == (POLICY_VIOLATION, CLOSED)
    assert closed or pipe.closed is None
    return closed


async def campaign(n_frames: int, seed: int) -> Tally:
    """Send `n_frames` frames over the versions in turn; raises at the first that harms."""
    tally, dice = Tally(), random.Random(seed)
    while tally.frames < n_frames:
        for version in VERSIONS:
            trial = dice.randrange(2**32)
            try:
                await converse(version, trial, tally)
            except BaseException:
                sys.stderr.write(f"OCPP {version}, seed {trial}, after {tally.frames} frames\n")
                raise
    return tally


def main() -> None:
    """Run a campaign and tell what it saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    start = time.perf_counter()
    tally = asyncio.run(campaign(asked.frames, asked.seed))
    rate = tally.frames / (time.perf_counter() - start)
    sys.stdout.write(
        f"{tally.frames} frames, {rate:.0f} a second: {tally.answers} answered, {tally.closed} connections closed after "
        f"{MAX_STRIKES} unusable frames, setpoints: {tally.outcomes}; nothing escaped, nobody else was touched\n"
    )


if __name__ == "__main__":
    main()
