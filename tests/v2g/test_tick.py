from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from tests.support.fake_gateway import FakeGateway
from v2g.fastlook import fast_look
from v2g.observation import Observation, Reading
from v2g.outlook import Outlook
from v2g.problem import Problem
from v2g.record import Memory
from v2g.signals import Signals
from v2g.site import Site, Tariff
from v2g.solution import Rung, Solution
from v2g.tick import Parts, tick
from v2g.timegrid import TimeGrid
from v2g.why import Why


class FlatForecaster:
    """Fills the forecaster port with a flat outlook."""

    def __init__(self, site: Site) -> None:
        self.site, self.learned = site, 0

    def learn(self, observation: Observation) -> None:
        del observation
        self.learned += 1

    def forecast(self, observation: Observation, signals: Signals, grid: TimeGrid) -> Outlook:
        del signals, grid
        return an_outlook(self.site, at=observation.at)


class GreedyPlanner:
    """Fills the planner port: everybody at `share` of full power, limits ignored; keeps the problems it was given."""

    def __init__(self, share: float = 1.0) -> None:
        self.share, self.problems = share, list[Problem]()

    async def solve(self, problem: Problem) -> Solution:
        self.problems.append(problem)
        power = self.share * (problem.storages.charge_max_kw if self.share > 0 else problem.storages.discharge_max_kw)
        total = power.sum(axis=0)
        return Solution(
            charge_kw=np.maximum(power, 0),
            discharge_kw=np.maximum(-power, 0),
            energy_kwh=np.zeros(problem.shape),
            import_kw=np.maximum(total, 0),
            export_kw=np.maximum(-total, 0),
            terms=(),
            rung=Rung.OPTIMAL,
            times_s={"solve": 0.1},
        )


def parts_of(site: Site, observation: Observation, share: float = 1.0) -> tuple[Parts, FakeGateway, GreedyPlanner]:
    gateway, planner = FakeGateway(observation), GreedyPlanner(share)
    return Parts(site=site, gateway=gateway, forecaster=FlatForecaster(site), planner=planner), gateway, planner


def sent(gateway: FakeGateway) -> dict[str, float]:
    return {s.unit_id: s.power_kw for batch in gateway.batches for s in batch}


async def test_a_greedy_plan_is_cut_to_the_limit_before_it_is_sent() -> None:
    site = a_site(4, limit_kw=33.0)
    parts, gateway, _ = parts_of(site, an_observation(site))
    record, memory = await tick(parts, Memory(), (), NOW)
    assert sum(sent(gateway).values()) <= 33.0 - 10.0 + 1e-6
    assert memory.tick == 1
    assert memory.plan is record.plan
    assert all(s.valid_until == NOW + timedelta(seconds=site.rules.lease_s) for s in record.setpoints)


async def test_the_next_problem_knows_the_last_plan() -> None:
    site = a_site(2)
    parts, _, planner = parts_of(site, an_observation(site))
    _, memory = await tick(parts, Memory(), (), NOW)
    await tick(parts, memory, (), NOW + timedelta(minutes=15))
    previous = planner.problems[1].storages.previous_power_kw
    assert previous[:, 0] == pytest.approx(planner.problems[0].storages.charge_max_kw[:, 1])


async def test_a_flip_of_direction_waits_for_the_dwell_time() -> None:
    site = a_site(1)
    parts, _, _ = parts_of(site, an_observation(site))
    _, memory = await tick(parts, Memory(), (), NOW)
    discharging = replace(parts, planner=GreedyPlanner(-1.0))
    soon, _ = await tick(discharging, memory, (), NOW + timedelta(seconds=60))
    later, _ = await tick(discharging, memory, (), NOW + timedelta(seconds=600))
    assert soon.setpoints[0].power_kw == 0.0
    assert later.setpoints[0].power_kw == pytest.approx(-11.0)
    assert later.plan.why == (Why.DISCHARGE,)


async def test_powers_that_no_car_can_hold_are_rounded() -> None:
    site = a_site(1)
    for share, power in ((0.1, 0.0), (0.3, 4.14), (0.9, 9.9)):
        parts, _, _ = parts_of(site, an_observation(site), share)
        record, _ = await tick(parts, Memory(), (), NOW)
        assert record.setpoints[0].power_kw == pytest.approx(power)


async def test_an_empty_station_ticks() -> None:
    site = a_site(2)
    parts, gateway, _ = parts_of(site, an_observation(site, E0=None, E1=None))
    record, _ = await tick(parts, Memory(), (), NOW)
    assert record.setpoints == ()
    assert gateway.batches == []


async def test_the_fast_look_cuts_when_the_load_rises_and_never_raises() -> None:
    site = a_site(3, limit_kw=45.0)
    parts, gateway, _ = parts_of(site, an_observation(site))
    _, memory = await tick(parts, Memory(), (), NOW)
    before = sent(gateway)
    gateway.batches.clear()
    for load_kw, room_kw in ((35.0, 10.0), (5.0, 10.0)):
        gateway.observation = replace(gateway.observation, load_kw=Reading(value=load_kw, at=NOW))
        await fast_look(parts, memory, an_outlook(site), (), NOW)
        in_force = sum(max(e.acknowledged_kw or 0.0, 0.0) for e in gateway.observation.evses)
        assert in_force <= room_kw + 1e-6
    assert all(s.power_kw <= before[s.unit_id] for batch in gateway.batches for s in batch)


async def test_alarms_tell_what_an_operator_should_know() -> None:
    site = a_site(2)
    observation = an_observation(site, E0=a_session("E0"))
    gone = replace(observation.evses[1], online=False, session=None)
    parts, gateway, _ = parts_of(site, replace(observation, evses=(observation.evses[0], gone)))
    gateway.refusing = frozenset({"E0"})
    record, _ = await tick(parts, Memory(), (), NOW)
    said = " ".join(str(alarm) for alarm in record.alarms)
    assert "E1" in said
    assert "E0" in said


async def test_a_surprise_of_the_load_makes_no_new_peak_where_peaks_cost_money() -> None:
    sites = (a_site(2, limit_kw=90.0), a_site(2, limit_kw=90.0, tariff=Tariff(base_price_per_kwh=0.5, demand_charge_per_kw=8.0)))
    sums = []
    for site in sites:
        parts, gateway, _ = parts_of(site, an_observation(site, load_kw=30.0))
        await tick(parts, Memory(peak_so_far_kw=41.0, month="2026-03"), (), NOW)
        sums.append(sum(sent(gateway).values()))
    assert sums == pytest.approx([22.0, 11.0])


async def test_a_pressed_car_does_not_wait_for_the_sake_of_the_peak() -> None:
    site = a_site(1, limit_kw=90.0, tariff=Tariff(base_price_per_kwh=0.5, demand_charge_per_kw=8.0))
    for leaves_h, power_kw in ((9.0, 0.0), (1.0, 11.0)):
        car = a_session("E0", consent=False, departure=NOW + timedelta(hours=leaves_h))
        parts, gateway, _ = parts_of(site, an_observation(site, load_kw=60.0, E0=car))
        await tick(parts, Memory(peak_so_far_kw=41.0, month="2026-03"), (), NOW)
        assert sent(gateway).get("E0", 0.0) == power_kw
