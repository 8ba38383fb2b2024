"""What a person orders an outlet to do, in the plan and in what is sent."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from tests.v2g.test_tick import GreedyPlanner, parts_of
from v2g.bounds import unit_bounds
from v2g.errors import OverrideError
from v2g.fastlook import fast_look
from v2g.limits import limits_now
from v2g.observation import Observation
from v2g.overrides import Override, OverrideKind, check_override
from v2g.projection import TINY_KW
from v2g.record import Memory
from v2g.stating.problem import make_problem
from v2g.tick import tick

SITE = a_site(3)


def an_override(kind: OverrideKind, *, hours: float = 1.0, **changes: Any) -> Override:
    order = Override(
        override_id="o1", evse_id="E0", kind=kind, reason="test", by="ana", issued_at=NOW, until=NOW + timedelta(hours=hours)
    )
    return replace(order, **({"max_kw": 5.0} if kind is OverrideKind.LIMIT else {}) | changes)


def under(order: Override, observation: Observation) -> Observation:
    states = tuple(replace(s, override=order) if s.evse_id == order.evse_id else s for s in observation.evses)
    return replace(observation, evses=states)


@pytest.mark.parametrize(
    ("order", "ceiling_kw", "floor_kw"),
    [
        (an_override(OverrideKind.PAUSE), 0.0, 0.0),
        (an_override(OverrideKind.LIMIT), 5.0, -5.0),
        (an_override(OverrideKind.LIMIT, max_kw=0.0), 0.0, 0.0),
        (an_override(OverrideKind.LIMIT, max_kw=400.0), 11.0, -11.0),
        (an_override(OverrideKind.CHARGE_NOW), 11.0, 0.0),
    ],
)
def test_an_order_bounds_its_outlet_and_no_other(order: Override, ceiling_kw: float, floor_kw: float) -> None:
    first, second, _ = unit_bounds(SITE, under(order, an_observation(SITE)))
    assert (first.ceiling_kw, first.floor_kw) == (ceiling_kw, floor_kw)
    assert (second.ceiling_kw, second.floor_kw) == (11.0, -11.0)
    assert order.name in (first.ceiling_by, first.floor_by) or order.max_kw == 400.0


@pytest.mark.parametrize("share", [1.0, -1.0])
async def test_a_pause_is_sent_whatever_is_planned_and_ends_with_its_time(share: float) -> None:
    observation = an_observation(SITE)
    parts, _, _ = parts_of(SITE, under(an_override(OverrideKind.PAUSE), observation), share)
    record, _ = await tick(parts, Memory(), (), NOW)
    power = {s.unit_id: s.power_kw for s in record.setpoints}
    assert power["E0"] == 0.0
    assert power["E1"] != 0.0


async def test_a_pause_is_in_force_with_the_next_look_without_a_plan() -> None:
    parts, gateway, _ = parts_of(SITE, an_observation(SITE))
    _, memory = await tick(parts, Memory(), (), NOW)
    gateway.observation = under(an_override(OverrideKind.PAUSE), gateway.observation)
    await fast_look(parts, memory, an_outlook(SITE), (), NOW)
    assert gateway.observation.evses[0].acknowledged_kw == 0.0
    assert gateway.observation.evses[1].acknowledged_kw > 0.0


async def test_who_is_to_charge_now_does_so_first_even_if_the_plan_waits() -> None:
    site = a_site(3, limit_kw=25.0)
    parts, _, _ = parts_of(site, under(an_override(OverrideKind.CHARGE_NOW, evse_id="E2"), an_observation(site)))
    waiting = replace(parts, planner=GreedyPlanner(0.0))
    record, _ = await tick(waiting, Memory(), (), NOW)
    assert {s.unit_id: s.power_kw for s in record.setpoints} == {"E0": 0.0, "E1": 0.0, "E2": 11.0}
    greedy, _ = await tick(parts, Memory(), (), NOW)
    power = {s.unit_id: s.power_kw for s in greedy.setpoints}
    assert power["E2"] == 11.0
    assert sum(power.values()) <= 25.0 - 10.0 + TINY_KW


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from([None, *OverrideKind]), min_size=3, max_size=3),
    max_kw=st.floats(0.0, 500.0),
    limit_kw=st.floats(0.0, 60.0),
    load_kw=st.floats(0.0, 30.0),
)
def test_orders_never_widen_a_limit(kinds: list[OverrideKind | None], max_kw: float, limit_kw: float, load_kw: float) -> None:
    site = a_site(3, limit_kw=limit_kw)
    observation = an_observation(site, load_kw=load_kw)
    for i, kind in enumerate(kinds):
        if kind is not None:
            power = {"max_kw": max_kw} if kind is OverrideKind.LIMIT else {}
            observation = under(an_override(kind, evse_id=f"E{i}", **power), observation)
    parts, _, _ = parts_of(site, observation)
    record, _ = asyncio.run(tick(parts, Memory(), (), NOW))
    power_kw = np.array([s.power_kw for s in record.setpoints])
    limits = limits_now(site, observation, record.outlook, ())
    assert (limits.weight @ np.maximum(power_kw, 0.0) <= limits.import_room_kw + TINY_KW).all()
    for i, kind in enumerate(kinds):
        assert kind is not OverrideKind.PAUSE or power_kw[i] == 0.0
        assert kind is not OverrideKind.LIMIT or abs(power_kw[i]) <= max_kw + TINY_KW


def test_the_plan_counts_on_what_the_order_allows_while_it_holds() -> None:
    observation, outlook = an_observation(SITE), an_outlook(SITE)
    free = make_problem(SITE, observation, outlook, (), Memory()).storages
    paused = make_problem(SITE, under(an_override(OverrideKind.PAUSE), observation), outlook, (), Memory()).storages
    assert outlook.grid.step_h[:4].sum() == pytest.approx(1.0)
    assert not paused.charge_max_kw[0, :4].any()
    assert not paused.discharge_max_kw[0, :4].any()
    assert np.array_equal(paused.charge_max_kw[0, 4:], free.charge_max_kw[0, 4:])
    assert np.array_equal(paused.charge_max_kw[1:], free.charge_max_kw[1:])
    now = make_problem(SITE, under(an_override(OverrideKind.CHARGE_NOW), observation), outlook, (), Memory()).storages
    assert now.target_energy_kwh[0] == free.target_energy_kwh[0]
    assert now.departure_probability[0, :4] == pytest.approx(0.25)
    assert not now.discharge_max_kw[0, :4].any()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"evse_id": "E9"}, "evse_id"),
        ({"until": NOW}, "until"),
        ({"until": NOW + timedelta(days=7, seconds=1)}, "until"),
        ({"max_kw": 3.0}, "max_kw"),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    check_override(an_override(OverrideKind.PAUSE), SITE, NOW)
    with pytest.raises(OverrideError) as refused:
        check_override(an_override(OverrideKind.PAUSE, **changes), SITE, NOW)
    assert refused.value.place == place
    with pytest.raises(OverrideError, match="max_kw"):
        check_override(an_override(OverrideKind.LIMIT, max_kw=None), SITE, NOW)


def test_charge_now_is_over_with_the_car_and_a_pause_is_not() -> None:
    came = a_session("E0").plugged_in_at
    pause, now = an_override(OverrideKind.PAUSE), an_override(OverrideKind.CHARGE_NOW)
    later = NOW + timedelta(minutes=5)
    assert now.holds(later, came)
    assert not now.holds(later, None)
    assert not now.holds(later, later)
    assert pause.holds(later, None)
    assert not pause.holds(pause.until, came)
