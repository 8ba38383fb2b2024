from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_site, an_observation, an_outlook
from tests.support.fake_gateway import FakeGateway
from v2g.dispatch import dispatch
from v2g.limits import limits_now
from v2g.observation import Breach, BreachKind, Observation
from v2g.projection import project
from v2g.setpoint import Applied, Setpoint
from v2g.site import Site

LEASE = NOW + timedelta(minutes=15)
N = 4


def in_force(site: Site, powers: list[float]) -> Observation:
    base = an_observation(site)
    return replace(base, evses=tuple(replace(e, acknowledged_kw=p) for e, p in zip(base.evses, powers, strict=True)))


def a_setpoint(unit: int, power_kw: float) -> Setpoint:
    return Setpoint(unit_id=f"E{unit}", power_kw=power_kw, valid_until=LEASE)


async def test_lowerings_go_first_and_raises_follow() -> None:
    site = a_site(2, limit_kw=21.5)
    observation = in_force(site, [11.0, 0.0])
    gateway = FakeGateway(observation)
    limits = limits_now(site, observation, an_outlook(site), ())
    report = await dispatch(gateway, [a_setpoint(0, 0.0), a_setpoint(1, 11.0)], observation, limits, 300)
    assert [[s.unit_id for s in batch] for batch in gateway.batches] == [["E0"], ["E1"]]
    assert not report.withheld


async def test_a_raise_is_withheld_when_the_lowering_is_refused() -> None:
    site = a_site(2, limit_kw=21.5)
    observation = in_force(site, [11.0, 0.0])
    gateway = FakeGateway(observation, refusing=frozenset({"E0"}))
    limits = limits_now(site, observation, an_outlook(site), ())
    report = await dispatch(gateway, [a_setpoint(0, 0.0), a_setpoint(1, 11.0)], observation, limits, 300)
    assert [s.unit_id for s in report.withheld] == ["E1"]


async def test_what_is_in_force_is_not_sent_again_until_its_lease_runs_low() -> None:
    site = a_site(1)
    observation = in_force(site, [7.0])
    limits = limits_now(site, observation, an_outlook(site), ())
    gateway = FakeGateway(observation)
    await dispatch(gateway, [a_setpoint(0, 7.01)], observation, limits, 300)
    assert gateway.batches == []
    late = replace(observation, at=NOW + timedelta(minutes=8))
    await dispatch(gateway, [a_setpoint(0, 7.01)], late, limits, 300)
    assert [s.unit_id for s in gateway.batches[0]] == ["E0"]


async def test_a_lease_of_two_ticks_is_renewed_by_the_first_since_the_second_may_come_late() -> None:
    site = a_site(1)
    observation = in_force(site, [7.0])
    limits = limits_now(site, observation, an_outlook(site), ())
    leased = observation.evses[0].lease_until
    assert leased is not None
    gateway = FakeGateway(replace(observation, at=leased - timedelta(seconds=300)))
    await dispatch(gateway, [a_setpoint(0, 7.0)], gateway.observation, limits, 300)
    assert [s.unit_id for s in gateway.batches[0]] == ["E0"]


async def test_who_does_not_follow_is_told_how_often_in_vain() -> None:
    site = a_site(2)
    observation = in_force(site, [0.0, 0.0])
    breach = Breach(kind=BreachKind.DRAWS, told_kw=0.0, measured_kw=7.0, tries=2)
    ignoring = replace(observation.evses[0], acknowledged_kw=None, breach=breach)
    observation = replace(observation, evses=(ignoring, observation.evses[1]))
    gateway = FakeGateway(observation)
    limits = limits_now(site, observation, an_outlook(site), ())
    await dispatch(gateway, [a_setpoint(0, 0.0), a_setpoint(1, 5.0)], observation, limits, 300)
    assert {s.unit_id: s.attempt for batch in gateway.batches for s in batch} == {"E0": 2, "E1": 0}


@given(
    st.lists(st.floats(-11, 11), min_size=N, max_size=N),
    st.lists(st.floats(-11, 11), min_size=N, max_size=N),
    st.sets(st.integers(0, N - 1)),
    st.floats(15, 60),
)
async def test_whatever_is_refused_no_limit_is_newly_broken_at_any_moment(
    before: list[float], wanted: list[float], refusing: set[int], limit_kw: float
) -> None:
    site = a_site(N, limit_kw=limit_kw)
    observation = in_force(site, before)
    limits = limits_now(site, observation, an_outlook(site), ())
    setpoints = project({f"E{i}": p for i, p in enumerate(wanted)}, (), limits, LEASE, {})
    gateway = FakeGateway(observation, refusing=frozenset(f"E{i}" for i in refusing))
    start = limits.weight @ np.maximum(before, 0)
    report = await dispatch(gateway, setpoints, observation, limits, 300)
    force = np.array(before)
    for outcome in report.outcomes:
        if isinstance(outcome, Applied):
            force[int(outcome.setpoint.unit_id[1:])] = outcome.setpoint.power_kw
            # The dead band lets a unit keep up to 0.05 kW more than it was projected.
            assert (limits.weight @ np.maximum(force, 0) <= np.maximum(limits.import_room_kw, start) + 0.05 * N + 1e-6).all()


async def test_what_a_car_that_turns_around_draws_is_free_only_once_it_has_turned() -> None:
    site = a_site(2, limit_kw=21.5)
    observation = in_force(site, [11.0, 0.0])
    limits = limits_now(site, observation, an_outlook(site), ())
    turning = [a_setpoint(1, 11.0), a_setpoint(0, -5.0)]
    willing, refusing = FakeGateway(observation), FakeGateway(observation, refusing=frozenset({"E0"}))
    await dispatch(willing, turning, observation, limits, 300)
    assert [[s.unit_id for s in batch] for batch in willing.batches] == [["E0"], ["E1"]]
    report = await dispatch(refusing, turning, observation, limits, 300)
    assert [s.unit_id for s in report.withheld] == ["E1"]
