"""The checker by hand: what it must say, and what it must not."""

from dataclasses import replace

import numpy as np
import pytest

from tests.faults.checker import Checker, Sight
from tests.faults.stage import BRISK, station

SITE = station(BRISK)
N = len(SITE.evses)
REACTION_S, LEASE_S = 100.0, 1000.0
EVERYBODY = np.ones(N, dtype=np.bool_)
QUIET = Sight(
    at_s=0.0,
    step_s=10.0,
    power_kw=np.zeros(N),
    let_kw=np.zeros(N),
    stored_kwh=np.full(N, 30.0),
    load_kw=10.0,
    sun_kw=0.0,
    import_kw=np.inf,
    listens=EVERYBODY,
    obeys=EVERYBODY,
    consents=EVERYBODY,
    floor_kwh=np.zeros(N),
    known_after_s=np.zeros(N),
    cut_off_s=np.zeros(N),
)


def powers(**by_name: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([by_name.get(e.evse_id, 0.0) for e in SITE.evses])


def watched(sight: Sight, for_s: float) -> Checker:
    checker = Checker(SITE, reaction_s=REACTION_S, lease_s=LEASE_S, step_s=10.0)
    for at_s in np.arange(0.0, for_s, sight.step_s):
        checker.see(replace(sight, at_s=float(at_s)))
    return checker


@pytest.mark.parametrize(
    ("sight", "name"),
    [
        (replace(QUIET, load_kw=70.0, power_kw=powers(C1=22.0, C2=22.0)), "grid import"),
        (replace(QUIET, power_kw=powers(A1=7.4, A4=7.4)), "A:L1 import"),
        (replace(QUIET, power_kw=powers(B1=11.0, B2=11.0, B3=11.0, B4=11.0)), "B import"),
        (replace(QUIET, load_kw=0.0, power_kw=powers(C1=-22.0)), "grid export"),
        (replace(QUIET, import_kw=20.0, power_kw=powers(C1=22.0)), "grid import"),
    ],
)
def test_what_is_over_for_longer_than_it_takes_to_react_is_told_once(sight: Sight, name: str) -> None:
    assert watched(sight, REACTION_S).findings.all == []
    (told,) = watched(sight, 3 * REACTION_S).findings.limits
    assert name in told


def test_the_sun_makes_room_and_a_load_alone_breaks_nothing() -> None:
    assert not watched(replace(QUIET, load_kw=70.0, sun_kw=20.0, power_kw=powers(C1=22.0, C2=22.0)), 500.0).findings.all
    assert not watched(replace(QUIET, load_kw=500.0), 5000.0).findings.all


def test_who_cannot_be_told_has_his_lease_and_no_longer() -> None:
    deaf = replace(QUIET, load_kw=70.0, power_kw=powers(C1=22.0, C2=22.0), listens=~EVERYBODY)
    assert watched(deaf, LEASE_S + REACTION_S).findings.all == []
    assert watched(deaf, LEASE_S + 3 * REACTION_S).findings.limits
    assert not watched(replace(deaf, obeys=~EVERYBODY), 5 * LEASE_S).findings.all


def test_who_was_told_nothing_for_longer_than_a_lease_is_at_his_fallback() -> None:
    let = replace(QUIET, let_kw=powers(B1=4.2, B3=4.2), listens=~EVERYBODY, cut_off_s=np.full(N, LEASE_S))
    assert watched(let, 20.0).findings.all == []
    (told,) = watched(replace(let, cut_off_s=np.full(N, LEASE_S + 2 * REACTION_S)), 20.0).findings.leases
    assert "B3" in told
    assert watched(replace(let, cut_off_s=np.full(N, LEASE_S + 2 * REACTION_S), obeys=~EVERYBODY), 20.0).findings.all == []


def test_who_draws_what_he_did_not_say_counts_from_when_that_can_be_known() -> None:
    pretends = replace(
        QUIET, load_kw=70.0, power_kw=powers(C1=22.0, C2=22.0), known_after_s=np.where(powers(C1=1.0) > 0, LEASE_S, 0.0)
    )
    assert watched(pretends, LEASE_S + REACTION_S).findings.all == []
    assert watched(pretends, LEASE_S + 3 * REACTION_S).findings.limits
    elsewhere = replace(pretends, known_after_s=np.where(powers(A1=1.0) > 0, LEASE_S, 0.0))
    assert watched(elsewhere, 3 * REACTION_S).findings.limits


def test_consent_and_floor_are_judged_at_once() -> None:
    gives = replace(QUIET, load_kw=30.0, power_kw=powers(C3=-5.0))
    assert watched(gives, 10.0).findings.all == []
    (told,) = watched(replace(gives, consents=~EVERYBODY), 10.0).findings.consent
    assert "C3" in told
    (told,) = watched(replace(gives, floor_kwh=np.full(N, 31.0)), 10.0).findings.floors
    assert "C3" in told


def test_what_is_let_counts_like_what_flows_and_a_raise_into_a_limit_is_told_at_once() -> None:
    raised = replace(QUIET, load_kw=70.0, let_kw=powers(C1=22.0, C2=22.0))
    checker = watched(QUIET, 20.0)
    checker.see(replace(raised, at_s=20.0))
    (told,) = checker.findings.limits
    assert "C1, C2 were raised" in told


def test_a_load_that_jumps_is_nobodys_raise_and_false_meters_excuse_one() -> None:
    full = replace(QUIET, load_kw=50.0, let_kw=powers(C1=22.0, C2=22.0))
    checker = watched(full, 20.0)
    checker.see(replace(full, at_s=20.0, load_kw=70.0))
    assert not checker.findings.all
    blind = watched(replace(QUIET, meters_true=False), 20.0)
    blind.see(replace(full, at_s=20.0, load_kw=70.0))
    assert not blind.findings.all
