"""What a report shows, against the simulation it is drawn from."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from config.simulation.comparing import Question, answer, variants
from config.simulation.report.case import Case
from config.simulation.report.page import report_page
from config.simulation.report.response import energy_by_class, prices_of
from config.simulation.report.sessions import sessions
from config.simulation.report.timeline import soc_quantiles
from config.simulation.simulation import Policy
from daemon import app
from tests.config.simulation.test_simulation import site_path
from v2g.errors import InputError


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Question:
    return Question(site=site_path(tmp_path_factory.mktemp("site")), policy=Policy.ORDERED, days=1, seed=1, v2g_share=0.5)


@pytest.fixture(scope="module")
def cases(question: Question) -> list[Case]:
    asked = variants(question, ["uncontrolled"])
    return [answer(name, what, told=lambda _: None, progress=lambda _: None) for name, what in asked]


def test_all_the_energy_stands_in_one_price_class_or_another(cases: list[Case]) -> None:
    outcome, price = cases[0].simulation.outcome, prices_of(cases[0])
    edges = np.unique(np.r_[price.min() - 0.1, np.median(price), price.max() + 0.1])
    energy = energy_by_class(outcome, price, edges)
    assert energy.sum() == pytest.approx(outcome.energy_charged_kwh - outcome.energy_discharged_kwh)
    dear = price > np.median(price)
    net = (outcome.charge_kw - outcome.discharge_kw) * outcome.covered_h
    assert energy[-1] == pytest.approx(net[dear].sum())


def test_the_fan_lies_between_the_emptiest_and_the_fullest_car(cases: list[Case]) -> None:
    outcome = cases[0].simulation.outcome
    low, middle, high = soc_quantiles(outcome, (0.0, 50.0, 100.0))
    there = ~np.isnan(middle)
    assert there.any()
    assert (low[there] <= middle[there]).all()
    assert (middle[there] <= high[there]).all()
    full = max(100.0 * max(v.trace_kwh) / v.visit.capacity_kwh for v in outcome.visits if v.trace_kwh)
    assert np.nanmax(high) == pytest.approx(full)


def test_each_trace_ends_near_what_the_car_left_with(cases: list[Case]) -> None:
    for visit in cases[0].simulation.outcome.finished:
        most_kwh = 0.25 * visit.visit.charge_max_kw
        assert visit.trace_kwh, visit.visit.visit_id
        assert abs(visit.trace_kwh[-1] - visit.left_kwh) <= most_kwh
        assert abs(visit.trace_kwh[0] - visit.visit.arrival_kwh) <= most_kwh


def test_each_stay_is_one_bar(cases: list[Case]) -> None:
    figure, n_hidden = sessions(cases[0])
    outcome = cases[0].simulation.outcome
    assert sum(len(bars.y) for bars in figure.data) == len(outcome.visits)
    assert n_hidden == 0
    length_h = sum(sum(bars.x) for bars in figure.data) / 3.6e6
    seen = [(min(v.visit.leaves_at, outcome.end) - max(v.visit.arrives_at, outcome.start)).total_seconds() for v in outcome.visits]
    assert length_h == pytest.approx(sum(seen) / 3600)


class Fetched(HTMLParser):
    """Collects what a page would fetch, and its headings."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched, self.headings, self.tag = list[str](), list[str](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        if self.tag == "h2":
            self.headings.append(data)
            self.tag = ""


def test_the_page_has_all_parts_and_fetches_nothing(cases: list[Case]) -> None:
    parser = Fetched()
    parser.feed(report_page(cases))
    assert parser.fetched == []
    assert [h.split()[0] for h in parser.headings] == [
        "Figures",
        "Power,",
        "Stays",
        "Wear,",
        "Where",
    ]  # of one price there are no classes


def test_names_in_a_site_file_are_only_text(cases: list[Case]) -> None:
    simulation = cases[0].simulation
    named = replace(simulation.scenario.site, name="<script>alert(1)</script>")
    scenario = replace(simulation.scenario, site=named)
    assert "<script>alert(1)" not in report_page([replace(cases[0], simulation=replace(simulation, scenario=scenario))])


def test_what_is_compared_changes_one_thing(question: Question, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(question.site.read_text(encoding="utf-8"), encoding="utf-8")
    asked = dict(variants(replace(question, foresight=True), ["v2g", "seed=7", str(other)]))
    assert asked["ordered"].foresight
    plain = replace(question, foresight=False)
    assert asked["v2g"] == replace(plain, policy=Policy.V2G)
    assert asked["seed=7"] == replace(plain, seed=7)
    assert asked[str(other)] == replace(plain, site=other)
    with pytest.raises(InputError, match="nothing to compare with"):
        list(variants(question, ["tomorrow"]))


def test_the_command_compares(question: Question, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    arguments = ("--days", "1", "--policy", "ordered", "--compare", "uncontrolled", "--report", str(page), "--json")
    done = CliRunner().invoke(app, ["simulate", str(question.site), *arguments])
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["compare"]["uncontrolled"]["cost"] == pytest.approx(figures["cost_uncontrolled"], abs=1e-3)
    assert "uncontrolled" in page.read_text(encoding="utf-8")
