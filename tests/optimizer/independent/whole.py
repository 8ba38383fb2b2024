"""The whole problem as one program."""

from tests.optimizer.independent.hardware import Hardware
from tests.optimizer.independent.network import Network, Reserves
from tests.optimizer.independent.program import Program
from tests.optimizer.independent.storages import Fleet
from tests.optimizer.independent.trade import Trade
from v2g.problem import Problem
from v2g.solution import Solution, Tier


class Whole(Program):
    """The program of a problem; `power` are the storages' columns, (n, T, 2). Without `wholes` hardware can do anything."""

    def __init__(self, problem: Problem, *, wholes: bool = True) -> None:
        super().__init__()
        fleet = Fleet(self, problem)
        network = Network(self, problem, fleet)
        Reserves(self, problem, fleet, network)
        Trade(self, problem, fleet)
        if wholes:
            Hardware(self, problem, fleet)
        self.power = fleet.power


def values(solution: Solution) -> dict[str, float]:
    """Return a solution's values in the independent formulation's tiers."""
    terms = {t.name: t.value for t in solution.terms}
    return {
        "overload": terms["overload"],
        "outside": terms["energy_outside"] + terms["ramp_broken"],
        "service": solution.value_of(Tier.SERVICE),
        "money": solution.value_of(Tier.MONEY),
    }
