"""`Problem` as a JSON file, to reproduce, compare and debug what a planner was asked. Documented in docs/problem.md."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from config.problem.commitments import (
    dump_calls,
    dump_connected,
    read_carbon,
    read_contract,
    read_dispatch,
    read_events,
    read_reserves,
)
from config.problem.hardware import (
    dump_ageing,
    dump_caps,
    dump_converter,
    dump_module,
    read_ageing,
    read_caps,
    read_converters,
    read_modules,
)
from config.problem.numbers import Values, short, wide
from config.problem.schema import CircuitFile, ConnectionFile, GridFile, ProblemFile, ScenarioFile, StorageFile
from config.problem.sense import check_circuit_file, check_storage_file
from v2g.errors import ProblemError
from v2g.network import N_PHASES, Circuits, Connection
from v2g.problem import Problem
from v2g.scenarios import Scenario
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array, TimeGrid

LARGEST_FILE_BYTES = 200_000_000
LARGEST_CELLS = 20_000_000
COURSE = ("connection", "circuits", "storages", "caps")
"""What a scenario may say otherwise."""
MENDS = {"model_type": "give an object, {…}", "extra_forbidden": "remove it, or correct its spelling", "missing": "add it"}


def load_problem(path: Path) -> Problem:
    """Return the problem in a file. Raises `ProblemError` naming the file, the place in it and the mend."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ProblemError("the file is too large", place=str(path), mend=f"at most {LARGEST_FILE_BYTES // 10**6} MB")
        content = json.loads(path.read_bytes(), object_pairs_hook=_no_doubles, parse_constant=_no_constant)
    except OSError as error:
        raise ProblemError(f"cannot be read: {error.strerror}", place=str(path), mend="give the path of a problem file") from error
    except (ValueError, RecursionError) as error:
        raise ProblemError(f"this is not JSON: {error}", place=str(path), mend="see docs/problem.md") from error
    try:
        return read_problem(content)
    except ProblemError as error:
        raise ProblemError(error.message, place=f"{path}: {error.place}", mend=error.mend) from error


def read_problem(content: Any) -> Problem:
    """Return the problem in parsed JSON. Raises `ProblemError` naming the place in it."""
    try:
        file = ProblemFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        raise ProblemError(message, place=_place(first["loc"]), mend=MENDS.get(first["type"], "")) from error
    grid = _grid(file.grid)
    courses = [file, *(_course(file, scenario) for scenario in file.scenarios)]
    cells = grid.n_steps * sum(len(course.storages) + len(course.circuits) for course in courses)
    if cells > LARGEST_CELLS:
        raise ProblemError(f"there are {cells} units times steps", place="storages", mend=f"at most {LARGEST_CELLS}")
    return Problem(
        grid=grid,
        storages=_storages(file, grid),
        circuits=_circuits(file.circuits, grid.n_steps),
        connection=_connection(file.connection, grid),
        events=read_events(file.events, grid.n_steps),
        reserves=read_reserves(file.reserves, grid.n_steps),
        scenarios=tuple(_scenario(file, i, grid) for i in range(len(file.scenarios))),
    )


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of a problem file, with descriptions and units."""
    return ProblemFile.model_json_schema()


def dump_problem(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON that `read_problem` turns into equal arrays."""
    expected, grid = _dump_course(problem), problem.grid
    scenarios = [
        {"probability": s.probability} | {name: part for name, part in _dump_course(s).items() if part != expected[name]}
        for s in problem.scenarios
    ]
    return {
        "grid": {"start": grid.start.isoformat(), "step_h": grid.step_h.tolist()},
        **{name: part for name, part in expected.items() if part},
        **dump_calls(problem.events, problem.reserves),
        **({"scenarios": scenarios} if scenarios else {}),
    }


def _dump_course(course: Problem | Scenario) -> dict[str, Any]:
    """Return all that differs from one course to another."""
    money, circuits, storages = course.connection, course.circuits, course.storages
    return {
        "connection": {
            "import_price_per_kwh": short(money.import_price_per_kwh),
            "export_price_per_kwh": short(money.export_price_per_kwh),
            "demand_charge_per_kw": money.demand_charge_per_kw,
            "peak_so_far_kw": money.peak_so_far_kw,
            **dump_connected(money),
        },
        "circuits": [_dump_circuit(circuits, i) for i in range(circuits.n_circuits)],
        "storages": [_dump_storage(storages, i) for i in range(storages.n_units)],
        "caps": dump_caps(storages.caps, storages.unit_ids),
    }


def _course(file: ProblemFile, scenario: ScenarioFile) -> ProblemFile:
    """Return the problem as the scenario has it."""
    said = {name: part for name in COURSE if (part := getattr(scenario, name)) is not None}
    return file.model_copy(update=said)


def _scenario(file: ProblemFile, i: int, grid: TimeGrid) -> Scenario:
    """Return a scenario. Raises `ProblemError` with its place in the file."""
    course = _course(file, file.scenarios[i])
    try:
        return Scenario(
            probability=file.scenarios[i].probability,
            storages=_storages(course, grid),
            circuits=_circuits(course.circuits, grid.n_steps),
            connection=_connection(course.connection, grid),
        )
    except ProblemError as error:
        raise ProblemError(error.message, place=f"scenarios[{i}].{error.place}", mend=error.mend) from error


def _connection(file: ConnectionFile, grid: TimeGrid) -> Connection:
    return Connection(
        import_price_per_kwh=_steps(file.import_price_per_kwh, grid, "connection.import_price_per_kwh"),
        export_price_per_kwh=_steps(file.export_price_per_kwh, grid, "connection.export_price_per_kwh"),
        demand_charge_per_kw=file.demand_charge_per_kw,
        peak_so_far_kw=file.peak_so_far_kw,
        contract=read_contract(file.contract),
        carbon=read_carbon(file.carbon, grid.n_steps),
        dispatch=read_dispatch(file.dispatch, grid.n_steps),
    )


def _grid(file: GridFile) -> TimeGrid:
    step_h = np.array(file.step_h)
    if file.n_steps is not None:
        if len(step_h) != 1:
            raise ProblemError("n_steps stands beside a list of lengths", place="grid.n_steps", mend="give one of the two")
        step_h = np.full(file.n_steps, step_h[0])
    return TimeGrid(start=file.start, step_h=step_h)


def _circuits(files: tuple[CircuitFile, ...], n_steps: int) -> Circuits:
    index: dict[str, int] = {}
    for i, file in enumerate(files):
        if (file.parent is None) != (i == 0) or (file.parent is not None and file.parent not in index):
            mend = "the first circuit has none, and a parent stands before its children"
            raise ProblemError(f"{file.parent!r} cannot feed {file.id!r}", place=f"circuits[{i}].parent", mend=mend)
        check_circuit_file(file, f"circuits[{i}]")
        index[file.id] = i
    stacked = {
        name: np.array([wide(getattr(f, name), n_steps, f"circuits[{i}].{name}", empty=np.inf) for i, f in enumerate(files)])
        for name in ("import_limit_kw", "export_limit_kw", "fixed_kw", "fixed_margin_kw")
    }
    phases = [wide(f.phase_limit_kw, N_PHASES, f"circuits[{i}].phase_limit_kw", empty=np.inf) for i, f in enumerate(files)]
    return Circuits(
        circuit_ids=tuple(f.id for f in files),
        parent_index=np.array([-1 if f.parent is None else index[f.parent] for f in files], dtype=np.int64),
        phase_limit_kw=np.array(phases),
        module_kw=read_modules([f.module_kw for f in files]),
        **stacked,
    )


STEPPED = ("energy_min_kwh", "energy_max_kwh", "drain_kwh", "departure_probability", "previous_power_kw")
PRESENT = ("charge_max_kw", "discharge_max_kw")
SINGLE = (
    "charge_min_kw",
    "discharge_min_kw",
    "initial_energy_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_cost_per_kwh",
    "target_energy_kwh",
    "priority",
    "shortfall_price_per_kwh",
    "terminal_value_per_kwh",
)


def _storages(file: ProblemFile, grid: TimeGrid) -> Storages:
    n = len(file.storages)
    for i, storage in enumerate(file.storages):
        check_storage_file(storage, f"storages[{i}]", grid)
    here = np.array([_here(s, grid) for s in file.storages], dtype=bool).reshape(n, grid.n_steps)
    stepped: dict[str, Any] = {
        name: np.array([_steps(getattr(s, name), grid, f"storages[{i}].{name}") for i, s in enumerate(file.storages)]).reshape(
            here.shape
        )
        for name in (*STEPPED, *PRESENT)
    }
    for name in PRESENT:
        stepped[name] = np.where(here, stepped[name], 0.0)
    single: dict[str, Any] = {name: np.array([getattr(s, name) for s in file.storages], dtype=np.float64) for name in SINGLE}
    return Storages(
        unit_ids=tuple(s.id for s in file.storages),
        kinds=tuple(StorageKind(s.kind) for s in file.storages),
        circuit_ids=tuple(s.circuit or file.circuits[0].id for s in file.storages),
        phase_share=np.array([_share(s) for s in file.storages]).reshape(n, N_PHASES),
        target_step=np.array([_due(s, grid) for s in file.storages], dtype=np.int64),
        converters=read_converters([s.converter for s in file.storages]),
        ageing=read_ageing([s.ageing for s in file.storages]),
        caps=read_caps(file.caps, [s.id for s in file.storages], grid.n_steps),
        spare_kwh=np.array([s.spare_kwh for s in file.storages]) if any(s.spare_kwh for s in file.storages) else None,
        **stepped,
        **single,
    )


def _here(file: StorageFile, grid: TimeGrid) -> Any:
    """Return in which whole steps the storage is there, (n_steps,) bool."""
    if isinstance(file.arrive, datetime):
        begin = int(np.searchsorted(grid.edges_h[:-1], grid.offset_h(file.arrive) - 1e-9))
    else:
        begin = file.arrive
    steps = np.arange(grid.n_steps)
    return (steps >= begin) & (steps < _departure(file, grid))


def _departure(file: StorageFile, grid: TimeGrid) -> int:
    if isinstance(file.depart, datetime):
        return grid.whole_steps_until(file.depart)
    return grid.n_steps if file.depart is None else min(file.depart, grid.n_steps)


def _due(file: StorageFile, grid: TimeGrid) -> int:
    """Return when the promise is due; a car that is never there cannot be promised anything later than now."""
    if file.target_step is not None:
        return file.target_step
    return _departure(file, grid) if file.target_energy_kwh > 0 else 0


def _share(file: StorageFile) -> Array:
    if file.phase_share is not None:
        return np.array(file.phase_share)
    share = np.zeros(N_PHASES)
    share[[phase - 1 for phase in set(file.phases)]] = 1 / len(set(file.phases))
    return share


def _steps(values: Values, grid: TimeGrid, place: str) -> Array:
    return wide(values, grid.n_steps, place)


def _dump_circuit(c: Circuits, i: int) -> dict[str, Any]:
    parent = int(c.parent_index[i])
    taken = ("import_limit_kw", "export_limit_kw", "phase_limit_kw", "fixed_kw", "fixed_margin_kw")
    return {
        "id": c.circuit_ids[i],
        **({} if parent < 0 else {"parent": c.circuit_ids[parent]}),
        **{name: short(getattr(c, name)[i]) for name in taken},
        **dump_module(c.module_kw, i),
    }


def _dump_storage(s: Storages, i: int) -> dict[str, Any]:
    return {
        "id": s.unit_ids[i],
        "kind": s.kinds[i].value,
        "circuit": s.circuit_ids[i],
        "phase_share": s.phase_share[i].tolist(),
        "target_step": int(s.target_step[i]),
        **{name: short(getattr(s, name)[i]) for name in (*STEPPED, *PRESENT)},
        **{name: float(getattr(s, name)[i]) for name in SINGLE},
        **({} if s.spare_kwh is None else {"spare_kwh": float(s.spare_kwh[i])}),
        **dump_converter(s.converters, i),
        **dump_ageing(s.ageing, i),
    }


def _place(location: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".") or "$"


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(n for n in names if names.count(n) > 1)!r} stands twice in one object")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")
