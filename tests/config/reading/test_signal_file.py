import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.reading.signal_file import load_signals
from config.simulation.scenarios import Files, Past, make_scenario
from config.simulation.simulation import Policy, Simulation, simulate
from config.site.load import LoadedSite, load_site
from tests.support.builders import a_site
from v2g.errors import SignalError
from v2g.signals import SignalKind, Signals

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "signals.json"
START = datetime(2026, 6, 14, 16, tzinfo=UTC)
"""Midnight of the example's day in Chongqing."""


@pytest.fixture(scope="module")
def loaded() -> LoadedSite:
    return load_site(ROOT / "config" / "sites" / "contract.yaml")


def read(tmp_path: Path, text: str) -> Signals:
    path = tmp_path / "signals.json"
    path.write_text(text, encoding="utf-8")
    return load_signals(path, a_site(2), START)


def test_the_example_has_one_of_each_in_the_order_in_which_they_become_known(loaded: LoadedSite) -> None:
    signals = load_signals(EXAMPLE, loaded.site, START)
    assert [(s.kind, s.issued_at - START) for s in signals] == [
        (SignalKind.RESERVE_SYMMETRIC, timedelta(0)),
        (SignalKind.GHG, timedelta(0)),
        (SignalKind.DEMAND_REDUCTION, timedelta(hours=9)),
        (SignalKind.DISPATCH_SETPOINT, timedelta(hours=13, minutes=30)),
    ]
    assert len({s.signal_id for s in signals}) == len(signals)


EVENT: dict[str, Any] = {
    "kind": "DEMAND_REDUCTION",
    "intervals": [{"start": "2026-06-15T01:00:00Z", "end": "2026-06-15T02:00:00Z", "value": 5}],
    "contract": {"payment": 1.0},
}
PAST = {"start": "2026-06-14T12:00:00Z", "end": "2026-06-14T16:00:00Z", "value": 5}
BAD = {
    "not JSON": ("[{]", ""),
    "no list": ("{}", ""),
    "no signal": ("[5]", "[0]"),
    "the second": (json.dumps([EVENT, EVENT | {"kind": "PARTY"}]), "[1].kind"),
    "no end": (json.dumps([EVENT | {"intervals": [{"start": "2026-06-15T01:00:00Z", "value": 1}]}]), "[0].intervals[0].end"),
    "known when": (json.dumps([EVENT | {"issued_at": "soon"}]), "[0].issued_at"),
    "known too late": (json.dumps([EVENT | {"issued_at": "2026-06-15T02:00:00Z"}]), "[0].issued_at"),
    "over": (json.dumps([EVENT | {"intervals": [PAST]}]), "[0].intervals[0].end"),
    "nothing": ("[]", ""),
    "for nothing": (json.dumps([EVENT | {"contract": None}]), "[0].contract"),
    "too much": (json.dumps([EVENT | {"contract": {"payment": 1e5}}]), "[0].contract.payment"),
}


@pytest.mark.parametrize(("text", "place"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_told_with_its_place_and_mend(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(SignalError) as caught:
        read(tmp_path, text)
    assert caught.value.place == f"{tmp_path / 'signals.json'}{place}"
    assert caught.value.mend


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SignalError, match="cannot be read"):
        load_signals(tmp_path / "nothing.json", a_site(1), START)


def run(loaded: LoadedSite, signals: Path | None, *, foresight: bool = False) -> Simulation:
    """Return the example's day until the afternoon."""
    scenario, past = make_scenario(loaded, Files(signals=signals), days=1, seed=1, v2g_share=1.0)
    until_then = replace(scenario, end=START + timedelta(hours=15))
    return asyncio.run(simulate(until_then, past, Policy.V2G, foresight=foresight))


@pytest.fixture(scope="module")
def plain(loaded: LoadedSite) -> Simulation:
    return run(loaded, None)


@pytest.fixture(scope="module")
def called(loaded: LoadedSite) -> Simulation:
    return run(loaded, EXAMPLE, foresight=True)


def test_the_bill_with_all_calls_is_below_that_of_no_control_and_not_below_that_of_foresight(called: Simulation) -> None:
    figures, foresight = called.figures, called.figures["perfect_foresight"]
    wear = called.scenario.site.rules.v2g_wear_cost_per_kwh * figures["energy_discharged_kwh"]
    assert foresight["cost"] + foresight["wear_cost"] <= figures["cost"] + wear
    assert figures["cost"] < figures["cost_uncontrolled"]
    assert figures["cost_events"] < -80.0  # 30 kWh at 3.25 were to be had
    assert figures["cost_reserve"] < 0.0
    assert figures["cost_dispatch"] > 0.0
    for uncalled in (figures["uncontrolled"], run_uncontrolled(called)):
        assert uncalled["cost_events"] == uncalled["cost_reserve"] == uncalled["cost_dispatch"] == 0.0
        assert uncalled["cost_carbon"] == pytest.approx(figures["cost_carbon"], rel=0.02)
    assert figures["cost"] == pytest.approx(
        figures["cost_import"] - figures["revenue_export"] + sum(figures[f"cost_{name}"] for name in BILLED)
    )


BILLED = ("demand", "contract", "carbon", "events", "reserve", "dispatch")


def run_uncontrolled(called: Simulation) -> dict[str, Any]:
    return asyncio.run(simulate(called.scenario, Past(), Policy.UNCONTROLLED)).figures


def test_the_station_answers_the_calls_and_keeps_the_rebound_cap(called: Simulation, plain: Simulation) -> None:
    hours_h = np.arange(len(plain.outcome.import_kw)) / 4
    net = [s.outcome.import_kw - s.outcome.export_kw for s in (called, plain)]
    event, rebound, dispatch = (hours_h >= 9.5) & (hours_h < 10.5), (hours_h >= 10.5) & (hours_h < 11.5), hours_h >= 14
    assert (net[1] - net[0])[event].mean() > 25  # of 30 kW called
    assert net[0][rebound].max() <= 70.0
    assert net[1][event].max() > 70.0  # without the call there was something to put off
    assert np.abs(net[0] - 60.0)[dispatch].mean() < np.abs(net[1] - 60.0)[dispatch].mean() / 2


def test_no_car_gives_back_more_than_its_warranty_allows(loaded: LoadedSite, plain: Simulation) -> None:
    day_kwh = 3.0
    rules = replace(loaded.site.rules, v2g_day_kwh=day_kwh)
    capped = run(replace(loaded, site=replace(loaded.site, rules=rules)), None)
    given_kwh, drivers = capped.outcome.energy_discharged_kwh, {v.visit.driver for v in capped.outcome.visits}
    assert 0.0 < given_kwh <= 1.02 * day_kwh * len(drivers)
    assert given_kwh < 0.75 * plain.outcome.energy_discharged_kwh
