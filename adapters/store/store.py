"""The database as the rest sees it: every method returns once what it was given is safely on disk."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from adapters.store import forecasting, rows, taking, transactions, visits
from adapters.store.engine import make_engine, migrate, spill_path
from adapters.store.forecasting import KeptModels, KeptPast
from adapters.store.rows import KeptWishes, Retention
from adapters.store.spill import Spill
from adapters.store.taking import Kept
from adapters.store.writer import Job, T, Writer
from v2g.errors import UnavailableError
from v2g.ports import Clock
from v2g.record import Memory, TickRecord
from v2g.session import EndedVisit, Wishes
from v2g.signals import Signal, Signals
from v2g.standing import ForecastScore
from v2g.station import Condition, HistoryPoint, OpenTransaction, Part

RETRY_S = 10.0
"""A database that did not answer is asked again after so long: asking a locked one takes 5 s, which others wait behind."""


class Store:
    """Fills the ports `Recorder` and `Transactions`; keeps signals, wishes and models beside them.

    Use it as ``async with Store(url, clock) as store``, where `url` is in SQLAlchemy's form, e.g. ``sqlite:///station.db``;
    entering brings the schema up to date. Every method raises `UnavailableError`, with what to check, if the database
    does not answer; nothing is then half kept. Only `keep` goes on without the database, by the file `spill` beside it, which
    no other store may use at the same time; `lost` counts what was damaged in that file.
    """

    def __init__(
        self, url: str, clock: Clock, *, retention: Retention | None = None, spill: Spill | None = None, retry_s: float = RETRY_S
    ) -> None:
        self._writer, self._clock, self._keep = Writer(make_engine(url)), clock, retention or Retention()
        self._spill, self._keeping, self._number, self.lost = spill or Spill(spill_path(url)), asyncio.Lock(), 0, 0
        self._retry, self._tried_at = timedelta(seconds=retry_s), clock.now()

    async def __aenter__(self) -> Self:
        """Open the database and take in what was spilled. Raises `UnavailableError` if it cannot be opened or is newer."""
        self._writer.start()
        try:
            await self._writer.run(migrate)
            self._number = max(await self._writer.aside(self._spill.open), await self._writer.run(taking.last_taken))
            await self._take_in()
        except BaseException:
            await self._writer.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish what waits, then close."""
        await self._writer.close()

    def now(self) -> datetime:
        """Return the present instant of the store's clock."""
        return self._clock.now()

    @property
    def health(self) -> Part:
        """How the database is; it is down from a failed commit until the next that succeeds."""
        trouble, waiting = self._writer.trouble, self._spill.waiting
        detail = ", ".join(said for said in (trouble, f"{waiting} writes wait beside it" if waiting else "") if said)
        condition = Condition.DOWN if trouble else Condition.DEGRADED if waiting else Condition.OK
        return Part(name="database", condition=condition, detail=detail)

    async def run(self, job: Job[T]) -> T:
        """Run a topic's own job in a transaction in the database thread; return its result once it is kept."""
        return await self._writer.run(job)

    @property
    def n_spilled(self) -> int:
        """How many writes wait in the file beside the database."""
        return self._spill.waiting

    async def keep(self, value: Kept) -> None:
        """Keep a value, in order and once; on return it is in the database or, while that does not answer, in the file beside it.

        Raises `UnavailableError` if it is in neither.
        """
        async with self._keeping:
            self._number += 1
            if not self._spill.waiting and await self._taken(value, self._number):
                return
            await self._writer.aside(partial(taking.put_aside, self._spill, self._number, value))
            if self._clock.now() - self._tried_at >= self._retry:
                with suppress(UnavailableError):  # told by `health`
                    await self._take_in()

    async def _taken(self, value: Kept, number: int) -> bool:
        try:
            await self._writer.run(partial(taking.take, number=number, value=value, now=self._clock.now(), keep=self._keep))
        except UnavailableError:
            self._tried_at = self._clock.now()
            return False
        except SQLAlchemyError as error:
            raise UnavailableError(f"the database refuses a {type(value).__name__}: {error}") from error
        return True

    async def _take_in(self) -> None:
        self._tried_at = self._clock.now()
        while self._spill.waiting:
            job = partial(taking.take_in, spill=self._spill, now=self._clock.now(), keep=self._keep)
            n, end, damaged = await self._writer.run(job)
            self.lost += damaged
            await self._writer.aside(partial(self._spill.taken, n, end))

    async def ticks(self, since: datetime, until: datetime) -> tuple[TickRecord, ...]:
        """Return the ticks in [since, until), oldest first, fit to replay."""
        return await self._writer.run(partial(rows.read_ticks, since=since, until=until))

    async def begin(
        self, *, station_id: str, connector_id: int, driver: str, meter_start_kwh: float, at: datetime, reference: str = ""
    ) -> int:
        """Keep a new transaction and return its id; the same facts, or the same `reference`, again return the same id."""
        facts = {
            "station_id": station_id,
            "connector_id": connector_id,
            "driver": driver,
            "meter_start_kwh": meter_start_kwh,
            "began_at": at,
            "reference": reference,
        }
        return await self._writer.run(partial(transactions.begin, facts=facts))

    async def end(self, *, transaction_id: int, meter_stop_kwh: float, at: datetime, reason: str) -> None:
        """Keep a transaction's end; again, or for an unknown id, changes nothing."""
        job = partial(transactions.end, transaction_id=transaction_id, meter_stop_kwh=meter_stop_kwh, at=at, reason=reason)
        await self._writer.run(job)

    async def open(self, station_id: str) -> tuple[OpenTransaction, ...]:
        """Return the station's transactions that have not ended, oldest first."""
        return await self._writer.run(partial(transactions.read_open, station_id=station_id))

    async def save_signal(self, signal: Signal, *, by: str = "") -> None:
        """Keep a signal, published `by` whom, in place of any with its id."""
        await self._writer.run(partial(rows.save_signal, signal=signal, now=self._clock.now(), by=by))

    async def withdraw_signal(self, signal_id: str, *, by: str = "") -> bool:
        """Take a signal back; it stays in the database, marked. False if there is none in force."""
        return await self._writer.run(partial(rows.withdraw_signal, signal_id=signal_id, now=self._clock.now(), by=by))

    async def signals(self) -> Signals:
        """Return the signals that are neither withdrawn nor over, in the order issued."""
        return await self._writer.run(partial(rows.read_signals, now=self._clock.now()))

    async def save_wishes(self, *, session_id: str, evse_id: str, wishes: Wishes, by: str = "") -> None:
        """Keep what a session's driver asked for, in place of what was asked before."""
        job = partial(rows.save_wishes, session_id=session_id, evse_id=evse_id, wishes=wishes, by=by)
        await self._writer.run(partial(job, now=self._clock.now(), keep=self._keep.wishes))

    async def wishes(self) -> tuple[KeptWishes, ...]:
        """Return the wishes kept."""
        return await self._writer.run(rows.read_wishes)

    async def visits(self) -> tuple[EndedVisit, ...]:
        """Return the visits kept, the first to end first, for forecasts to learn from."""
        since = self._clock.now() - self._keep.visits
        return await self._writer.run(partial(visits.read, since=since))

    async def history(self, hours_h: float) -> tuple[HistoryPoint, ...]:
        """Return the points of the last `hours_h` hours, oldest first."""
        since = self._clock.now() - timedelta(hours=hours_h)
        return await self._writer.run(partial(rows.read_points, since=since))

    async def past(self, since: datetime, until: datetime) -> KeptPast:
        """Return the history in [since, until) as columns, for forecasts to learn from; others wait for as long as it takes."""
        return await self._writer.run(partial(forecasting.read_past, since=since, until=until))

    async def save_models(self, *, trained_at: datetime, schema: int, said: str, packed: bytes) -> int:
        """Keep trained models and return their version."""
        job = partial(forecasting.save_models, trained_at=trained_at, schema=schema, said=said, packed=packed)
        return await self._writer.run(job)

    async def models(self, schema: int) -> tuple[KeptModels, ...]:
        """Return the trained models kept, of this `schema`, the latest first."""
        return await self._writer.run(partial(forecasting.read_models, schema=schema))

    async def scores(self, since: datetime) -> tuple[ForecastScore, ...]:
        """Return how forecasts did from `since` on, oldest first."""
        return await self._writer.run(partial(forecasting.read_scores, since=since))

    async def memory(self) -> Memory | None:
        """Return the memory kept, None if there is none."""
        return await self._writer.run(rows.read_memory)
