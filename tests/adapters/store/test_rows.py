import math
import sqlite3
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url
from structlog.testing import capture_logs

from adapters.clock import VirtualClock
from adapters.store import Retention, Store
from adapters.store.rows import KeptWishes, pack, unpack
from tests.adapters.store.conftest import NOW, ON_FILES
from tests.support.fake_station import FakeStation
from v2g.codec import encode
from v2g.record import Memory, TickRecord
from v2g.session import Wishes
from v2g.signals import Interval, Signal, SignalKind
from v2g.station import HistoryPoint


def kept_wishes(session_id: str, seen_at: datetime, wishes: Wishes) -> KeptWishes:
    return KeptWishes(session_id=session_id, evse_id="A01", seen_at=seen_at, wishes=wishes)


def record_at(clock: VirtualClock) -> TickRecord:
    record = FakeStation(clock).latest()
    assert record is not None
    return record


def price_curve(signal_id: str = "p1", *, ends_in_h: float = 2.0, value: float = 0.4) -> Signal:
    interval = Interval(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=ends_in_h), value=value)
    return Signal(signal_id=signal_id, kind=SignalKind.PRICE, source="test", issued_at=NOW, intervals=(interval,))


def point(minutes_ago: float, load_kw: float | None = 50.0) -> HistoryPoint:
    return HistoryPoint(
        at=NOW - timedelta(minutes=minutes_ago),
        import_kw=80.0,
        load_kw=load_kw,
        pv_kw=10.0,
        charge_kw=45.0,
        discharge_kw=5.0,
        import_limit_kw=math.inf,
        price_per_kwh=0.68,
    )


async def test_a_tick_replays_as_it_was(store: Store, clock: VirtualClock) -> None:
    record = record_at(clock)
    await store.keep(record)
    (kept,) = await store.ticks(record.at, record.at + timedelta(seconds=1))
    assert encode(kept) == encode(record)
    assert (kept.problem.storages.charge_max_kw == record.problem.storages.charge_max_kw).all()


async def test_ticks_come_in_order_and_old_ones_are_forgotten(url: str, clock: VirtualClock) -> None:
    station = FakeStation(clock)
    async with Store(url, clock, retention=Retention(ticks=timedelta(minutes=12))) as store:
        for _ in range(4):
            record = station.latest()
            assert record is not None
            await store.keep(record)
            clock.advance_to(clock.now() + timedelta(minutes=5))
        kept = await store.ticks(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert [r.at - NOW for r in kept] == [timedelta(minutes=m) for m in (5, 10, 15)]


async def test_signals_in_force_are_those_neither_over_nor_withdrawn(store: Store, clock: VirtualClock) -> None:
    lasting, taken_back, short = price_curve("lasting"), price_curve("taken back"), price_curve("short", ends_in_h=1.0)
    for signal in (lasting, taken_back, short):
        await store.save_signal(signal)
    assert await store.withdraw_signal("taken back")
    assert not await store.withdraw_signal("taken back")
    assert not await store.withdraw_signal("unheard of")
    assert set(await store.signals()) == {lasting, short}
    clock.advance_to(NOW + timedelta(hours=1))
    assert await store.signals() == (lasting,)


async def test_a_signal_saved_again_takes_the_place_of_the_first_even_after_its_withdrawal(store: Store) -> None:
    await store.save_signal(price_curve(value=0.4))
    await store.withdraw_signal("p1")
    await store.save_signal(price_curve(value=0.9))
    assert await store.signals() == (price_curve(value=0.9),)


async def test_the_last_wishes_of_a_session_count_and_old_ones_are_forgotten(store: Store, clock: VirtualClock) -> None:
    await store.save_wishes(session_id="s1", evse_id="A01", wishes=Wishes(energy_kwh=10.0))
    last = Wishes(soc_target_frac=0.9, departure=NOW + timedelta(hours=3), discharge_consent=True)
    await store.save_wishes(session_id="s1", evse_id="A01", wishes=last)
    assert await store.wishes() == (kept_wishes("s1", NOW, last),)
    clock.advance_to(NOW + Retention().wishes + timedelta(seconds=1))
    await store.save_wishes(session_id="s2", evse_id="A01", wishes=Wishes())
    assert await store.wishes() == (kept_wishes("s2", clock.now(), Wishes()),)


async def test_wishes_are_known_to_be_theirs_as_long_as_ticks_see_the_car(store: Store, clock: VirtualClock) -> None:
    record = record_at(clock)
    state = next(s for s in record.observation.evses if s.session and s.online)
    assert state.session is not None
    for session_id in (state.session.session_id, "left"):
        await store.save_wishes(session_id=session_id, evse_id=state.evse_id, wishes=Wishes())
    await store.keep(replace(record, at=NOW + timedelta(minutes=5)))
    assert {w.session_id: w.seen_at - NOW for w in await store.wishes()} == {
        state.session.session_id: timedelta(minutes=5),
        "left": timedelta(0),
    }


async def test_history_gives_the_last_hours_oldest_first_and_the_load_for_forecasts(store: Store) -> None:
    for minutes_ago in (10, 30, 70):
        await store.keep(point(minutes_ago, load_kw=minutes_ago))
    await store.keep(point(30, load_kw=31.0))
    assert await store.history(1.0) == (point(30, load_kw=31.0), point(10, load_kw=10.0))
    past = await store.past(NOW - timedelta(hours=1), NOW)
    assert past.at_s.tolist() == [(NOW - timedelta(minutes=m)).timestamp() for m in (30, 10)]
    assert past.load_kw.tolist() == [31.0, 10.0]
    assert len((await store.past(NOW, NOW + timedelta(hours=1))).price_per_kwh) == 0


async def test_a_load_that_no_meter_told_stays_unknown(store: Store) -> None:
    await store.keep(point(5, load_kw=None))
    (kept,) = await store.history(1.0)
    assert kept.load_kw is None
    assert math.isnan((await store.past(NOW - timedelta(hours=1), NOW)).load_kw[0])


async def test_memory_comes_back_whole_with_its_plan(store: Store, clock: VirtualClock) -> None:
    assert await store.memory() is None
    await store.keep(Memory(tick=1))
    memory = Memory(tick=2, plan=record_at(clock).plan, peak_so_far_kw=287.5, month="2026-03", directions={"V01": (NOW, -1)})
    await store.keep(memory)
    kept = await store.memory()
    assert encode(kept) == encode(memory)


GARBAGE = [b"", b"garbage", b"\xff\xfe", zlib.compress(b"[1"), zlib.compress(b"{}1"), "garbage", "null", "[]", "", 7]


@ON_FILES
@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
async def test_a_damaged_row_is_left_out_and_told_and_takes_nothing_with_it(
    url: str, store: Store, clock: VirtualClock, garbage: object
) -> None:
    record = record_at(clock)
    await store.keep(Memory(tick=1))
    for name in ("bad", "good"):
        await store.keep(record)
        await store.save_signal(price_curve(name))
        await store.save_wishes(session_id=name, evse_id="A01", wishes=Wishes())
    with closing(sqlite3.connect(make_url(url).database or "")) as file:
        file.execute("UPDATE ticks SET record = ? WHERE id = 1", (garbage,))
        file.execute("UPDATE signals SET signal = ? WHERE signal_id = 'bad'", (garbage,))
        file.execute("UPDATE wishes SET wishes = ? WHERE session_id = 'bad'", (garbage,))
        file.execute("UPDATE memory SET memory = ?", (garbage,))
        file.commit()
    with capture_logs() as events:
        assert len(await store.ticks(NOW - timedelta(days=1), NOW + timedelta(days=1))) == 1
        assert [signal.signal_id for signal in await store.signals()] == ["good"]
        assert [wishes.session_id for wishes in await store.wishes()] == ["good"]
        assert await store.memory() is None
    told = [(e["log_level"], e["event"], e["table"], e["row"]) for e in events]
    assert told == [
        ("warning", "row_damaged", *row) for row in (("ticks", 1), ("signals", "bad"), ("wishes", "bad"), ("memory", 1))
    ]


@given(
    energy_kwh=st.none() | st.floats(0, 1e3),
    departure=st.none() | st.datetimes(timezones=st.just(UTC)),
    consent=st.booleans(),
    peak_kw=st.floats(0, 1e6),
    month=st.text(),
)
def test_packing_is_lossless(
    energy_kwh: float | None, departure: datetime | None, consent: bool, peak_kw: float, month: str
) -> None:
    wishes = Wishes(energy_kwh=energy_kwh, departure=departure, discharge_consent=consent)
    assert unpack(Wishes, pack(wishes)) == wishes
    memory = Memory(peak_so_far_kw=peak_kw, month=month)
    assert encode(unpack(Memory, pack(memory))) == encode(memory)


@pytest.mark.parametrize("hours_h", [0.0, 1e-3])
async def test_no_history_is_an_empty_answer(store: Store, hours_h: float) -> None:
    assert await store.history(hours_h) == ()
    assert await store.signals() == ()
    assert await store.wishes() == ()
