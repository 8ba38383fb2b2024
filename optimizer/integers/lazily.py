"""Rounds of deciding: round what is broken and see what that costs; if it costs anything, decide it; solve again within.

The relaxation's optimum is a bound: a rounded answer that costs hardly more (`ROUNDED_GAP`), and nothing in the tiers before MONEY,
needs no integers. Rounding closes what is too little; where that costs too much, what its reduced cost names the dearest is held
at its least power instead. Else the choices that are broken go into a mixed-integer program, and those that its answer breaks
elsewhere are added, round by round. Whatever happens, the relaxed powers followed step by step within all limits (`rungs.walk`)
are an answer.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.compiled.stamp import Index
from optimizer.deadline import Deadline
from optimizer.flows import Flows
from optimizer.highs import Answer, Highs
from optimizer.integers.blocks import capacity_blocks
from optimizer.integers.choice import Bounds, Choice
from optimizer.integers.exclusive import either_or, rests
from optimizer.integers.knees import knees
from optimizer.integers.least import Least, least_powers
from optimizer.integers.mip import EXACT, MOST_S, TRADE_TOLERANCE, Decision, Mip, is_small
from optimizer.integers.modules import power_modules
from optimizer.integers.standby import standby_losses
from optimizer.integers.steps import power_steps
from optimizer.readback import Readback
from optimizer.rungs.follow import follow
from optimizer.tiers import Objective, Optimum, optimise
from v2g.errors import PlanningError
from v2g.solution import Rung, Tier
from v2g.timegrid import Array

ROUNDED_GAP = 2e-4
"""A rounded answer that costs at most this share more than the relaxation is taken. Measured on a real week of 54 outlets: 133
mixed-integer programs instead of 639 (5e-4: 18); the week's cost moves with its one peak, not with this (decision 015)."""
MAX_HELD = 5
MAX_ROUNDINGS = 8
MAX_DECISIONS = 5

Broken = list[tuple[Choice, Index]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What to do, and what it is worth on the ladder."""

    flows: Flows
    rung: Rung
    reason: str = ""
    gap_frac: float | None = None


def choices_of(back: Readback) -> tuple[Choice, ...]:
    """Return all choices of a problem; hardware that has none costs nothing."""
    hardware = [
        standby_losses(back),
        least_powers(back),
        power_steps(back),
        *(rests(back) or ()),
        power_modules(back),
        capacity_blocks(back),
    ]
    known: tuple[Choice, ...] = tuple(choice for choice in hardware if choice is not None)
    bent = knees(back)
    return (either_or(back, strict_near=bool(known)), *((bent,) if bent else ()), *known)


def broken(choices: tuple[Choice, ...], values: Array) -> Broken:
    """Return the choices that `values` break, each with its keys."""
    found = [(choice, choice.broken(values)) for choice in choices]
    return [(choice, keys) for choice, keys in found if len(keys)]


class Lazily:
    """The decisions of one solve: `relaxed` is the loaded program's optimum, `prefer` as in `tiers.optimise`.

    `decide_s` [s] is the most that a mixed-integer program may take.
    """

    def __init__(
        self,
        highs: Highs,
        back: Readback,
        objective: Objective,
        relaxed: Optimum,
        *,
        deadline: Deadline,
        prefer: bool,
        decide_s: float = MOST_S,
    ) -> None:
        self.highs, self.back, self.objective, self.relaxed = highs, back, objective, relaxed
        self.deadline, self.prefer, self.decide_s = deadline, prefer, decide_s
        self.moving = objective.moving if prefer else np.zeros_like(objective.moving)
        self.choices = choices_of(back)
        self._broken = broken(self.choices, relaxed.answer.values)
        self._exact = is_small(len(relaxed.answer.values), sum(len(keys) for _, keys in self._broken))

    def needed(self) -> bool:
        """Return whether the relaxation's answer breaks any choice."""
        return bool(self._broken)

    def found(self) -> Found:
        """Return the best answer that keeps all choices."""
        if not self.relaxed.priced.optimal:
            return self._followed("the time limit came before the proof of optimality: the plan so far, rounded")
        rounded = self._rounded()
        if rounded is not None and self._as_good_as_relaxed(rounded.answer):
            return self._told(rounded.answer, None)
        try:
            decided, decision = self._decided()
        except PlanningError as error:
            decided, decision, why = None, None, str(error)
        else:
            why = "no decision within the time limit"
        if decided is not None and decision is not None:
            # Within the decision's gap rounding may have been luckier.
            luckier = rounded is not None and self._better(rounded.answer, decided.answer)
            return self._told(rounded.answer if rounded is not None and luckier else decided.answer, decision)
        if rounded is None:
            return self._followed(f"{why}: the relaxed plan, rounded")
        gap = self._gap_frac(rounded.answer, decision)
        reason = f"{why}: the relaxed plan, rounded"
        return Found(flows=self.back.flows(rounded.answer.values), rung=Rung.ROUNDED, reason=reason, gap_frac=gap)

    def _rounded(self) -> Optimum | None:
        """Return the best that rounding leaves, None if nothing or no time is left, or too much is still broken.

        What closing costs is told by the reduced costs of what was closed: while it is too much, the dearest is held instead.
        Where ties cannot be broken without breaking choices again, they stay as they came.
        """
        held, kept = list[Bounds](), list[Bounds]()
        best: Answer | None = None
        try:
            while len(held) <= MAX_HELD:
                bounds, answer = self._closed(held)
                if best is not None and not self._better(answer, best):
                    break
                best, kept = answer, bounds
                missed = None if self._as_good_as_relaxed(answer) or self._exact else self._missed(answer)
                if missed is None:
                    break
                held.append(missed)
        except PlanningError:  # nothing can be held or closed any more, a site that may neither import nor export, the time limit
            pass
        if best is None:
            return None
        return self._with_ties(kept) or Optimum(answer=best, priced=best)

    def _closed(self, held: list[Bounds]) -> tuple[list[Bounds], Answer]:
        """Return bounds that leave nothing broken while some is `held`, with their optimum before PREFERENCE."""
        bounds = list(held)
        answer = self._priced(bounds) if bounds else self.relaxed.answer
        for _ in range(MAX_ROUNDINGS):
            missing = broken(self.choices, answer.values)
            if not missing:
                return bounds, answer
            bounds += [choice.round(answer.values, keys) for choice, keys in missing]
            answer = self._priced(bounds)
        raise PlanningError("too much is still broken after rounding")

    def _with_ties(self, bounds: list[Bounds]) -> Optimum | None:
        """Return the optimum of all tiers within `bounds`, what its ties break rounded too; None if nothing is left of it."""
        try:
            for _ in range(MAX_ROUNDINGS):
                optimum = self._within(bounds)
                missing = broken(self.choices, optimum.answer.values)
                if not missing:
                    return optimum
                bounds = bounds + [choice.round(optimum.answer.values, keys) for choice, keys in missing]
        except PlanningError:
            pass
        return None

    def _missed(self, answer: Answer) -> Bounds | None:
        """Return what should rather be held than closed, None if closing costs nothing."""
        missed = [choice.missed(answer) for choice in self.choices if isinstance(choice, Least)]
        return next((bounds for bounds in missed if bounds is not None), None)

    def _decided(self) -> tuple[Optimum | None, Decision | None]:
        """Return the optimum within what was decided, with the decision; None where there is none in time."""
        chosen: dict[int, Index] = {}
        values, decision = self.relaxed.answer.values, None
        earlier = {tier: self.objective.value(tier, self.relaxed.priced) for tier in self._before_money()}
        for _ in range(MAX_DECISIONS):
            for choice, keys in broken(self.choices, values):
                at = self.choices.index(choice)
                chosen[at] = np.union1d(chosen.get(at, np.empty(0, dtype=np.int64)), keys)
            mip = Mip(self.back.reduced, most_s=self.decide_s)
            for at, keys in chosen.items():
                self.choices[at].restrict(mip, keys)
            decision = mip.decide(self.objective, self.moving, earlier, self.deadline)
            if decision is None:
                break
            optimum = self._within([self.choices[at].settle(decision.values, keys) for at, keys in chosen.items()])
            values = optimum.answer.values
            if not broken(self.choices, values):
                return optimum, decision
        return None, decision

    def _within(self, bounds: list[Bounds]) -> Optimum:
        self._confine(bounds)
        return optimise(self.highs, self.objective, deadline=self.deadline, prefer=self.prefer)

    def _priced(self, bounds: list[Bounds]) -> Answer:
        """Return the weighted optimum within `bounds`: what rounding is judged by, at half the price of all tiers."""
        self._confine(bounds)
        return self.highs.minimise(self.objective.weighted + self.moving, time_limit_s=self.deadline.left_s)

    def _confine(self, bounds: list[Bounds]) -> None:
        self.highs.unlock()
        for b in bounds:
            self.highs.confine(b.columns, b.lower, b.upper)

    def _told(self, answer: Answer, decision: Decision | None) -> Found:
        proven = decision is None or decision.proven
        return Found(
            flows=self.back.flows(answer.values),
            rung=Rung.OPTIMAL if proven else Rung.INCUMBENT,
            reason="" if proven else "the time limit came before the proof of what was decided",
            gap_frac=self._gap_frac(answer, decision),
        )

    def _followed(self, reason: str) -> Found:
        """Return the relaxation's flows followed step by step, cut to what can be held."""
        flows = self.back.flows(self.relaxed.answer.values)
        return Found(flows=follow(self.back.problem, flows), rung=Rung.ROUNDED, reason=reason)

    def _before_money(self) -> list[Tier]:
        return [tier for tier in self.objective.weights if tier is not Tier.MONEY]

    def _costs(self, answer: Answer) -> tuple[float, ...]:
        earlier = [self.objective.value(tier, answer) for tier in self._before_money()]
        return (*earlier, self.objective.value(Tier.MONEY, answer) + float((self.moving * answer.values).sum()))

    def _as_good_as_relaxed(self, answer: Answer) -> bool:
        *earlier, cost = self._costs(answer)
        *least, least_cost = self._costs(self.relaxed.priced)
        kept = all(a <= b + TRADE_TOLERANCE for a, b in zip(earlier, least, strict=True))
        most = EXACT * (1.0 + abs(least_cost)) if self._exact else ROUNDED_GAP * abs(least_cost) + TRADE_TOLERANCE
        return kept and cost - least_cost <= most

    def _better(self, one: Answer, other: Answer) -> bool:
        """Return whether `one` costs less than `other` in the first tier in which they differ."""
        differences = [a - b for a, b in zip(self._costs(one), self._costs(other), strict=True)]
        return next((d < 0 for d in differences if abs(d) > TRADE_TOLERANCE), False)

    def _gap_frac(self, answer: Answer, decision: Decision | None) -> float | None:
        """Return the share of MONEY that might still be saved, by the better of two bounds, None if neither holds.

        No plan without a predecessor costs less than the relaxation less what keeping to its own costs at most, if the tiers
        before MONEY come out as in the relaxation; none costs less than the decision's bound less the price of the greatest move.
        """
        flows, scale = self.back.flows(answer.values), self.objective.money_scale
        cost = self.objective.value(Tier.MONEY, answer)
        bounds = []
        *earlier, _ = self._costs(answer)
        *least, _ = self._costs(self.relaxed.priced)
        if all(abs(a - b) <= TRADE_TOLERANCE for a, b in zip(earlier, least, strict=True)):
            own = self.back.flows(self.relaxed.priced.values)
            kept = self.back.kept_for(self.relaxed.priced, own, scale)
            bounds.append((cost - self.objective.value(Tier.MONEY, self.relaxed.priced)) * scale + kept)
        if decision is not None:
            bounds.append((cost - decision.least_cost + self._most_moving()) * scale)
        return max(min(bounds), 0.0) / self.back.in_play(flows) if bounds else None

    def _most_moving(self) -> float:
        """Return what the greatest possible move away from the previous plan costs, scaled."""
        s, columns = self.back.problem.storages, self.back.places("moved_kw")
        unit, step = np.nonzero(columns >= 0)
        previous = s.previous_power_kw[unit, step]
        most = np.maximum(s.charge_max_kw[unit, step] - previous, s.discharge_max_kw[unit, step] + previous)
        return float((self.moving[columns[unit, step]] * np.nan_to_num(most)).sum())
