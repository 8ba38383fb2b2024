"""Who looks on: an arithmetic of its own over what really flows, which asks neither the daemon nor the farm's ledger."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from v2g.site import Site
from v2g.timegrid import Array

Flags = NDArray[np.bool_]

OVER_KW = 0.05
FLOWS_KW = 0.5
GIVES_KW = 0.05
SLACK_KWH = 0.05


@dataclass(slots=True, kw_only=True)
class Findings:
    """What must not be: each a sentence."""

    limits: list[str] = field(default_factory=list)
    consent: list[str] = field(default_factory=list)
    floors: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """Every sentence."""
        return [*self.limits, *self.consent, *self.floors, *self.records, *self.deaths]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What flows for `step_s` [s] from `at_s` [s]: (n_outlets,) powers [kW] and energies at its end [kWh], load and sun [kW].

    `let_kw` is what each charger lets its outlet do, car or no car; `import_kw` is the grid operator's limit. `listens` and `obeys`
    (n_outlets,) say whom the daemon can command now, and who keeps to what it promised; `meters_true` whether it can know what
    flows. `consents` and `floor_kwh` are the truth about the cars.
    """

    at_s: float
    step_s: float
    power_kw: Array
    let_kw: Array
    stored_kwh: Array
    load_kw: float
    sun_kw: float
    import_kw: float
    listens: Flags
    obeys: Flags
    consents: Flags
    floor_kwh: Array
    meters_true: bool = True

    @property
    def draws_kw(self) -> Array:
        """What each outlet draws or is let draw: who gives back may stop at any moment."""
        return np.maximum(np.maximum(self.power_kw, self.let_kw), 0.0)

    @property
    def gives_kw(self) -> Array:
        """What each outlet gives back or is to give back."""
        return np.maximum(np.maximum(-self.power_kw, -self.let_kw), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A limit: the share of each outlet that it sees (n_outlets,), of load and sun, and what it allows both ways [kW]."""

    name: str
    share: Array
    common: float
    import_kw: float
    export_kw: float
    at_root: bool = False

    def over_import_kw(self, sight: Sight) -> float:
        """Return by how much the import limit is exceeded [kW]."""
        limit_kw = min(self.import_kw, sight.import_kw) if self.at_root else self.import_kw
        return float(self.share @ sight.draws_kw) + self.common * (sight.load_kw - sight.sun_kw) - limit_kw

    def over_export_kw(self, sight: Sight) -> float:
        """Return by how much the export limit is exceeded [kW]."""
        return float(self.share @ sight.gives_kw) - self.common * (sight.load_kw - sight.sun_kw) - self.export_kw


class Checker:
    """Looks at everything that flows at `site`.

    What counts under a limit is what outlets draw or are let draw. It is broken by a raise into it, at once; if it is exceeded for
    longer than `reaction_s` [s] while outlets below it are let whom the daemon can command; or for longer than `lease_s` more while
    any is that keeps its promises: by then the last lease is over. A floor is broken by more than what flows in `step_s` [s], in
    which a simulated charger puts the end of a lease in force.
    """

    def __init__(self, site: Site, *, reaction_s: float, lease_s: float, step_s: float) -> None:
        self._site, self._reaction_s, self._lease_s = site, reaction_s, lease_s
        self._slack_kwh = np.array([SLACK_KWH + e.discharge_max_kw * step_s / 3600.0 for e in site.evses])
        self._rows = tuple(_rows(site))
        self._since: dict[tuple[str, str], float] = {}
        self._before: Sight | None = None
        self.findings = Findings()
        self.worst_kw = self.over_s = 0.0

    def see(self, sight: Sight) -> None:
        """Take in what flows."""
        for row in self._rows:
            self._see_row(row, sight)
        self._before = sight
        gives = sight.power_kw < -GIVES_KW
        for unit in np.flatnonzero(gives & ~sight.consents):
            self._note(self.findings.consent, sight, f"{self._name(unit)} gives {-sight.power_kw[unit]:.2f} kW without consent")
        for unit in np.flatnonzero(gives & sight.obeys & (sight.stored_kwh < sight.floor_kwh - self._slack_kwh)):
            below_kwh = sight.floor_kwh[unit] - sight.stored_kwh[unit]
            self._note(self.findings.floors, sight, f"{self._name(unit)} is {below_kwh:.2f} kWh below its floor and gives")

    def _see_row(self, row: _Row, sight: Sight) -> None:
        for way, over in (("import", row.over_import_kw), ("export", row.over_export_kw)):
            flows_kw = row.share * (sight.draws_kw if way == "import" else sight.gives_kw)
            self._judge(f"{row.name} {way}", over(sight), flows_kw > FLOWS_KW, sight)
            self._judge_raise(f"{row.name} {way}", over, flows_kw, sight, way)

    def _judge(self, name: str, over_kw: float, flows: Flags, sight: Sight) -> None:
        causes = (("can be told", flows & sight.listens, 0.0), ("had promised", flows & sight.obeys, self._lease_s))
        for cause, who, patience_s in causes:
            if over_kw <= OVER_KW or not who.any():
                self._since.pop((name, cause), None)
                continue
            since_s, until_s = self._since.setdefault((name, cause), sight.at_s), sight.at_s + sight.step_s
            if until_s - since_s > self._reaction_s + patience_s:
                self.over_s += sight.step_s
                self.worst_kw = max(self.worst_kw, over_kw)
                names = ", ".join(self._name(unit) for unit in np.flatnonzero(who))
                self._note(self.findings.limits, sight, f"{name} over since {since_s:.0f} s, and {names} {cause}")

    def _judge_raise(self, name: str, over: Callable[[Sight], float], flows_kw: Array, sight: Sight, way: str) -> None:
        """Find a raise into a limit: over now, not before, and not because of the load, the sun or the limit itself."""
        before = self._before
        if before is None or not (sight.meters_true and before.meters_true) or over(sight) <= OVER_KW:
            return
        same = replace(sight, power_kw=before.power_kw, let_kw=before.let_kw)
        if over(same) > 0.0 or not sight.listens.any():
            return
        then_kw = before.draws_kw if way == "import" else before.gives_kw
        raised = (flows_kw > np.where(flows_kw > 0, then_kw, 0.0) + FLOWS_KW) & sight.listens
        if raised.any():
            names = ", ".join(self._name(unit) for unit in np.flatnonzero(raised))
            self._note(self.findings.limits, sight, f"{name} over by {over(sight):.2f} kW as {names} were raised")

    def _note(self, where: list[str], sight: Sight, what: str) -> None:
        if not where:
            where.append(f"{sight.at_s:.0f} s: {what}")

    def _name(self, unit: np.intp) -> str:
        return self._site.evses[unit].evse_id


def _rows(site: Site) -> Iterable[_Row]:
    """Yield each circuit's limit and its phases'; the load and the sun hang at the root, a third on each phase."""
    parents = {c.circuit_id: c.parent_id for c in site.circuits}
    for circuit in site.circuits:
        below = np.array([_hangs_below(e.circuit_id, circuit.circuit_id, parents.get) for e in site.evses], dtype=np.float64)
        root = circuit.parent_id is None
        yield _Row(
            name=circuit.circuit_id,
            share=below,
            common=float(root),
            import_kw=circuit.import_limit_kw,
            export_kw=circuit.export_limit_kw,
            at_root=root,
        )
        for phase in (1, 2, 3):
            share = below * np.array([(phase in e.phases) / len(e.phases) for e in site.evses])
            limit_kw = circuit.phase_limit_a * circuit.voltage_v / 1000.0
            yield _Row(
                name=f"{circuit.circuit_id}:L{phase}", share=share, common=root / 3.0, import_kw=limit_kw, export_kw=limit_kw
            )


def _hangs_below(circuit: str | None, top: str, parent: Callable[[str], str | None]) -> bool:
    while circuit is not None:
        if circuit == top:
            return True
        circuit = parent(circuit)
    return False
