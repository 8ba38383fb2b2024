from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import numpy as np
import pytest

from adapters.clock import VirtualClock
from adapters.web.plan.view import plan_view
from adapters.web.site.view import site_view
from adapters.web.state.models import PromiseModel
from adapters.web.state.view import evse_views
from tests.adapters.web.conftest import NOW
from tests.support.fake_station import FAULTY_EVSE, OFFLINE_EVSE, STALE_EVSE, FakeStation
from v2g.errors import PlanningError
from v2g.outlook import LEVELS, Departure
from v2g.signal_bounds import CALLS
from v2g.signals import Interval, Signal, SignalKind
from v2g.standing import Standing
from v2g.why import Why


async def test_health_is_503_when_ticks_do_not_come(station: FakeStation, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    station.alive = False
    answer = await client.get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["alive"] is False


async def test_how_forecasts_do_is_told_in_health_and_state(station: FakeStation, client: httpx.AsyncClient) -> None:
    lost = Standing(signal="load", n=96, coverage80=0.75, skill=-0.5, model_in_use=False)
    station.standings = (lost, Standing(signal="stay"))
    told = (await client.get("/api/health")).json()["forecasts"]
    assert told == (await client.get("/api/state")).json()["health"]["forecasts"]
    assert told[0] == {"signal": "load", "n": 96, "coverage80": 0.75, "skill": -0.5, "model_in_use": False}
    assert told[1] == {"signal": "stay", "n": 0, "coverage80": None, "skill": None, "model_in_use": True}


async def test_site_tells_what_phases_carry_at_their_limit(station: FakeStation) -> None:
    amps = tuple(replace(circuit, phase_limit_a=160.0) for circuit in station.site.circuits)
    told = site_view(replace(station.site, circuits=amps)).circuits
    assert [(circuit.phase_limit_a, circuit.phases_kw) for circuit in told] == [(160.0, 110.4)] * len(told)
    assert site_view(station.site).circuits[1].phases_kw is None


async def test_site_says_no_limit_as_null(client: httpx.AsyncClient) -> None:
    site = (await client.get("/api/site")).json()
    assert site["circuits"][0]["import_limit_kw"] == 300.0
    assert site["circuits"][1]["export_limit_kw"] is None
    assert len(site["evses"]) == 14


async def test_state_adds_up_and_every_outlet_is_there(station: FakeStation, client: httpx.AsyncClient) -> None:
    state = (await client.get("/api/state")).json()
    powers = [evse["power_kw"]["value"] for evse in state["evses"]]
    assert state["charge_kw"] == pytest.approx(sum(max(kw, 0) for kw in powers), abs=0.01)
    assert state["discharge_kw"] == pytest.approx(sum(max(-kw, 0) for kw in powers), abs=0.01)
    net = state["load_kw"]["value"] - state["pv_kw"]["value"] + state["battery_kw"] + sum(powers)
    assert state["site_power_kw"]["value"] == pytest.approx(net, abs=0.02)
    assert [evse["evse_id"] for evse in state["evses"]] == [evse.evse_id for evse in station.site.evses]
    assert state["import_limit_kw"] == 300.0
    assert state["tick"]["rung"] == "optimal"


async def test_state_tells_ages_faults_and_what_became_of_setpoints(client: httpx.AsyncClient) -> None:
    evses = {evse["evse_id"]: evse for evse in (await client.get("/api/state")).json()["evses"]}
    assert evses[STALE_EVSE]["power_kw"]["age_s"] == 95.0
    assert evses[OFFLINE_EVSE]["online"] is False
    assert evses[FAULTY_EVSE]["fault"] == "GroundFailure"
    connected = [evse for evse in evses.values() if evse["session"] and evse["online"]]
    assert connected
    assert all(evse["why"] in set(Why) and evse["outcome"] for evse in connected)
    assert all(evse["why"] == "away" for evse in evses.values() if not evse["session"])


async def test_a_published_limit_holds_at_once(station: FakeStation, client: httpx.AsyncClient) -> None:
    interval = Interval(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=1), value=180.0)
    await station.post_signal(
        Signal(signal_id="s", kind=SignalKind.IMPORT_CAPACITY_LIMIT, source="grid", issued_at=NOW, intervals=(interval,))
    )
    assert (await client.get("/api/state")).json()["import_limit_kw"] == 180.0


async def test_promises_say_when_a_car_is_ready_or_what_is_missing(station: FakeStation, client: httpx.AsyncClient) -> None:
    sessions = (await client.get("/api/sessions")).json()
    record = station.latest()
    assert record is not None
    promised = [session for session in sessions if session["promise"]]
    assert len(promised) > 5
    for session in promised:
        promise = session["promise"]
        row = record.plan.unit_ids.index(session["evse_id"])
        due = datetime.fromisoformat(promise["due_at"])
        step = record.plan.grid.whole_steps_until(due) - 1
        assert promise["planned_kwh"] == pytest.approx(record.plan.energy_kwh[row, step], abs=1e-3)
        assert promise["shortfall_kwh"] == pytest.approx(max(promise["target_kwh"] - promise["planned_kwh"], 0), abs=2e-3)
        assert (promise["ready_at"] is None) <= (promise["shortfall_kwh"] > 0.099)
        assert promise["ready_at"] is None or promise["ready_at"] <= promise["due_at"]


async def test_what_a_promise_lacks_is_what_the_car_lacks_when_it_leaves_however_early_the_plan_aims(station: FakeStation) -> None:
    record = station.latest()
    assert record is not None
    storages, edges_h = record.problem.storages, record.problem.grid.edges_h
    early = replace(storages, target_step=np.minimum(storages.target_step, 1))
    aims = replace(record, problem=replace(record.problem, storages=early))
    promised = 0
    for view in evse_views(station.site, record.observation, aims, record.at):
        if view.session is None or view.session.promise is None or view.session.departure is None:
            continue
        row, promise = record.plan.unit_ids.index(view.evse_id), view.session.promise
        has_kwh = np.r_[storages.initial_energy_kwh[row], record.plan.energy_kwh[row]]
        leaves_h = record.problem.grid.offset_h(view.session.departure)
        assert promise.due_at == record.problem.grid.starts[1]
        assert promise.planned_kwh == pytest.approx(np.interp(leaves_h, edges_h, has_kwh), abs=1e-3)
        assert (promise.ready_at is None) <= (promise.shortfall_kwh > 0.099)
        promised += promise.planned_kwh > has_kwh[1] + 1.0
    assert promised > 3


async def test_a_promise_says_how_likely_it_is_kept_where_a_departure_is_forecast(
    station: FakeStation, client: httpx.AsyncClient
) -> None:
    record = station.latest()
    assert record is not None
    assert all(s["promise"] is None or s["promise"]["probability"] is None for s in (await client.get("/api/sessions")).json())
    sessions = [s.session.session_id for s in record.observation.evses if s.session]
    late, soon = ((record.problem.grid.end,) * len(LEVELS), (record.at,) * len(LEVELS))

    def promises(quantiles: tuple[datetime, ...]) -> list[PromiseModel]:
        departures = tuple(Departure(session_id=s, quantiles=quantiles, source="test") for s in sessions)
        told = replace(record, outlook=replace(record.outlook, departures=departures))
        views = evse_views(station.site, record.observation, told, record.at)
        return [v.session.promise for v in views if v.session and v.session.promise]

    ready = [p.probability for p in promises(late) if p.ready_at]
    assert ready
    assert all(probability is not None and probability >= LEVELS[-1] for probability in ready)
    assert {p.probability for p in promises(soon)} <= {0.0, 1.0}  # as it is now


async def test_the_plan_balances(client: httpx.AsyncClient) -> None:
    plan = (await client.get("/api/plan")).json()
    for i in range(len(plan["starts"])):
        units = sum(unit["power_kw"][i] for unit in plan["units"])
        net = plan["import_kw"][i] - plan["export_kw"][i]
        assert net == pytest.approx(plan["fixed_kw"][i] + plan["expected_kw"][i] + units, abs=0.02)
        assert plan["fixed_kw"][i] == pytest.approx(plan["load_kw"][i] - plan["pv_kw"][i], abs=0.01)
        assert plan["load_low_kw"][i] <= plan["load_kw"][i] <= plan["load_high_kw"][i]
        assert plan["import_price_low_per_kwh"][i] <= plan["import_price_per_kwh"][i] <= plan["import_price_high_per_kwh"][i]


def test_cars_that_are_still_to_come_are_told_of(station: FakeStation) -> None:
    record = station.latest()
    assert record is not None
    coming_kw = np.arange(record.plan.grid.n_steps, dtype=np.float64)
    busier = replace(record, plan=replace(record.plan, expected_kw=coming_kw))
    assert plan_view(busier, station.site).expected_kw == coming_kw.tolist()
    assert set(plan_view(record, station.site).expected_kw) == {0.0}


async def test_before_the_first_tick_there_is_a_state_but_no_plan(station: FakeStation, client: httpx.AsyncClient) -> None:
    station.ticking = False
    answer = await client.get("/api/plan")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    state = (await client.get("/api/state")).json()
    assert state["tick"] is None
    assert state["import_price_per_kwh"] is None
    assert any(evse["session"] and evse["why"] is None for evse in state["evses"])


@pytest.mark.parametrize(("hours", "points"), [(1, 720), (6, 50), (24, 2)])
async def test_history_is_thinned_but_hides_no_peak(
    station: FakeStation, client: httpx.AsyncClient, hours: int, points: int
) -> None:
    history = (await client.get(f"/api/history?hours={hours}&points={points}")).json()
    assert len(history["at"]) == min(points, hours * 60 + 1)
    assert max(history["import_kw"]) == pytest.approx(max(p.import_kw for p in station.history(hours)), abs=1e-3)
    assert history["at"] == sorted(history["at"])
    assert {len(values) for values in history.values()} == {len(history["at"])}


@pytest.mark.parametrize("query", ["hours=0", "hours=-1", "hours=nan", "hours=inf", "hours=soon", "points=1", "points=1e9"])
async def test_a_silly_question_about_the_past_is_a_problem(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/api/history?{query}")
    assert answer.status_code == 422
    assert answer.json()["place"] == query.split("=", maxsplit=1)[0]


async def test_the_same_second_is_pictured_once(station: FakeStation, client: httpx.AsyncClient, clock: VirtualClock) -> None:
    first = (await client.get("/api/state")).json()
    clock.advance_to(NOW + timedelta(minutes=1))
    assert (await client.get("/api/state")).json() == first
    assert station.now() != datetime.fromisoformat(first["now"])


async def test_the_site_says_what_each_kind_of_signal_may_say(client: httpx.AsyncClient) -> None:
    facts = {told["kind"]: told for told in (await client.get("/api/site")).json()["signals"]}
    assert set(facts) == set(SignalKind)
    assert facts["DISPATCH_SETPOINT"] == {
        "kind": "DISPATCH_SETPOINT",
        "unit": "kW",
        "values": {"least": -150.0, "most": 300.0},
        "contract": {"penalty": {"least": 0.0, "most": 109.0}},
    }
    assert facts["RESERVE_UP"]["contract"]["offer_max_kw"] == {"least": 0.0, "most": 450.0}
    assert {kind for kind, told in facts.items() if not told["contract"]} == set(SignalKind) - set(CALLS)


async def test_the_plan_names_the_signals_it_was_made_under_and_their_effect_is_told(
    station: FakeStation, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/api/plan/effect")).status_code == 404
    interval = Interval(start=NOW, end=NOW + timedelta(hours=1), value=0.9)
    await station.post_signal(Signal(signal_id="s", kind=SignalKind.PRICE, source="grid", issued_at=NOW, intervals=(interval,)))
    effect = (await client.get("/api/plan/effect")).json()
    assert (effect["moved_kwh"], len(effect["affected"])) == (12.5, 2)
    assert (await client.get("/api/plan")).json()["signal_ids"] == ["s"]


async def test_an_effect_no_solver_tells_is_a_problem_that_says_so(
    station: FakeStation, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone() -> None:
        raise PlanningError("the solver process died")

    monkeypatch.setattr(station, "signal_effect", gone)
    answer = await client.get("/api/plan/effect")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (answer.json()["detail"], answer.json()["mend"]) == ("the solver process died", "try again shortly")
