"""Problems that cannot be used name the first storage or circuit that is wrong, and what to do about it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from v2g.errors import ProblemError
from v2g.network import Circuits, Connection
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import TimeGrid

T = 4
"""Steps."""
UNITS = ("van", "commuter", "guest")
CIRCUITS = ("grid", "garage")


def problem(storages: dict[str, Any] | None = None, circuits: dict[str, Any] | None = None) -> Problem:
    n, m = len(UNITS), len(CIRCUITS)
    return Problem(
        grid=TimeGrid.uniform(datetime(2026, 1, 5, tzinfo=UTC), step_h=1.0, n_steps=T),
        storages=replace(
            Storages(
                unit_ids=UNITS,
                kinds=(StorageKind.EV,) * n,
                circuit_ids=("garage",) * n,
                phase_share=np.full((n, 3), 1 / 3),
                target_step=np.zeros(n, dtype=np.int64),
                **{name: np.zeros((n, T)) for name in ("energy_min_kwh", "drain_kwh", "departure_probability", "discharge_max_kw")},
                **{name: np.full((n, T), 11.0) for name in ("charge_max_kw", "energy_max_kwh", "previous_power_kw")},
                **{name: np.zeros(n) for name in ("charge_min_kw", "discharge_min_kw", "initial_energy_kwh", "wear_cost_per_kwh")},
                **{name: np.zeros(n) for name in ("target_energy_kwh", "shortfall_price_per_kwh", "terminal_value_per_kwh")},
                **{name: np.ones(n) for name in ("charge_efficiency", "discharge_efficiency", "priority")},
            ),
            **(storages or {}),
        ),
        circuits=replace(
            Circuits(
                circuit_ids=CIRCUITS,
                parent_index=np.array([-1, 0]),
                phase_limit_kw=np.full((m, 3), np.inf),
                **{name: np.full((m, T), np.inf) for name in ("import_limit_kw", "export_limit_kw")},
                **{name: np.zeros((m, T)) for name in ("fixed_kw", "fixed_margin_kw")},
            ),
            **(circuits or {}),
        ),
        connection=Connection(import_price_per_kwh=np.ones(T), export_price_per_kwh=np.zeros(T)),
    )


def spoiled(fine: Problem, part: str, field: str, value: float) -> Problem:
    """Return `fine` with `value` in all of row 1, and in row 2 of storages."""
    array = getattr(getattr(fine, part), field).copy()
    array[1:] = value
    return problem(**{part: {field: array}})


@pytest.mark.parametrize(
    ("field", "value", "mend"),
    [
        ("energy_min_kwh", 12.0, "lower energy_min_kwh or raise energy_max_kwh"),
        ("departure_probability", 0.5, "one number counts at every step"),
        ("departure_probability", -0.5, "≥ 0"),
        ("phase_share", 0.5, "1, 0, 0"),
        ("target_step", T + 1, "0..4"),
        ("priority", 0.0, "like everyone"),
        ("charge_efficiency", 1.5, "0.95"),
        ("charge_max_kw", np.nan, "finite"),
        ("initial_energy_kwh", np.inf, "finite"),
        ("wear_cost_per_kwh", -1.0, "≥ 0"),
    ],
)
def test_the_first_storage_that_is_wrong_is_named(field: str, value: float, mend: str) -> None:
    with pytest.raises(ProblemError) as caught:
        spoiled(problem(), "storages", field, value)
    assert caught.value.place == f"storages[commuter].{field}"
    assert mend in caught.value.mend


@pytest.mark.parametrize(
    ("field", "value"), [("import_limit_kw", -1.0), ("phase_limit_kw", np.nan), ("fixed_kw", np.inf), ("parent_index", 1)]
)
def test_the_first_circuit_that_is_wrong_is_named(field: str, value: float) -> None:
    with pytest.raises(ProblemError) as caught:
        spoiled(problem(), "circuits", field, value)
    assert caught.value.place == f"circuits[garage].{field}"
    assert caught.value.mend


def test_circuits_of_one_name_are_told_as_such_and_not_as_a_circuit_that_storages_miss() -> None:
    with pytest.raises(ProblemError, match=r"circuits\[grid\]: 2 circuits share a name"):
        problem(circuits={"circuit_ids": ("grid", "grid")})


def test_storages_of_one_name_are_told() -> None:
    with pytest.raises(ProblemError, match=r"storages\[van\]: 2 storages share a name"):
        problem(storages={"unit_ids": ("van", "commuter", "van")})


def test_a_circuit_that_is_not_there_is_told_beside_those_that_are() -> None:
    with pytest.raises(ProblemError, match=r"storages\[guest\]\.circuit_id: there is no circuit 'cellar' \(one of grid, garage\)"):
        problem(storages={"circuit_ids": ("grid", "garage", "cellar")})


def test_a_station_without_storages_is_a_problem_too() -> None:
    full = problem().storages
    none = {name: value[:0] for name in Storages.__dataclass_fields__ if (value := getattr(full, name)) is not None}
    assert problem(storages=none).shape == (0, T)
