"""Giving back for the peak's sake: closed forms, and that no limit, floor, consent or promise gives way."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from tests.support.fake_gateway import FakeGateway
from v2g.fastlook import fast_look
from v2g.limits import limits_now
from v2g.observation import BatteryState, Observation, Reading
from v2g.plan import Plan
from v2g.projection import project
from v2g.record import Memory
from v2g.setpoint import Setpoint
from v2g.shaving import LEAST_KW, Giver, asked, givers, over_target_kw, shaved
from v2g.site import Battery, Rules, Site, Tariff
from v2g.tick import Parts
from v2g.why import Why

from .test_peak import a_plan

N = 4
LEASE = NOW + timedelta(minutes=15)
PEAK_KW = 40.0


def a_station(n: int = N, **changes: object) -> Site:
    tariff = Tariff(base_price_per_kwh=0.5, demand_charge_per_kw=8.0)
    return a_site(n, limit_kw=200.0, export_kw=25.0, tariff=tariff, **changes)


def planned(site: Site, *, promised_kwh: float = 30.0, due_h: float = 6.0) -> Plan:
    n = len(site.evses)
    plan = a_plan(site, 0.0)
    steps = len(plan.import_kw)
    return replace(
        plan,
        unit_ids=tuple(e.evse_id for e in site.evses),
        power_kw=np.zeros((n, steps)),
        energy_kwh=np.zeros((n, steps)),
        why=(Why.WAITS,) * n,
        laxity_h=(np.inf,) * n,
        promised_kwh=(promised_kwh,) * n,
        due_h=(due_h,) * n,
    )


def remembering(site: Site, **promise: float) -> Memory:
    return Memory(plan=planned(site, **promise), peak_so_far_kw=PEAK_KW, month="2026-03")


def shave(site: Site, observation: Observation, memory: Memory, wanted: dict[str, float] | None = None) -> dict[str, Setpoint]:
    outlook = replace(an_outlook(site), expected_peak_kw=1.0)
    limits = limits_now(site, observation, outlook, ())
    before = project(wanted or {}, (), limits, LEASE, {})
    return {s.unit_id: s for s in shaved(before, limits, site, observation, outlook, memory)}


def test_just_what_is_too_much_is_given_back_by_the_fewest_and_said_to_be_for_the_peak() -> None:
    site = a_station()
    got = shave(site, an_observation(site, load_kw=PEAK_KW + 15.0), remembering(site))
    assert sorted(s.power_kw for s in got.values()) == pytest.approx([-11.0, -4.0, 0.0, 0.0])
    assert {s.why for s in got.values() if s.power_kw < 0} == {Why.PEAK}


def test_below_the_target_without_a_charge_for_peaks_or_without_a_load_meter_nothing_is_asked() -> None:
    site = a_station()
    free = replace(site, tariff=Tariff(base_price_per_kwh=0.5))
    for station, load_kw in ((site, PEAK_KW - 1.0), (free, PEAK_KW + 15.0), (site, None)):
        got = shave(station, an_observation(station, load_kw=load_kw), remembering(station))
        assert [s.power_kw for s in got.values()] == [0.0] * N


def test_a_car_gives_only_what_it_can_have_again_by_its_promise() -> None:
    site = a_station(1)
    load_kw = PEAK_KW + 50.0
    car = a_session("E0", soc_frac=0.5)  # holds 30 kWh, takes 11 kW · 0.95 at most
    for promised_kwh, due_h, most_kw in ((30.0, 0.25, 0.0), (29.0, 0.25, 4.0 * 0.95), (30.0, 0.35, 1.1 * 0.95 * 4.0 * 0.95)):
        got = shave(site, an_observation(site, load_kw=load_kw, E0=car), remembering(site, promised_kwh=promised_kwh, due_h=due_h))
        assert -got["E0"].power_kw == pytest.approx(most_kw)


def test_charging_is_given_up_before_anything_is_given_back_and_a_fresh_charger_does_not_turn() -> None:
    site = a_station(1)
    observation = an_observation(site, load_kw=PEAK_KW - 5.0)
    assert shave(site, observation, remembering(site), {"E0": 8.0})["E0"].power_kw == pytest.approx(5.0)
    turned = replace(remembering(site), directions={"E0": (NOW - timedelta(seconds=100), 1)})
    assert shave(site, an_observation(site, load_kw=PEAK_KW + 5.0), turned)["E0"].power_kw == 0.0
    long_since = replace(remembering(site), directions={"E0": (NOW - timedelta(seconds=400), 1)})
    assert shave(site, an_observation(site, load_kw=PEAK_KW + 5.0), long_since)["E0"].power_kw == pytest.approx(-5.0)


def test_a_battery_gives_first_and_never_below_its_least() -> None:
    battery = Battery(battery_id="B", circuit_id="grid", capacity_kwh=20.0, charge_max_kw=10.0, discharge_max_kw=10.0)
    site = a_station(1, batteries=(battery,))
    observation = an_observation(site, load_kw=PEAK_KW + 12.0)
    for soc_frac, gives_kw in ((0.5, 10.0), (0.15, 0.75 * 0.95 * 4.0), (0.1, 0.0)):
        state = BatteryState(battery_id="B", online=True, soc_frac=Reading(value=soc_frac, at=NOW), acknowledged_kw=0.0)
        got = shave(site, replace(observation, batteries=(state,)), remembering(site))
        assert -got["B"].power_kw == pytest.approx(gives_kw)
        assert got["E0"].power_kw == pytest.approx(-min(12.0 - gives_kw, 11.0))


def test_the_most_patient_give_first_and_nobody_is_asked_for_next_to_nothing() -> None:
    willing = (Giver(unit_id="A", most_kw=5.0, wait_h=3.0), Giver(unit_id="B", most_kw=5.0, wait_h=1.0))
    assert asked({"A": 0.0, "B": 2.0}, willing, 6.0) == {"A": -5.0, "B": 1.0}
    assert asked({"A": 0.0, "B": 0.0}, willing, 5.1) == {"A": -5.0, "B": -LEAST_KW}


cars = st.tuples(st.booleans(), st.floats(0.05, 1.0), st.floats(0.0, 1.0))


@given(
    st.lists(cars, min_size=N, max_size=N),
    st.lists(st.floats(-11, 11), min_size=N, max_size=N),
    st.floats(0, 150),
    st.floats(0, 40),
    st.floats(0, 40),
    st.floats(0, 8),
)
def test_no_limit_floor_consent_or_promise_gives_way_for_the_peak(
    fleet: list[tuple[bool, float, float]],
    wanted_kw: list[float],
    load_kw: float,
    export_kw: float,
    promised_kwh: float,
    due_h: float,
) -> None:
    base = a_station()
    site = replace(base, circuits=(replace(base.circuits[0], export_limit_kw=export_kw), base.circuits[1]))
    sessions = {
        f"E{i}": a_session(f"E{i}", soc_frac=soc, consent=consent, soc_floor_frac=floor)
        for i, (consent, soc, floor) in enumerate(fleet)
    }
    observation = an_observation(site, load_kw=load_kw, **sessions)
    memory, outlook = remembering(site, promised_kwh=promised_kwh, due_h=due_h), an_outlook(site)
    outlook = replace(outlook, expected_peak_kw=1.0)
    limits = limits_now(site, observation, outlook, ())
    before = project({f"E{i}": kw for i, kw in enumerate(wanted_kw)}, (), limits, LEASE, {})
    after = shaved(before, limits, site, observation, outlook, memory)
    power = np.array([s.power_kw for s in after])
    assert (limits.weight @ np.maximum(power, 0) <= limits.import_room_kw + 1e-6).all()
    assert (limits.weight @ np.maximum(-power, 0) <= limits.export_room_kw + 1e-6).all()
    assert all(s.power_kw <= b.power_kw + 1e-9 for s, b in zip(after, before, strict=True))
    for setpoint, old, (consent, soc, floor) in zip(after, before, fleet, strict=True):
        gives_kwh = max(-setpoint.power_kw, 0.0) * 0.25 / 0.95
        if setpoint.power_kw < min(old.power_kw, 0.0) - 1e-9:
            assert consent
            assert soc * 60.0 - gives_kwh >= max(floor, 0.2) * 60.0 - 1e-6
            short_kwh = promised_kwh - (soc * 60.0 - gives_kwh)
            assert short_kwh <= max(due_h - 0.25, 0.0) * 11.0 * 0.95 + 1e-6
    over_kw = over_target_kw({s.unit_id: s.power_kw for s in after}, limits, site, observation, outlook, memory)
    if [s.power_kw for s in after] != [s.power_kw for s in before]:
        assert over_kw is not None
        assert over_kw >= -LEAST_KW - 1e-6  # no more than was needed


def test_those_who_charged_lately_or_have_nothing_are_no_givers() -> None:
    site = a_station(2, rules=Rules(guard_frac=0.0, v2g_day_kwh=0.5))
    observation = an_observation(site, E1=a_session("E1", soc_frac=0.2))
    limits = limits_now(site, observation, an_outlook(site), ())
    found = givers(limits, site, observation, remembering(site))
    assert [g.unit_id for g in found] == ["E0"]
    assert found[0].most_kw == pytest.approx(2.0)  # 0.5 kWh that its warranty still lets it give, over a quarter of an hour


async def look(site: Site, observation: Observation, memory: Memory) -> tuple[FakeGateway, Memory]:
    gateway = FakeGateway(observation)
    parts = Parts(site=site, gateway=gateway, forecaster=None, planner=None)  # type: ignore[arg-type]  # a look asks neither
    outlook = replace(an_outlook(site), expected_peak_kw=1.0)
    _, _, memory = await fast_look(parts, memory, outlook, (), observation.at)
    return gateway, memory


def holding(observation: Observation, *powers_kw: float) -> Observation:
    pairs = zip(observation.evses, powers_kw, strict=True)
    return replace(observation, evses=tuple(replace(e, acknowledged_kw=p) for e, p in pairs))


async def test_a_look_asks_at_once_and_lets_go_when_the_load_falls_but_not_for_a_flicker() -> None:
    site = a_station(2)
    gateway, memory = await look(site, holding(an_observation(site, load_kw=PEAK_KW + 9.0), 0.0, 0.0), remembering(site))
    assert sorted(s.power_kw for batch in gateway.batches for s in batch) == pytest.approx([-9.0])
    giver = gateway.batches[0][0].unit_id
    assert memory.directions[giver] == (NOW, -1)
    held = [-9.0, 0.0] if giver == "E0" else [0.0, -9.0]
    gateway, _ = await look(site, holding(an_observation(site, load_kw=PEAK_KW + 8.0), *held), remembering(site))
    assert gateway.batches == []
    gateway, _ = await look(site, holding(an_observation(site, load_kw=PEAK_KW + 4.0), *held), remembering(site))
    assert [s.power_kw for batch in gateway.batches for s in batch] == pytest.approx([-4.0])
    gateway, _ = await look(site, holding(an_observation(site, load_kw=PEAK_KW - 20.0), *held), remembering(site))
    assert [s.power_kw for batch in gateway.batches for s in batch] == [0.0]
