from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.bounds import unit_bounds
from v2g.codec import decode, encode
from v2g.ledger import EMPTY, GAP_H, KEEP, Account, Ledger, Use, count, left_kwh, used_up
from v2g.observation import Observation, Reading
from v2g.record import Memory
from v2g.session import ChargingSession
from v2g.site import Rules
from v2g.stating.caps import spans
from v2g.stating.problem import make_problem
from v2g.timegrid import TimeGrid

SITE = a_site(2)
PLUGGED = NOW - timedelta(hours=1)


def a_visit(
    kwh: float, *, session_id: str = "S", driver: str = "", plugged: datetime = PLUGGED, evse_id: str = "E0"
) -> ChargingSession:
    return replace(a_session(evse_id), session_id=session_id, driver=driver, discharged_kwh=kwh, plugged_in_at=plugged)


def seen(minutes: float, session: ChargingSession | None, *, power_kw: float | None = -11.0, online: bool = True) -> Observation:
    """Return a look at a station with only `session`, which is measured to take `power_kw`."""
    at = NOW + timedelta(minutes=minutes)
    observation = an_observation(SITE, at=at, E0=None, E1=None)
    states = [
        replace(
            s,
            session=session,
            online=online,
            power_kw=None if power_kw is None else Reading(value=power_kw, at=at),
        )
        if session and s.evse_id == session.evse_id
        else s
        for s in observation.evses
    ]
    return replace(observation, evses=tuple(states))


def counted(*looks: Observation, ledger: Ledger = EMPTY) -> Ledger:
    for look in looks:
        ledger = count(ledger, look, SITE)
    return ledger


def test_energy_time_and_cycles_are_counted_to_the_driver() -> None:
    looks = [seen(0, a_visit(0.0, driver="D"), power_kw=5.0), *(seen(m, a_visit(m * 0.1, driver="D")) for m in (6, 12, 18))]
    (account,) = counted(*looks).accounts.values()
    assert account.today == account.life
    assert account.life.energy_kwh == pytest.approx(1.8)
    assert account.life.time_h == pytest.approx(0.3)
    assert account.life.cycles == pytest.approx(1.8 / 60)


def test_time_at_rest_does_not_count_and_a_slow_meter_does() -> None:
    looks = [
        seen(0, a_visit(0.0), power_kw=0.0),
        seen(300, a_visit(0.0), power_kw=0.0),  # five hours at rest
        seen(301, a_visit(0.0)),  # discharging; the meter tells every six minutes
        seen(303, a_visit(0.0)),
        seen(306, a_visit(1.0)),
    ]
    assert counted(*looks).accounts["S"].life.time_h == pytest.approx(6 / 60)


def test_after_a_long_silence_the_time_is_what_it_must_have_been() -> None:
    silent = [seen(0, a_visit(0.0), power_kw=0.0), seen(240, a_visit(0.0), online=False)]
    assert counted(*silent, seen(600, a_visit(22.0))).accounts["S"].life.time_h == pytest.approx(2.0)  # at 11 kW
    assert counted(*silent, seen(600, a_visit(1.0))).accounts["S"].life.time_h == pytest.approx(GAP_H)


def test_a_new_local_day_starts_from_zero_and_life_goes_on() -> None:
    midnight_min = 8 * 60  # 16:00 UTC is midnight in Shanghai
    ledger = counted(seen(0, a_visit(3.0, driver="D")), seen(midnight_min + 1, a_visit(3.0, driver="D")))
    assert (ledger.accounts["D"].today, ledger.accounts["D"].life.energy_kwh) == (Use(), 3.0)
    assert counted(seen(0, a_visit(3.0, driver="D")), seen(midnight_min - 1, a_visit(3.0, driver="D"))).accounts["D"].today != Use()


def test_another_id_for_the_same_stay_counts_nothing_twice_and_a_driver_known_late_gets_all() -> None:
    ledger = counted(
        seen(0, a_visit(3.0)), seen(1, a_visit(4.0, session_id="S2")), seen(2, a_visit(4.5, driver="D", session_id="S2"))
    )
    assert {vehicle: a.life.energy_kwh for vehicle, a in ledger.accounts.items()} == {"D": 4.5}
    forgot = counted(seen(3, a_visit(5.0, session_id="S2")), ledger=ledger)  # the driver is not told again after a restart
    assert forgot.account(a_visit(5.0, session_id="S2")).life.energy_kwh == 5.0


def test_the_next_stay_of_the_same_driver_adds_up_and_a_stranger_starts_anew() -> None:
    later = NOW + timedelta(hours=2)
    ledger = counted(seen(0, a_visit(3.0, driver="D")), seen(200, a_visit(2.0, session_id="T", driver="D", plugged=later)))
    assert ledger.accounts["D"].life.energy_kwh == 5.0
    assert ledger.account(a_visit(0.0, session_id="U")) == Account()


def test_of_a_visit_that_gave_nothing_back_nothing_is_left_and_what_it_tells_later_counts_whole() -> None:
    ledger = counted(seen(0, a_visit(0.0), power_kw=5.0), seen(5, None))
    assert (ledger.marks, ledger.accounts) == ({}, {})
    (account,) = counted(seen(10, a_visit(1.5)), ledger=ledger).accounts.values()
    assert account.life.energy_kwh == 1.5


def test_visits_of_strangers_are_forgotten_and_drivers_are_not() -> None:
    both = counted(seen(0, a_visit(3.0)), seen(10, a_visit(1.0, session_id="T", driver="D", plugged=NOW, evse_id="E1")))
    days_min = 10 + KEEP.total_seconds() / 60 + 1
    ledger = counted(seen(days_min, None), ledger=both)
    assert (set(ledger.accounts), ledger.marks) == ({"D"}, {})


looks = st.tuples(
    st.sampled_from(["S", "S2", "T"]),
    st.sampled_from(["", "D"]),
    st.floats(0, 30),
    st.booleans(),
    st.sampled_from([-11.0, 0.0, None]),
)


@given(st.lists(looks, max_size=12))
def test_a_stay_counts_its_meter_s_highest_reading_once_whatever_its_ids(
    said: list[tuple[str, str, float, bool, float | None]],
) -> None:
    ledger, hours, lasted = EMPTY, 0.0, 0.0
    for i, (session_id, driver, kwh, online, power_kw) in enumerate(said):
        before = sum(a.life.energy_kwh for a in ledger.accounts.values())
        ledger = count(
            ledger, seen(5.0 * i, a_visit(kwh, session_id=session_id, driver=driver), power_kw=power_kw, online=online), SITE
        )
        ledger = decode(Ledger, encode(ledger))  # a restart between any two looks
        assert sum(a.life.energy_kwh for a in ledger.accounts.values()) >= before - 1e-9
        hours, lasted = sum(a.life.time_h for a in ledger.accounts.values()), 1.0 + 5.0 * i / 60
    heard = [kwh for _, _, kwh, online, _ in said if online]
    assert sum(a.life.energy_kwh for a in ledger.accounts.values()) == pytest.approx(max(heard, default=0.0))
    assert hours <= lasted + 1e-9
    assert len(ledger.accounts) <= 1


caps = st.floats(0, 50) | st.just(np.inf)


@given(caps, caps, caps, st.floats(0, 60), st.floats(0, 60), st.floats(0, 60))
def test_what_is_left_is_the_least_of_energy_hours_and_cycles(
    kwh: float, hours: float, cycles: float, used_kwh: float, used_h: float, used_cycles: float
) -> None:
    left = left_kwh(
        Use(energy_kwh=kwh, time_h=hours, cycles=cycles),
        Use(energy_kwh=used_kwh, time_h=used_h, cycles=used_cycles),
        discharge_max_kw=7.0,
        capacity_kwh=60.0,
    )
    assert left == max(min(kwh - used_kwh, 7.0 * (hours - used_h), 60.0 * (cycles - used_cycles)), 0.0)


def test_a_car_that_gave_all_gives_no_more_and_its_bounds_say_why() -> None:
    site = replace(SITE, rules=Rules(guard_frac=0.0, v2g_day_kwh=5.0, v2g_life_cycles=1.0))
    given_kwh = a_visit(5.0, session_id="S-E0", driver="D")
    observation = an_observation(site, E0=given_kwh)
    ledger = count(EMPTY, observation, site)
    assert used_up(ledger, given_kwh, site.evses[0], site.rules)
    floors = {u.unit_id: (u.floor_kw, u.floor_by) for u in unit_bounds(site, observation, ledger)}
    assert floors == {"E0": (0.0, "ledger"), "E1": (-11.0, "rating")}
    problem = make_problem(site, observation, an_outlook(site), (), Memory(ledger=ledger))
    today = problem.grid.edges_h[:-1] < 8.0  # midnight in Shanghai
    assert not problem.storages.discharge_max_kw[0, today].any()
    assert problem.storages.discharge_max_kw[1, 0] == 11.0
    assert problem.storages.caps is not None
    assert problem.storages.caps.most_kwh[0] == pytest.approx([0.0, 5.0, 55.0])
    assert problem.storages.caps.most_kwh[1] == pytest.approx([5.0, 5.0, 60.0])


def test_without_caps_there_are_none() -> None:
    assert make_problem(SITE, an_observation(SITE), an_outlook(SITE), (), Memory()).storages.caps is None


@given(st.integers(0, 47), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles"]), st.sampled_from([8, 24, 60]))
def test_spans_part_the_horizon_by_local_days_and_their_number_does_not_change(half_hours: int, zone: str, hours: int) -> None:
    start = datetime(2026, 3, 28, tzinfo=NOW.tzinfo) + timedelta(minutes=30 * half_hours)  # the clocks change in Berlin
    share = spans(TimeGrid.uniform(start, step_h=0.5, n_steps=2 * hours), zone)
    assert len(share) == -(-hours // 24) + 2
    assert share[:-1].sum(axis=0) == pytest.approx(np.ones(2 * hours))
    assert (share[-1] == 1.0).all()
    local = start.astimezone(ZoneInfo(zone))
    rest_h = 24 - local.hour - local.minute / 60
    if zone != "Europe/Berlin":
        assert share[0].sum() * 0.5 == pytest.approx(min(rest_h, hours))
