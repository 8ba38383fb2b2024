"""Learning beside the control loop: nightly and when what is known is old, in a process of its own, kept in the database.

A job of the calendar only puts a command on a queue. Whatever fails, the models in use stay and the trouble is told.
"""

import asyncio
from collections.abc import Container
from contextlib import suppress
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import numpy as np
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from adapters.store.store import Store
from forecasts.forecaster import SeasonalForecaster
from forecasts.history import History
from forecasts.process import TrainingProcess
from forecasts.training import Models, rehearse
from v2g.errors import V2GError
from v2g.ports import Clock
from v2g.station import Condition, Part

log = structlog.get_logger(__name__)
NIGHT_H = 3
"""Local hour of the nightly training, when cars rest and so do people."""
TRAIN_DAYS = 365
CHUNK = timedelta(days=7)
"""Read at once: 10,000 rows take the database thread some 40 ms, in which a charger waits."""
STALE = timedelta(hours=36)
LATE_S = 3600


class Learning:
    """Trains a forecaster's models; `run` does so until it is cancelled. `trouble` says why the last attempt failed, "" if not."""

    def __init__(
        self, forecaster: SeasonalForecaster, store: Store, clock: Clock, *, process: TrainingProcess, holidays: Container[date]
    ) -> None:
        self._forecaster, self._store, self._clock = forecaster, store, clock
        self._process, self._holidays = process, holidays
        self._commands: asyncio.Queue[str] = asyncio.Queue(1)
        self._trained_at: datetime | None = None
        self._said = "nothing learnt yet"
        self.trouble = ""

    async def recall(self) -> None:
        """Use the latest models that are kept and sound, and what is known of how forecasts did."""
        form = await _form()
        lessons, now = self._forecaster.lessons(self._clock.now()), self._clock.now()
        for kept in await self._store.models(form.SCHEMA):
            try:
                models: Models = form.unpack(Models, kept.packed, self._holidays)
                rehearse(models, lessons)
            except V2GError as error:
                self._fail(f"version {kept.version} cannot be used: {error}")
                continue
            self._adopt(models, kept.version, kept.trained_at)
            break
        self._forecaster.watch.recall(await self._store.scores(now - CHUNK * 2))

    async def run(self, time_zone: str) -> None:
        """Use what was learnt before; learn at night in `time_zone`, and at once where the models are old or there are none."""
        await self.recall()
        calendar = AsyncIOScheduler(timezone=time_zone)
        trigger = CronTrigger(hour=NIGHT_H, timezone=time_zone)
        calendar.add_job(self._ask, trigger, coalesce=True, max_instances=1, misfire_grace_time=LATE_S)
        calendar.start()
        if self._trained_at is None or self._clock.now() - self._trained_at > STALE:
            await self._ask()
        try:
            while True:
                await self._commands.get()
                await self.learn()
        finally:
            calendar.shutdown(wait=False)

    async def learn(self) -> None:
        """Learn from all that the database holds, once; what fails is told in `trouble`."""
        now = self._clock.now()
        try:
            load, pv = await read_meters(self._store, now, TRAIN_DAYS)
            lessons = self._forecaster.lessons(now, load=load, pv=pv)
            if not lessons.enough:
                return
            packed, form = await self._process.train(lessons), await _form()
            models: Models = form.unpack(Models, packed, self._holidays)
            version = await self._store.save_models(trained_at=now, schema=form.SCHEMA, said=models.said, packed=packed)
        except V2GError as error:
            self._fail(str(error))
            return
        self._adopt(models, version, now)

    @property
    def health(self) -> Part:
        """How the forecasts are: degraded where learning failed or a model lost to its baseline and gave way."""
        lost = [s.signal for s in self._forecaster.watch.standings if not s.model_in_use]
        given_way = f"{', '.join(lost)}: the model lost to the baseline, which speaks" if lost else ""
        trouble = "; ".join(text for text in (self.trouble, given_way) if text)
        detail = "; ".join(text for text in (self._said, trouble) if text)
        return Part(name="forecasts", condition=Condition.DEGRADED if trouble else Condition.OK, detail=detail)

    async def _ask(self) -> None:
        with suppress(asyncio.QueueFull):  # it is asked for already
            self._commands.put_nowait("learn")

    def _adopt(self, models: Models, version: int, trained_at: datetime) -> None:
        self._forecaster.adopt(models)
        self._trained_at, self.trouble = trained_at, ""
        self._said = f"version {version} of {trained_at:%Y-%m-%d %H:%M} UTC: {models.said}"
        log.info("models_adopted", version=version, learnt=models.said)

    def _fail(self, trouble: str) -> None:
        self.trouble = f"learning failed: {trouble}"
        log.error("learning_failed", reason=trouble)


async def _form() -> Any:
    """Return how models are kept. LightGBM comes with it, and takes half a second to load: beside the loop."""
    return await asyncio.to_thread(import_module, "forecasts.kept")


async def read_meters(store: Store, now: datetime, days: int) -> tuple[History, History]:
    """Return the load and the PV of the last `days` days, read in parts so that others get their turn at the database."""
    load, pv = History(days), History(days)
    since = now - timedelta(days=days)
    while since < now:
        until = min(since + CHUNK, now)
        past = await store.past(since, until)
        times = past.at_s.astype(np.int64)
        load.put(times, past.load_kw)
        pv.put(times, past.pv_kw)
        since = until
    return load, pv
