"""What is wrong with the power cabinets of a site file."""

from collections.abc import Iterator

import numpy as np

from config.reading.fault import Fault
from config.site.build import outlets
from config.site.file import CircuitFile, SiteFile
from v2g.cabinets import modules


def cabinet_faults(file: SiteFile) -> Iterator[Fault]:
    """Yield what is wrong: half a cabinet, limits beside the modules, neighbours of the guns, guns that do not fit."""
    for i, circuit in enumerate(file.circuits):
        place = ("circuits", i)
        if (circuit.modules is None) != (circuit.module_kw is None):
            message = "a cabinet is a number of modules of one size"
            yield Fault(place=place, message=message, mend="give both modules and module_kw, or neither")
        elif circuit.modules is not None:
            yield from _limit_faults(circuit, place)
            yield from _neighbour_faults(file, circuit, place)
            yield from _gun_faults(file, circuit, place)


def _limit_faults(circuit: CircuitFile, place: tuple[str | int, ...]) -> Iterator[Fault]:
    for name in ("import_limit_kw", "export_limit_kw", "phase_limit_a"):
        if getattr(circuit, name) is not None:
            message = "what a cabinet gives at most is modules · module_kw"
            yield Fault(place=(*place, name), message=message, mend="remove it, or put the cabinet below a circuit with that limit")


def _neighbour_faults(file: SiteFile, circuit: CircuitFile, place: tuple[str | int, ...]) -> Iterator[Fault]:
    others = [c.id for c in file.circuits if c.parent == circuit.id]
    others += [b.battery_id for b in file.batteries if b.circuit_id == circuit.id]
    others += [p.pv_id for p in file.pv if p.circuit_id == circuit.id]
    others += ["load"] if file.load and file.load.circuit_id == circuit.id else []
    if others:
        message = f"a cabinet feeds chargers only, not {', '.join(others)}"
        yield Fault(place=(*place, "id"), message=message, mend="hang them at the cabinet's parent")


def _gun_faults(file: SiteFile, circuit: CircuitFile, place: tuple[str | int, ...]) -> Iterator[Fault]:
    guns = [evse for charger in file.chargers if charger.circuit == circuit.id for evse in outlets(charger)]
    most_kw = max((max(gun.charge_max_kw, gun.discharge_max_kw) for gun in guns), default=np.inf)
    if (circuit.module_kw or 0.0) > most_kw + 1e-9:
        message = "one module gives more than the strongest gun takes"
        yield Fault(place=(*place, "module_kw"), message=message, mend=f"at most {most_kw:g}, or stronger guns")
    needed = int(modules(np.array([gun.fallback_kw for gun in guns]), circuit.module_kw or 1.0).sum())
    if needed > (circuit.modules or 0):
        message = f"all guns at their fallback hold {needed} modules, of {circuit.modules}"
        yield Fault(place=(*place, "modules"), message=message, mend="lower the chargers' fallback_kw")
