"""Who looks on: an arithmetic of its own over what really flows, which asks neither the daemon nor the farm's ledger."""

from collections.abc import Callable
from dataclasses import dataclass, field

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
    leases: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """Every sentence."""
        return [*self.limits, *self.consent, *self.floors, *self.leases, *self.records, *self.deaths]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What flows for `step_s` [s] from `at_s` [s]: (n_outlets,) powers [kW] and energies at its end [kWh], load and sun [kW].

    `let_kw` is what each charger lets its outlet do, car or no car; `import_kw` is the grid operator's limit. `listens` and `obeys`
    (n_outlets,) say whom the daemon can command now, and who keeps to what it promised; `meters_true` whether its meters say what
    flows, `informed` whether they do or it can know that they do not. `known_after_s` (n_outlets,) is how long it takes to find out
    that an outlet does what it did not say, `cut_off_s` for how long no command can have come to it. `consents` and `floor_kwh` are
    the truth about the cars.
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
    known_after_s: Array
    cut_off_s: Array
    meters_true: bool = True
    informed: bool = True

    @property
    def draws_kw(self) -> Array:
        """What each outlet draws or is let draw: who gives back may stop at any moment."""
        return np.maximum(np.maximum(self.power_kw, self.let_kw), 0.0)

    @property
    def gives_kw(self) -> Array:
        """What each outlet gives back or is to give back."""
        return np.maximum(np.maximum(-self.power_kw, -self.let_kw), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """All limits: names, what each sees of every outlet (n_limits, n_outlets) and of the load less the sun, what it allows [kW].

    The first half are those of import, the second those of export; the load relieves the latter. At `root` (n_limits,) the grid
    operator's own limit holds too.
    """

    names: tuple[str, ...]
    share: Array
    common: Array
    limit_kw: Array
    root: Flags

    @property
    def n_import(self) -> int:
        """How many limit import."""
        return len(self.names) // 2

    def flows_kw(self, draws_kw: Array, gives_kw: Array) -> Array:
        """Return what flows under each limit (n_limits, n_outlets)."""
        n = self.n_import
        return np.vstack((self.share[:n] * draws_kw, self.share[n:] * gives_kw))

    def over_kw(self, flows_kw: Array, sight: Sight) -> Array:
        """Return by how much each limit is exceeded (n_limits,)."""
        limit_kw = np.where(self.root, np.minimum(self.limit_kw, sight.import_kw), self.limit_kw)
        over_kw: Array = flows_kw.sum(axis=1) + self.common * (sight.load_kw - sight.sun_kw) - limit_kw
        return over_kw


class Checker:
    """Looks at everything that flows at `site`.

    What counts under a limit is what outlets draw or are let draw. It is broken by a raise into it, at once; if it is exceeded for
    longer than `reaction_s` [s] while outlets below it are let whom the daemon can command; or for longer than `lease_s` more while
    any is that keeps its promises: by then the last lease is over. Where outlets draw what they did not say, it takes the longer by
    what it takes to find that out. A floor is broken by more than what flows in `step_s` [s], in
    which a simulated charger puts the end of a lease in force.
    """

    def __init__(self, site: Site, *, reaction_s: float, lease_s: float, step_s: float) -> None:
        self._site, self._reaction_s, self._lease_s = site, reaction_s, lease_s
        self._slack_kwh = np.array([SLACK_KWH + e.discharge_max_kw * step_s / 3600.0 for e in site.evses])
        self._fallback_kw = np.array([e.fallback_kw for e in site.evses])
        self._limits = _limits(site)
        self._since: dict[tuple[str, str], float] = {}
        self._before: Sight | None = None
        self.findings = Findings()
        self.worst_kw = self.over_s = 0.0

    def see(self, sight: Sight) -> None:
        """Take in what flows."""
        flows_kw = self._limits.flows_kw(sight.draws_kw, sight.gives_kw)
        over_kw = self._limits.over_kw(flows_kw, sight)
        over = np.flatnonzero(over_kw > OVER_KW)
        if len(over) or self._since:
            self._judge(over, over_kw, flows_kw > FLOWS_KW, sight)
        if len(over):
            self._judge_raises(over, over_kw, flows_kw, sight)
        self._before = sight
        self._judge_leases(sight)
        gives = sight.power_kw < -GIVES_KW
        if gives.any():
            self._judge_gifts(gives, sight)

    def _judge_leases(self, sight: Sight) -> None:
        """Find outlets that nobody can have told anything for longer than a lease, and that do not follow their fallback."""
        alone = sight.obeys & (sight.cut_off_s > self._lease_s + self._reaction_s)
        for unit in np.flatnonzero(alone & ((sight.let_kw > self._fallback_kw + OVER_KW) | (sight.let_kw < -GIVES_KW))):
            what = f"{self._name(unit)} is let {sight.let_kw[unit]:.2f} kW after its lease"
            self._note(self.findings.leases, sight, what)

    def _judge_gifts(self, gives: Flags, sight: Sight) -> None:
        for unit in np.flatnonzero(gives & ~sight.consents):
            self._note(self.findings.consent, sight, f"{self._name(unit)} gives {-sight.power_kw[unit]:.2f} kW without consent")
        for unit in np.flatnonzero(gives & sight.obeys & (sight.stored_kwh < sight.floor_kwh - self._slack_kwh)):
            below_kwh = sight.floor_kwh[unit] - sight.stored_kwh[unit]
            self._note(self.findings.floors, sight, f"{self._name(unit)} is {below_kwh:.2f} kWh below its floor and gives")

    def _judge(self, over: NDArray[np.intp], over_kw: Array, flows: Flags, sight: Sight) -> None:
        causes = (("can be told", sight.listens, 0.0), ("had promised", sight.obeys, self._lease_s))
        known_after_s = [float(np.max(sight.known_after_s, initial=0.0, where=flows[i])) for i in range(len(flows))]
        still = {
            (self._limits.names[i], cause): (i, patience_s + known_after_s[i])
            for i in over
            for cause, who, patience_s in causes
            if sight.informed and (flows[i] & who).any()
        }
        self._since = {key: self._since.get(key, sight.at_s) for key in still}
        for key, (i, patience_s) in still.items():
            since_s, until_s = self._since[key], sight.at_s + sight.step_s
            if until_s - since_s > self._reaction_s + patience_s:
                self.over_s += sight.step_s
                self.worst_kw = max(self.worst_kw, float(over_kw[i]))
                who = flows[i] & (sight.listens if key[1] == "can be told" else sight.obeys)
                names = ", ".join(self._name(unit) for unit in np.flatnonzero(who))
                self._note(self.findings.limits, sight, f"{key[0]} over since {since_s:.0f} s, and {names} {key[1]}")

    def _judge_raises(self, over: NDArray[np.intp], over_kw: Array, flows_kw: Array, sight: Sight) -> None:
        """Find raises into a limit: over now, not before, and not because of the load, the sun or the limit itself."""
        before = self._before
        if before is None or not (sight.meters_true and before.meters_true) or not sight.listens.any():
            return
        then_kw = self._limits.flows_kw(before.draws_kw, before.gives_kw)
        over_then_kw = self._limits.over_kw(then_kw, sight)
        for i in over[over_then_kw[over] <= 0.0]:
            raised = (flows_kw[i] > then_kw[i] + FLOWS_KW) & sight.listens
            hidden = (flows_kw[i] > FLOWS_KW) & (sight.known_after_s > 0.0)
            if raised.any() and not hidden.any():
                names = ", ".join(self._name(unit) for unit in np.flatnonzero(raised))
                self._note(
                    self.findings.limits, sight, f"{self._limits.names[i]} over by {over_kw[i]:.2f} kW as {names} were raised"
                )

    def _note(self, where: list[str], sight: Sight, what: str) -> None:
        if not where:
            where.append(f"{sight.at_s:.0f} s: {what}")

    def _name(self, unit: np.intp) -> str:
        return self._site.evses[unit].evse_id


def _limits(site: Site) -> _Limits:
    """Return each circuit's limits and its phases'; the load and the sun hang at the root, a third on each phase."""
    parents = {c.circuit_id: c.parent_id for c in site.circuits}
    names, shares, common, imports, exports, root = (
        list[str](),
        list[Array](),
        list[float](),
        list[float](),
        list[float](),
        list[bool](),
    )
    for circuit in site.circuits:
        below = np.array([_hangs_below(e.circuit_id, circuit.circuit_id, parents.get) for e in site.evses], dtype=np.float64)
        at_root = circuit.parent_id is None
        names.append(circuit.circuit_id)
        shares.append(below)
        common.append(float(at_root))
        imports.append(circuit.import_limit_kw)
        exports.append(circuit.export_limit_kw)
        root.append(at_root)
        for phase in (1, 2, 3):
            names.append(f"{circuit.circuit_id}:L{phase}")
            shares.append(below * np.array([(phase in e.phases) / len(e.phases) for e in site.evses]))
            common.append(at_root / 3.0)
            imports.append(circuit.phase_limit_a * circuit.voltage_v / 1000.0)
            exports.append(imports[-1])
            root.append(False)
    return _Limits(
        names=(*(f"{name} import" for name in names), *(f"{name} export" for name in names)),
        share=np.array(shares * 2),
        common=np.r_[common, -np.array(common)],
        limit_kw=np.r_[imports, exports],
        root=np.r_[root, np.zeros(len(root), dtype=np.bool_)],
    )


def _hangs_below(circuit: str | None, top: str, parent: Callable[[str], str | None]) -> bool:
    while circuit is not None:
        if circuit == top:
            return True
        circuit = parent(circuit)
    return False
