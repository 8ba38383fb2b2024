import numpy as np

from adapters.mqtt.plan import plan_message
from adapters.mqtt.schema import dump
from tests.adapters.mqtt.support import NOW, later, words
from v2g.plan import Plan
from v2g.solution import Rung
from v2g.timegrid import TimeGrid
from v2g.why import Why


def test_the_summary_adds_up_charge_and_discharge_apart() -> None:
    two = np.zeros(2)
    plan = Plan(
        made_at=NOW, grid=TimeGrid(start=NOW, step_h=np.array([0.25, 1.0])), unit_ids=("A", "B"),
        power_kw=np.array([[7.0, -3.0], [4.0, -2.0]]), energy_kwh=np.zeros((2, 2)),
        import_kw=two, export_kw=two, fixed_kw=two, import_limit_kw=two, import_price_per_kwh=two, export_price_per_kwh=two,
        why=(Why.CHEAP, Why.CHEAP), rung=Rung.OPTIMAL, reason="", gap_frac=None, terms=(), solve_s=0.1,
    )  # fmt: skip
    message = plan_message(plan)
    assert message == {
        "at": words(NOW),
        "rung": "optimal",
        "steps": [
            {"start": words(NOW), "end": words(later(900)), "charge_kw": 11.0, "discharge_kw": 0.0},
            {"start": words(later(900)), "end": words(later(4500)), "charge_kw": 0.0, "discharge_kw": 5.0},
        ],
    }
    assert dump("plan", message, "plan")
