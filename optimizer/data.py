"""A problem as the data of the model's symbols."""

from dataclasses import dataclass

from optimizer.inputs.ageing import ageing_symbols, ageing_used, n_depths
from optimizer.inputs.commitments import commitment_symbols, commitments_used
from optimizer.inputs.converters import converter_symbols, converters_used
from optimizer.inputs.money import money_symbols
from optimizer.inputs.network import network_symbols
from optimizer.inputs.reserve import reserve_symbols
from optimizer.inputs.storages import storage_symbols
from optimizer.inputs.wishes import STICKY_STEPS, wish_symbols
from optimizer.model.structure import Structure
from optimizer.network import Network, network
from v2g.problem import Problem
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelData:
    """What the model is filled with: its structure and an array for each name in `optimizer.model.symbols.SYMBOLS`."""

    structure: Structure
    symbols: dict[str, Array]


def model_data(problem: Problem) -> ModelData:
    """Return the structure and all symbols of a problem."""
    net = network(problem)
    symbols = storage_symbols(problem) | wish_symbols(problem) | network_symbols(problem, net) | money_symbols(problem, net)
    symbols |= commitment_symbols(problem, symbols["import_max_kw"]) | reserve_symbols(problem, net)
    symbols |= converter_symbols(problem) | ageing_symbols(problem)
    return ModelData(structure=structure_of(problem, net), symbols=symbols)


def structure_of(problem: Problem, net: Network) -> Structure:
    """Return what the shape of the model depends on."""
    return Structure(
        n_steps=problem.grid.n_steps,
        parents=tuple(problem.circuits.parent_index.tolist()),
        phased=net.phased,
        n_sticky=min(problem.grid.n_steps, STICKY_STEPS),
        n_depths=n_depths(problem),
        n_caps=0 if problem.storages.caps is None else len(problem.storages.caps.window),
        n_events=len(problem.events),
        n_reserves=len(problem.reserves),
        used=commitments_used(problem.connection) | converters_used(problem) | ageing_used(problem),
    )
