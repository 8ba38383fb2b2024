"""Days by the thousand: `python -m tests.faults.campaign --days 2000`. `make faults` runs it.

Each day is run from its seed, in as many processes as there are cores; each twentieth is run again, in whatever process is free,
and must leave the same trace. Then every planted bug is given days until one of them shows it. The last line is one JSON object.
"""

import argparse
import json
import multiprocessing
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from tests.faults.bugs import BUGS, SHOWN_BY, planted
from tests.faults.day import Verdict, run_day
from tests.faults.shorten import shortest
from tests.faults.story import KINDS, Story, draw

AGAIN_EVERY = 20
FIRST_OF_BUGS, DAYS_A_BUG = 1_000_001, 24


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of all days."""

    days: int = 0
    limit_breaches: int = 0
    consent_breaches: int = 0
    floor_breaches: int = 0
    lease_breaches: int = 0
    lost_records: int = 0
    daemon_deaths: int = 0
    acknowledged_records: int = 0
    daemon_kills: int = 0
    run_again: int = 0
    same_trace: int = 0
    planted_bugs: int = 0
    caught: int = 0
    not_caught: list[str] = field(default_factory=list)

    def count(self, verdict: Verdict) -> None:
        """Take in a day."""
        findings = verdict.findings
        self.days += 1
        self.limit_breaches += len(findings.limits)
        self.consent_breaches += len(findings.consent)
        self.floor_breaches += len(findings.floors)
        self.lease_breaches += len(findings.leases)
        self.lost_records += len(findings.records)
        self.daemon_deaths += len(findings.deaths)
        self.acknowledged_records += verdict.n_acknowledged
        self.daemon_kills += verdict.n_restarts

    @property
    def found(self) -> int:
        """How much was found that must not be."""
        breaches = self.limit_breaches + self.consent_breaches + self.floor_breaches + self.lease_breaches
        return breaches + self.lost_records + self.daemon_deaths

    def as_json(self) -> str:
        """Return the tally as one line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def run(days: int, *, first: int = 0, bugs: bool = True, processes: int | None = None) -> Tally:
    """Run the days from seed `first` on, then the planted bugs; print what is found."""
    tally = Tally()
    with multiprocessing.get_context("spawn").Pool(processes or os.cpu_count(), maxtasksperchild=200) as pool:
        traces: defaultdict[int, set[str]] = defaultdict(set)
        seeds = range(first, first + days)
        for seed, verdict in pool.imap_unordered(_day, seeds):
            tally.count(verdict)
            traces[seed].add(verdict.trace)
            if verdict.findings.all:
                _tell(seed, verdict)
            if tally.days % 100 == 0:
                sys.stderr.write(f"{tally.as_json()}\n")
        for seed, verdict in pool.imap_unordered(_day, [seed for seed in seeds if seed % AGAIN_EVERY == AGAIN_EVERY - 1]):
            tally.run_again += 1
            tally.same_trace += traces[seed] == {verdict.trace}
        for name, caught_by in pool.imap_unordered(first_to_catch, BUGS if bugs else ()):
            tally.planted_bugs += 1
            tally.caught += caught_by is not None
            tally.not_caught += [name] if caught_by is None else []
            sys.stderr.write(f"planted: {name}: {'not caught' if caught_by is None else caught_by}\n")
    return tally


def _day(seed: int) -> tuple[int, Verdict]:
    return seed, run_day(draw(seed))


def _tell(seed: int, verdict: Verdict) -> None:
    """Print what was found, and the shortest story that shows the first of it."""
    kind = _kind(verdict)
    story = shortest(draw(seed), partial(_shows, kind=kind))
    sys.stdout.write(f"seed {seed}: {'; '.join(verdict.findings.all[:3])}\n  {story}\n")


def _kind(verdict: Verdict) -> str:
    return next(name for name in verdict.findings.__slots__ if getattr(verdict.findings, name))


def _shows(story: Story, *, kind: str) -> bool:
    return bool(getattr(run_day(story, until=kind).findings, kind))


def first_to_catch(name: str) -> tuple[str, str | None]:
    """Return what the first of a bug's days to show it says, None if none does."""
    for story in days_of(name):
        with planted(name):
            found = run_day(story, until="all").findings.all
        if found:
            return name, f"day {story.seed}: {found[0]}"
    return name, None


def days_of(name: str) -> Iterator[Story]:
    """Yield the days that a bug is given: those on which what shows it goes wrong."""
    first = FIRST_OF_BUGS + 100 * list(BUGS).index(name)
    yield from (draw(seed, SHOWN_BY.get(name, KINDS)) for seed in range(first, first + DAYS_A_BUG))


def main() -> None:
    """Run the campaign from the command line; exit with 1 if anything is found, or a bug is not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--no-bugs", action="store_true", help="plant nothing")
    arguments = parser.parse_args()
    tally = run(arguments.days, first=arguments.first, bugs=not arguments.no_bugs)
    sys.stdout.write(f"{tally.as_json()}\n")
    sys.exit(bool(tally.found or tally.same_trace < tally.run_again or tally.caught < 0.95 * tally.planted_bugs))


if __name__ == "__main__":
    main()
