"""Simulations side by side: the same question with one thing changed, by policy, by seed or by site file."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from config.simulation.report.case import Case
from config.simulation.scenarios import Files, make_scenario
from config.simulation.simulation import Policy, simulate
from config.site.load import load_site
from v2g.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is simulated: a site file, by whom it is run, for how many local days, what is given and what a seed makes up."""

    site: Path
    policy: Policy
    days: int
    seed: int
    v2g_share: float
    files: Files = field(default_factory=Files)
    foresight: bool = False
    forecasts: bool = False


def variants(question: Question, changes: Sequence[str]) -> Iterator[tuple[str, Question]]:
    """Yield the question and each change of it with their names: a policy, ``seed=N`` or a site file.

    Raises `InputError` for what is none of these. Foresight and other forecasts are asked of the first alone.
    """
    yield str(question.policy), question
    plain = replace(question, foresight=False, forecasts=False)
    for change in dict.fromkeys(changes):
        yield change, _changed(plain, change)


def answer(label: str, question: Question, *, told: Callable[[str], None], progress: Callable[[float], None]) -> Case:
    """Return the simulation that answers; `told` hears where its series come from, `progress` the share done."""
    loaded = load_site(question.site)
    scenario, past = make_scenario(loaded, question.files, days=question.days, seed=question.seed, v2g_share=question.v2g_share)
    for note in scenario.notes:
        told(note)
    asked = {"foresight": question.foresight, "forecasts": question.forecasts}
    done = asyncio.run(simulate(scenario, past, question.policy, progress=progress, **asked))
    figures = done.figures | {"seed": question.seed, "days": question.days, "v2g_share": question.v2g_share}
    return Case(label=label, simulation=replace(done, figures=figures))


def _changed(question: Question, change: str) -> Question:
    if change in set(Policy) - {question.policy}:
        return replace(question, policy=Policy(change))
    name, _, value = change.partition("=")
    if name == "seed" and value.lstrip("-").isdecimal():
        return replace(question, seed=int(value))
    if Path(change).is_file():
        return replace(question, site=Path(change))
    mend = f"give a policy ({', '.join(Policy)}), seed=N or a site file"
    raise InputError(f"{change!r} is nothing to compare with", place="--compare", mend=mend)
