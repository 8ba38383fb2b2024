"""What the database does not take waits beside it: nothing acknowledged is lost or doubled, whenever the process is killed."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.audit import check, read
from adapters.store.spill import Spill
from adapters.store.store import RETRY_S
from tests.adapters.store.conftest import NOW
from tests.support.fake_station import FakeStation
from v2g.errors import UnavailableError
from v2g.record import LookRecord
from v2g.setpoint import DispatchReport, Setpoint
from v2g.station import Condition

ROOT = Path(__file__).parents[3]
SETPOINT = Setpoint(unit_id="E", power_kw=1.0, valid_until=NOW)


class Killed(Exception):  # noqa: N818 - an event, not a fault
    """The process ended here."""


class DyingSpill(Spill):
    """A spill at one of whose steps the process is killed."""

    die_at = ""

    def append(self, number: int, kind: str, packed: bytes) -> None:
        self._maybe("before append")
        if self.die_at == "torn":
            with self._path.open("ab") as file:
                file.write(b'{"number": 99, "ki')
        self._maybe("torn")
        super().append(number, kind, packed)
        self._maybe("after append")

    def taken(self, n: int, end: int) -> None:
        self._maybe("after commit")  # the database has them, the file does too
        super().taken(n, end)
        self._maybe("after clear")

    def _maybe(self, point: str) -> None:
        if self.die_at == point:
            raise Killed


POINTS = ["before append", "torn", "after append", "after commit", "after clear"]


def look(tick: int) -> LookRecord:
    return LookRecord(tick=tick, at=NOW, report=DispatchReport(withheld=(SETPOINT,)))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


class Life:
    """A daemon's database and spill in a folder, over any number of kills."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.path, self.spilled = folder / "s.db", folder / "s.db.spill"
        shutil.copy(template, self.path)
        self.sent, self.sure = list[int](), list[int]()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}?timeout=0"

    async def live(self, steps: list[tuple[bool, int]], die_at: str) -> None:
        """Keep as many looks as `steps` say, with the database locked or not, the last while the process dies at a point."""
        spill = DyingSpill(self.spilled)
        store = Store(self.url, VirtualClock(NOW), spill=spill, retry_s=0.0)
        async with store:
            for i, (away, n) in enumerate(steps):
                spill.die_at = die_at if i == len(steps) - 1 else ""
                try:
                    await self._keep(store, n, away=away)
                except Killed:
                    return

    async def _keep(self, store: Store, n: int, *, away: bool) -> None:
        if away:
            with locked(self.path):
                await self._keep(store, n, away=False)
                return
        for _ in range(n):
            self.sent.append(len(self.sent))
            await store.keep(look(self.sent[-1]))
            self.sure.append(self.sent[-1])

    async def kept(self) -> list[int]:
        async with Store(self.url, VirtualClock(NOW)) as store:
            assert store.n_spilled == 0
            assert (await store._writer.run(check)).broken == ""
            entries = await store._writer.run(lambda c: [row.entry for row in read(c)])
        return [int(json.loads(entry)["facts"]["tick"]) for entry in entries]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "s.db"

    async def make() -> None:
        async with Store(f"sqlite:///{path}", VirtualClock(NOW)):
            pass

    asyncio.run(make())
    return path


Lives = st.lists(
    st.tuples(st.lists(st.tuples(st.booleans(), st.integers(1, 3)), min_size=1, max_size=4), st.sampled_from(["", *POINTS])),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None)
@given(lives=Lives)
def test_killed_at_any_point_nothing_acknowledged_is_lost_and_nothing_doubled_or_out_of_order(
    template: Path, lives: list[tuple[list[tuple[bool, int]], str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder), template)
        for steps, die_at in lives:
            asyncio.run(life.live(steps, die_at))
        kept = asyncio.run(life.kept())
    assert kept == sorted(set(kept))
    assert set(life.sure) <= set(kept) <= set(life.sent)


async def test_while_the_database_is_away_writes_wait_and_the_next_after_its_return_takes_them_in(
    template: Path, tmp_path: Path
) -> None:
    life = Life(tmp_path, template)
    record = FakeStation(VirtualClock(NOW)).latest()
    assert record is not None
    clock = VirtualClock(NOW)
    async with Store(life.url, clock) as store:
        with locked(life.path):
            await store.keep(record)
            await store.keep(look(1))
            assert store.n_spilled == 2
            assert store.health.condition is Condition.DOWN
            assert "2 writes wait" in store.health.detail
        await store.keep(look(2))
        assert store.n_spilled == 3  # it is not asked again at once
        clock.advance_to(NOW + timedelta(seconds=RETRY_S))
        await store.keep(look(3))
        assert (store.n_spilled, store.lost, store.health.condition) == (0, 0, Condition.OK)
        assert len(await store.ticks(record.at, NOW.max.replace(tzinfo=NOW.tzinfo))) == 1
    assert life.spilled.stat().st_size == 0


async def test_a_full_spill_refuses_and_keeps_what_it_has(template: Path, tmp_path: Path) -> None:
    life = Life(tmp_path, template)
    async with Store(life.url, VirtualClock(NOW), spill=Spill(life.spilled, most_bytes=700)) as store:
        with locked(life.path):
            answers = await asyncio.gather(*(store.keep(look(tick)) for tick in range(20)), return_exceptions=True)
            kept = answers.count(None)
            assert all("is full" in str(answer) for answer in answers[kept:])
            assert isinstance(answers[kept], UnavailableError)
        assert kept == store.n_spilled > 0
    assert await life.kept() == list(range(kept))


async def test_a_damaged_line_is_counted_and_keeps_no_other_from_the_database(template: Path, tmp_path: Path) -> None:
    life = Life(tmp_path, template)
    async with Store(life.url, VirtualClock(NOW)) as store:
        with locked(life.path):
            for tick in range(3):
                await store.keep(look(tick))
    lines = life.spilled.read_bytes().splitlines(keepends=True)
    life.spilled.write_bytes(lines[0] + lines[1][:40] + b"#" + lines[1][41:] + lines[2])
    async with Store(life.url, VirtualClock(NOW)) as store:
        assert (store.n_spilled, store.lost) == (0, 1)
    assert await life.kept() == [0, 2]


KEEP_FOR_EVER = """
    import asyncio, sys
    from adapters.clock import RealClock
    from adapters.store import Store
    from tests.adapters.store.test_spill import look
    async def main(url):
        async with Store(url, RealClock(), retry_s=0.0) as store:
            for tick in range(100_000):
                await store.keep(look(tick))
                print(tick, flush=True)
    asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("before_kill", [20, 33])
async def test_killed_by_the_system_while_the_database_comes_and_goes(template: Path, tmp_path: Path, before_kill: int) -> None:
    life = Life(tmp_path, template)
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(KEEP_FOR_EVER), life.url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert daemon.stdout is not None
    told = [int(await daemon.stdout.readline()) for _ in range(5)]
    while len(told) < before_kill:
        with locked(life.path):
            told += [int(await daemon.stdout.readline()) for _ in range(4)]
        told += [int(await daemon.stdout.readline()) for _ in range(3)]
    os.kill(daemon.pid, signal.SIGKILL)
    rest, _ = await daemon.communicate()
    told += [int(line) for line in rest.split(b"\n")[:-1]]
    kept = await life.kept()
    assert kept == list(range(len(kept)))
    assert set(told) <= set(kept)
