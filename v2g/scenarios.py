"""What else could come true: whole alternatives to what a problem expects, each with its probability."""

from dataclasses import dataclass

import numpy as np

from v2g.checks import check_circuits, check_connection, check_storages
from v2g.errors import ProblemError
from v2g.network import Circuits, Connection
from v2g.storages import Storages


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenario:
    """With `probability`, a problem's storages, circuits and connection are these; the grid, events and reserves are the problem's.

    The first storages are the problem's own, in its order; others may follow.
    """

    probability: float
    storages: Storages
    circuits: Circuits
    connection: Connection


def check_scenarios(scenarios: tuple[Scenario, ...], storages: Storages, n_steps: int) -> None:
    """Raise `ProblemError` naming the first scenario that cannot be an alternative to a problem with `storages`."""
    for i, scenario in enumerate(scenarios):
        place = f"scenarios[{i}]"
        if not (np.isfinite(scenario.probability) and scenario.probability > 0):
            raise ProblemError("the probability is not positive", place=f"{place}.probability", mend="leave the scenario out")
        if scenario.storages.unit_ids[: storages.n_units] != storages.unit_ids:
            mend = "the problem's storages come first, in its order"
            raise ProblemError("the storages are others", place=f"{place}.storages", mend=mend)
        try:
            check_circuits(scenario.circuits, n_steps)
            check_storages(scenario.storages, n_steps, scenario.circuits.circuit_ids)
            check_connection(scenario.connection, n_steps)
        except ProblemError as error:
            raise ProblemError(error.message, place=f"{place}.{error.place}", mend=error.mend) from error
    if sum(s.probability for s in scenarios) >= 1.0:
        raise ProblemError("nothing is left for the problem itself", place="scenarios", mend="probabilities sum to less than 1")
