"""Every reason has its sentence in both languages, filled with the figures of the plan."""

from dataclasses import replace
from string import Formatter

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case
from tests.support.builders import a_site
from v2g.plan import Plan
from v2g.planning import make_plan
from v2g.sentences import COMMON, LANGUAGES, OWN, PARTS, PROMISES, sentence_of
from v2g.storages import StorageKind
from v2g.why import Explanation, Why
from v2g.words import in_words

HOLES = {"price", "until", "back", "limit", "limit_price"}
SITE = a_site()


def a_plan() -> Plan:
    """Return the plan of a car that waits an hour, from 08:00 to 09:00 in Shanghai, and then charges at 0.1."""
    problem = case(
        car(2, initial_energy_kwh=0.0, target_energy_kwh=10.0, target_step=2, discharge_max_kw=0.0), price=np.array([0.3, 0.1])
    )
    return make_plan(problem, ExactPlanner().solve_now(problem), problem.grid.start, SITE.rules)


def explained(why: Why, **changes: object) -> Explanation:
    plain = Explanation(
        unit_id="car",
        kind=StorageKind.EV,
        why=(why, why),
        limit=("", ""),
        price_per_kwh=np.array([0.3, 0.1]),
        limit_price_per_kwh=np.zeros(2),
        value_per_kwh=np.zeros(2),
        promise_price_per_kwh=0.0,
        promise_cost=0.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_every_reason_has_a_sentence_whose_holes_are_known() -> None:
    for language in LANGUAGES:
        assert set(COMMON[language]) == set(Why)
        assert PARTS[language].keys() == PARTS["en"].keys()
        assert PROMISES[language].keys() == PROMISES["en"].keys()
        for kind in StorageKind:
            assert OWN[language].get(kind, {}).keys() == OWN["en"].get(kind, {}).keys()
            for why in Why:
                assert holes(sentence_of(kind, why, language)) <= HOLES


def holes(sentence: str) -> set[str]:
    return {hole for _, hole, _, _ in Formatter().parse(sentence) if hole}


def test_waiting_says_until_when_and_for_which_price() -> None:
    plan = a_plan()
    (waits,) = plan.explanations
    assert waits.why[0] is Why.WAITS
    told = in_words(replace(waits, promise_cost=0.0), plan, SITE, "en")
    assert told == "Waits until 09:00, when a kWh costs 0.100 CNY/kWh; there is time enough."
    assert "09:00" in in_words(waits, plan, SITE, "zh")


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Held back by the limit of hall:L2, which adds 0.120 CNY/kWh here."), ("zh", "hall:L2")]
)
def test_a_limit_is_named_with_what_it_adds(language: str, told: str) -> None:
    held = explained(Why.LIMIT, limit=("hall:L2", ""), limit_price_per_kwh=np.array([0.12, 0.0]))
    assert told in in_words(held, a_plan(), SITE, language)


def test_a_limit_without_a_price_is_the_stations() -> None:
    assert in_words(explained(Why.LIMIT), a_plan(), SITE, "en") == "Held back by the limit of grid."


@pytest.mark.parametrize(("cost", "said"), [(3.2, True), (0.001, False), (np.inf, False)])
def test_what_a_promise_costs_is_told_where_it_costs_something(cost: float, said: bool) -> None:
    for language, sentence in (("en", "at most 3.20 CNY"), ("zh", "最多 3.20 CNY")):
        assert (sentence in in_words(explained(Why.CHEAP, promise_cost=cost), a_plan(), SITE, language)) is said


@pytest.mark.parametrize(
    ("kind", "why", "told"),
    [
        (StorageKind.PV, Why.CHEAP, "Makes less than it could: a kWh more is worth 0.300 CNY/kWh now."),
        (StorageKind.PV, Why.AWAY, "No sun now."),
        (StorageKind.SWAP, Why.FLOOR, "Charges at once: full packs must be ready for the swaps expected."),
        (StorageKind.ELECTROLYSER, Why.CHEAP, "Runs now: 0.300 CNY/kWh is cheap."),
        (
            StorageKind.FLEXIBLE_LOAD,
            Why.DISCHARGE,
            "Draws less now at 0.300 CNY/kWh, and takes it back from 09:00 at 0.100 CNY/kWh.",
        ),
        (StorageKind.BATTERY, Why.WAITS, "Waits until 09:00, when a kWh costs 0.100 CNY/kWh."),
    ],
)
def test_other_kinds_have_words_of_their_own(kind: StorageKind, why: Why, told: str) -> None:
    assert in_words(explained(why, kind=kind, promise_cost=0.0), a_plan(), SITE, "en") == told


def test_only_who_owes_something_tells_what_it_costs() -> None:
    told = {
        kind: "2.00 CNY" in in_words(explained(Why.CHEAP, kind=kind, promise_cost=2.0), a_plan(), SITE, "en")
        for kind in StorageKind
    }
    assert {kind for kind, said in told.items() if said} == {StorageKind.EV, StorageKind.ELECTROLYSER}


def test_prices_in_words_are_the_bills_and_not_those_of_a_months_peak() -> None:
    plan, cheap = a_plan(), explained(Why.CHEAP, price_per_kwh=np.array([120.0, 120.0]))
    assert in_words(cheap, plan, SITE, "en") == "Charges now: 0.300 CNY/kWh is cheap."
    sells = replace(plan, export_kw=np.array([2.0, 0.0]), export_price_per_kwh=np.array([-0.02, 0.0]))
    curtailed = replace(cheap, kind=StorageKind.PV)
    assert in_words(curtailed, sells, SITE, "en") == "Makes less than it could: a kWh more is worth -0.020 CNY/kWh now."
