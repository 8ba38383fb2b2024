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
from v2g.record import Memory
from v2g.why import Explanation, Why
from v2g.words import LANGUAGES, PARTS, SENTENCES, in_words

HOLES = {"price", "until", "limit", "limit_price"}
SITE = a_site()


def a_plan() -> Plan:
    """Return the plan of a car that waits an hour, from 08:00 to 09:00 in Shanghai, and then charges at 0.1."""
    problem = case(
        car(2, initial_energy_kwh=0.0, target_energy_kwh=10.0, target_step=2, discharge_max_kw=0.0), price=np.array([0.3, 0.1])
    )
    return make_plan(problem, ExactPlanner().solve_now(problem), Memory(), problem.grid.start, SITE.rules)


def explained(why: Why, **changes: object) -> Explanation:
    plain = Explanation(
        unit_id="car",
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
        assert set(SENTENCES[language]) == set(Why)
        assert PARTS[language].keys() == PARTS["en"].keys()
        for sentence in SENTENCES[language].values():
            assert {hole for _, hole, _, _ in Formatter().parse(sentence) if hole} <= HOLES


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
