"""The site without its cars: its linear program from the same template as the exact planner's, and where cars enter it.

The program is that of the rest problem (all units that answer no prices); what depends on all units (the phases that need rows of
their own, the most that the connection can carry) is the whole problem's. A car's power stands in the balance of its own circuit
and of each phase it loads below a circuit with phase rows: the sum of these rows' duals is what its kWh costs.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.compiled.stamp import Index, Program, Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import ModelData, structure_of
from optimizer.fleet.places import Places, outline
from optimizer.fleet.split import only
from optimizer.inputs.ageing import ageing_symbols
from optimizer.inputs.commitments import commitment_symbols
from optimizer.inputs.converters import converter_symbols
from optimizer.inputs.money import money_symbols
from optimizer.inputs.network import network_symbols
from optimizer.inputs.reserve import reserve_symbols
from optimizer.inputs.storages import storage_symbols
from optimizer.inputs.wishes import wish_symbols
from optimizer.model.build import TERMS
from optimizer.network import Network, network
from optimizer.tiers import TierPrices, tier_prices
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.solution import Tier
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """The site's program and the rows in which cars stand.

    `rest` is the problem of the other units. `rows` (L, E, T) are the program's rows that a kW at each of L places loads in each
    step, by `share` (L, E): its own circuit's first, then E − 1 phases; `most_kw` (L, T) is what
    the units at a place can draw or give at most. `tiers` are the whole problem's.
    """

    rest: Problem
    tiers: TierPrices
    program: Program
    rows: Index
    share: Array
    most_kw: Array

    def price_per_kwh(self, row_dual: Array) -> Array:
        """Return what a kWh costs at each place, (L, T) [currency/kWh], from duals of all the program's rows [currency/kW]."""
        return np.asarray(np.einsum("le,let->lt", self.share, row_dual[self.rows]) / self.rest.grid.step_h)

    def cost(self, *, moving: bool = True) -> Array:
        """Return what the program's columns cost, tiers at their prices [currency]; keeping to the last plan included or not."""
        price = {
            Tier.VIOLATION: self.tiers.violation_per_kwh_h,
            Tier.SERVICE: self.tiers.service_per_kwh,
            Tier.MONEY: 1.0,
        }
        used = [term for term in TERMS if term.name in self.program.costs and term.tier in price]
        cost = sum((price[t.tier] * t.weight * self.program.costs[t.name] for t in used), np.zeros(self.program.stamp.n_cols))
        return cost + self.tiers.moving_per_kwh * self.program.costs["stability"] if moving else cost


class Sites:
    """Makes sites of one problem after the other; keeps where coefficients stand while nothing but data changes."""

    def __init__(self) -> None:
        self._stamp: Stamp | None = None

    def site(self, problem: Problem, places: Places, rest_units: Index) -> Site:
        """Return the site of a problem whose units but `rest_units` are cars."""
        whole, rest = outline(problem, places), only(problem, rest_units)
        net = network(whole)
        data = _data(rest, whole, net)
        template = compile_template(data.structure)
        if self._stamp is None or self._stamp.template is not template or self._stamp.n_units != rest.shape[0]:
            self._stamp = Stamp(template, rest.shape[0])
        circuits, phases = self._stamp.rows_of("circuit_balance"), self._stamp.rows_of("phase_balance")
        n, T = places.n_places, problem.grid.n_steps
        own = circuits[places.circuit][:, None, :]
        loaded = np.broadcast_to(phases.reshape(1, -1, T), (n, len(net.phased) * N_PHASES, T))
        return Site(
            rest=rest,
            tiers=tier_prices(problem),
            program=self._stamp.program(data.symbols),
            rows=np.concatenate((own, loaded), axis=1),
            share=np.concatenate((np.ones((n, 1)), np.moveaxis(net.phase_inside, 2, 0).reshape(n, -1)), axis=1),
            most_kw=np.maximum(whole.storages.charge_max_kw, whole.storages.discharge_max_kw),
        )


def _data(rest: Problem, whole: Problem, net: Network) -> ModelData:
    """Return the rest problem's data with the network and the connection of the whole."""
    ours = replace(net, problem=rest)
    symbols = storage_symbols(rest) | wish_symbols(rest) | network_symbols(rest, ours) | money_symbols(whole, net)
    symbols |= commitment_symbols(rest, symbols["import_max_kw"]) | reserve_symbols(rest, ours)
    symbols |= converter_symbols(rest) | ageing_symbols(rest)
    return ModelData(structure=structure_of(rest, ours), symbols=symbols | _reachable(whole, net))


def _reachable(whole: Problem, net: Network) -> dict[str, Array]:
    """Return the caps of circuits and phases, none beyond what all units together can draw or give."""
    s, symbols = whole.storages, {}
    for name, inside, limits in (("", net.inside, net.circuits), ("phase_", net.phase_inside, net.phases)):
        symbols[f"{name}import_cap_kw"] = np.minimum(limits.import_cap_kw, limits.fixed_kw + inside @ s.charge_max_kw)
        symbols[f"{name}export_cap_kw"] = np.minimum(limits.export_cap_kw, -limits.fixed_kw + inside @ s.discharge_max_kw)
    return symbols
