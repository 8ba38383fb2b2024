from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_site, an_outlook
from tests.v2g.test_calls import call
from v2g.outlook import Outlook
from v2g.plan import Plan
from v2g.record import Memory
from v2g.signals import Signal, SignalKind, speaking
from v2g.solution import Rung
from v2g.stating.baseline import remember_baseline
from v2g.timegrid import TimeGrid

SITE = a_site(1)
REDUCTION, INCREASE = SignalKind.DEMAND_REDUCTION, SignalKind.DEMAND_INCREASE


def a_plan(import_kw: float, *, at: datetime = NOW, hours: int = 4) -> Plan:
    grid = TimeGrid.uniform(at, step_h=1.0, n_steps=hours)
    empty, flat = np.zeros((0, hours)), np.zeros(hours)
    return Plan(
        made_at=at,
        grid=grid,
        unit_ids=(),
        power_kw=empty,
        energy_kwh=empty,
        import_kw=np.full(hours, import_kw),
        export_kw=np.full(hours, 2.0),
        fixed_kw=flat,
        import_limit_kw=flat,
        import_price_per_kwh=flat,
        export_price_per_kwh=flat,
        why=(),
        rung=Rung.OPTIMAL,
        reason="",
        gap_frac=0.0,
        terms=(),
        solve_s=0.0,
    )


def outlook(minutes: float = 0.0, load_kw: float = 10.0) -> Outlook:
    return an_outlook(SITE, load_kw=load_kw, at=NOW + timedelta(minutes=minutes))


def baseline(memory: Memory, hour: float) -> float | None:
    at = NOW + timedelta(hours=hour)
    return next((i.value for i in memory.baseline_kw if i.start <= at < i.end), None)


def test_the_last_plan_before_the_event_says_what_is_expected_and_beyond_it_the_load_alone() -> None:
    memory = remember_baseline(Memory(plan=a_plan(42.0)), (call(REDUCTION, (1, 6, 20)),), outlook())
    assert [(i.start - NOW, i.end - NOW, i.value) for i in memory.baseline_kw] == [
        (timedelta(hours=1), timedelta(hours=4), 40.0),
        (timedelta(hours=4), timedelta(hours=6), 10.0),
    ]


def test_plans_that_answer_the_event_do_not_move_its_baseline() -> None:
    event = call(REDUCTION, (1, 3, 20))
    memory = remember_baseline(Memory(plan=a_plan(42.0)), (event,), outlook())
    for minutes, planned in ((5, 90.0), (10, 0.0), (70, 90.0)):
        plan = a_plan(planned, at=NOW + timedelta(minutes=minutes))
        memory = remember_baseline(replace(memory, plan=plan), (event,), outlook(minutes, load_kw=33.0))
        assert {i.value for i in memory.baseline_kw} == {40.0}


def test_an_event_that_replaces_or_joins_another_finds_the_same_baseline() -> None:
    memory = remember_baseline(Memory(plan=a_plan(42.0)), (call(REDUCTION, (1, 3, 20), name="first"),), outlook())
    memory = replace(memory, plan=a_plan(7.0))
    memory = remember_baseline(memory, (call(INCREASE, (2, 4, 20), name="second"),), outlook())
    assert (baseline(memory, 1.5), baseline(memory, 2.5), baseline(memory, 3.5)) == (None, 40.0, 5.0)


def test_what_no_event_touches_is_forgotten_so_that_the_next_one_counts_from_a_fresh_plan() -> None:
    event = call(REDUCTION, (1, 3, 20))
    memory = remember_baseline(Memory(plan=a_plan(42.0)), (event,), outlook())
    memory = remember_baseline(memory, (), outlook())
    assert memory.baseline_kw == ()
    again = remember_baseline(replace(memory, plan=a_plan(30.0)), (event,), outlook(5))
    assert {i.value for i in again.baseline_kw} == {28.0}


spans = st.lists(st.tuples(st.floats(-2, 9), st.floats(0.1, 5)), max_size=3)


@given(st.lists(spans, min_size=1, max_size=4), st.data())
def test_an_instant_keeps_its_baseline_as_long_as_events_touch_it(
    ticks: list[list[tuple[float, float]]], data: st.DataObject
) -> None:
    memory = Memory()
    for k, called in enumerate(ticks):
        events: tuple[Signal, ...] = tuple(call(REDUCTION, (a, a + n, 5), name=str(i)) for i, (a, n) in enumerate(called))
        before, seen = memory, outlook(5.0 * k)
        plan = a_plan(data.draw(st.integers(0, 99)), at=seen.grid.start)
        memory = replace(remember_baseline(memory, events, seen), plan=plan)
        edges = [i.start for i in memory.baseline_kw] + [i.end for i in memory.baseline_kw]
        assert all(a.end <= b.start for a, b in zip(memory.baseline_kw, memory.baseline_kw[1:], strict=False))
        assert all(seen.grid.start <= edge <= seen.grid.end for edge in edges)
        covered = sum(sum(seen.grid.coverage(i.start, i.end) * seen.grid.step_h) for i in memory.baseline_kw)
        touched = speaking([i for e in events for i in e.intervals], seen.grid).sum(axis=0)
        assert covered == pytest.approx(touched @ seen.grid.step_h, abs=1e-6)
        for piece in before.baseline_kw:
            middle = piece.start + (piece.end - piece.start) / 2
            now = next((i for i in memory.baseline_kw if i.start <= middle < i.end), None)
            assert now is None or now.value == piece.value
