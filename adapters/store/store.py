"""The database as the rest sees it: every method returns once what it was given is safely on disk."""

from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from adapters.store import forecasting, rows, transactions, visits
from adapters.store.engine import make_engine, migrate
from adapters.store.forecasting import KeptModels, KeptPast
from adapters.store.rows import KeptWishes, Retention
from adapters.store.writer import Writer
from v2g.ports import Clock
from v2g.record import Memory, TickRecord
from v2g.session import EndedVisit, Wishes
from v2g.signals import Signal, Signals
from v2g.standing import ForecastScore
from v2g.station import Condition, HistoryPoint, OpenTransaction, Part


class Store:
    """Fills the ports `Recorder` and `Transactions`; keeps signals, wishes, history and the tick's memory beside them.

    Use it as ``async with Store(url, clock) as store``, where `url` is in SQLAlchemy's form, e.g. ``sqlite:///station.db``;
    entering brings the schema up to date. Every method raises `UnavailableError`, with what to check, if the database
    does not answer; nothing is then half kept.
    """

    def __init__(self, url: str, clock: Clock, *, retention: Retention | None = None) -> None:
        self._writer, self._clock, self._keep = Writer(make_engine(url)), clock, retention or Retention()

    async def __aenter__(self) -> Self:
        """Open the database. Raises `UnavailableError` if it cannot be opened or a newer version wrote it."""
        self._writer.start()
        try:
            await self._writer.run(migrate)
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
        trouble = self._writer.trouble
        return Part(name="database", condition=Condition.DOWN if trouble else Condition.OK, detail=trouble)

    async def write(self, record: TickRecord) -> None:
        """Keep one tick, whole, and forget ticks past their retention."""
        await self._writer.run(partial(rows.write_tick, record=record, keep=self._keep.ticks))

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

    async def save_signal(self, signal: Signal) -> None:
        """Keep a signal, in place of any with its id."""
        await self._writer.run(partial(rows.save_signal, signal=signal))

    async def withdraw_signal(self, signal_id: str) -> bool:
        """Take a signal back; it stays in the database, marked. False if there is none in force."""
        return await self._writer.run(partial(rows.withdraw_signal, signal_id=signal_id, now=self._clock.now()))

    async def signals(self) -> Signals:
        """Return the signals that are neither withdrawn nor over, in the order issued."""
        return await self._writer.run(partial(rows.read_signals, now=self._clock.now()))

    async def save_wishes(self, *, session_id: str, evse_id: str, wishes: Wishes) -> None:
        """Keep what a session's driver asked for, in place of what was asked before."""
        keep, now = self._keep.wishes, self._clock.now()
        await self._writer.run(partial(rows.save_wishes, session_id=session_id, evse_id=evse_id, wishes=wishes, now=now, keep=keep))

    async def wishes(self) -> tuple[KeptWishes, ...]:
        """Return the wishes kept."""
        return await self._writer.run(rows.read_wishes)

    async def save_visit(self, visit: EndedVisit) -> None:
        """Keep a visit that ended."""
        await self._writer.run(partial(visits.save, visit=visit, keep=self._keep.visits))

    async def visits(self) -> tuple[EndedVisit, ...]:
        """Return the visits kept, the first to end first, for forecasts to learn from."""
        since = self._clock.now() - self._keep.visits
        return await self._writer.run(partial(visits.read, since=since))

    async def append_point(self, point: HistoryPoint) -> None:
        """Keep a history point, in place of any at its instant."""
        await self._writer.run(partial(rows.append_point, point=point, keep=self._keep.history))

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

    async def save_score(self, score: ForecastScore) -> None:
        """Keep how a forecast did."""
        await self._writer.run(partial(forecasting.save_score, score=score, keep=self._keep.visits))

    async def scores(self, since: datetime) -> tuple[ForecastScore, ...]:
        """Return how forecasts did from `since` on, oldest first."""
        return await self._writer.run(partial(forecasting.read_scores, since=since))

    async def save_memory(self, memory: Memory) -> None:
        """Keep what the next tick needs, in place of the last."""
        await self._writer.run(partial(rows.save_memory, memory=memory, now=self._clock.now()))

    async def memory(self) -> Memory | None:
        """Return the memory kept, None if there is none."""
        return await self._writer.run(rows.read_memory)
