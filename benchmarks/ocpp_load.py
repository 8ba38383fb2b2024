"""What `benchmarks/ocpp.py` does: has a daemon and its chargers, each in a process of its own, and measures the daemon."""

import argparse
import json
import math
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.ocpp_sides import CERTIFICATE, KEY, METER_S, daemon_side, farm_side

SPARE_FILES = 200
PATIENCE_S = 300.0
SETTLE_S = 2 * METER_S
REST_S, REST_KB = 3.0, 100.0
"""A process that takes no more than so much in so long has loaded what it loads."""


class Side:
    """The other end of a process: `ask` waits for its answer."""

    def __init__(self, main: Callable[..., None], *arguments: Any) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=main, args=(theirs, *arguments))
        self._process.start()
        theirs.close()
        self.hello = self._pipe.recv()

    def ask(self, question: str, argument: Any = None) -> Any:
        """Return the answer. Raises `EOFError` if the process has ended."""
        self._pipe.send((question, argument))
        return self._pipe.recv()

    @property
    def cpu_s(self) -> float:
        """CPU time used [s]."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100.0

    def end(self) -> None:
        """End it in good order, or else."""
        if self._process.is_alive():
            self._pipe.send(("end", None))
        self._process.join(30.0)
        if self._process.is_alive():
            self._process.kill()


@contextmanager
def side(main: Callable[..., None], *arguments: Any) -> Iterator[Side]:
    """Have a process while the context lasts."""
    it = Side(main, *arguments)
    try:
        yield it
    finally:
        it.end()


def allow_files(chargers: int) -> None:
    """Raise the limit of open files, which child processes inherit; end where the machine forbids it."""
    need = chargers + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= need:
        return
    if hard < need:
        sys.exit(f"{chargers} chargers need {need} open files a process; this machine allows {hard} (raise `ulimit -Hn`)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))


def until(count: Callable[[], int], n: int, what: str, every_s: float = 0.5) -> float:
    """Wait until `count` reaches `n`; return how long that took [s]."""
    began = time.monotonic()
    while (reached := count()) < n:
        if time.monotonic() - began > PATIENCE_S:
            sys.exit(f"after {PATIENCE_S:g} s only {reached} of {n} are {what}")
        time.sleep(every_s)
    return time.monotonic() - began


def at_rest_kb(daemon: Side) -> float:
    """Return what the daemon takes once it has loaded what it loads: LightGBM takes 40 MB, beside the loop, and is no charger's."""
    kb = daemon.ask("resident_kb")
    while True:
        time.sleep(REST_S)
        before_kb, kb = kb, daemon.ask("resident_kb")
        if kb - before_kb <= REST_KB:
            return float(kb)


def make_certificate(folder: Path) -> None:
    """Make a certificate of this machine, signed by itself. Raises `CalledProcessError`."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", KEY, "-out", CERTIFICATE]
    subprocess.run([*command, *new_key], check=True, capture_output=True, cwd=folder)  # noqa: S603  # nobody's words are in it


@contextmanager
def loaded(chargers: int, *, tls: bool) -> Iterator[tuple[Side, Side, float]]:
    """Have a daemon, and its chargers metering; also the daemon's memory a charger [KB]."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        if tls:
            make_certificate(folder)
        daemon = stack.enter_context(side(daemon_side, chargers, folder))
        until(lambda: daemon.ask("ticks"), 1, "ticks done")
        empty_kb = at_rest_kb(daemon)
        farm = stack.enter_context(side(farm_side, chargers, folder, daemon.hello))
        until(lambda: daemon.ask("metering"), chargers, "metering")
        cpu_s = daemon.cpu_s
        time.sleep(SETTLE_S)
        kb = (daemon.ask("resident_kb") - empty_kb) / chargers
        tell(f"{'TLS' if tls else 'plain'}: {kb:.1f} KB a charger, {(daemon.cpu_s - cpu_s) / SETTLE_S:.2f} of a core in the daemon")
        yield daemon, farm, kb


def fan_out(daemon: Side, setpoints: int) -> float:
    """Return within which time 99 % of so many setpoints sent at once were acknowledged [s]."""
    answers = daemon.ask("fan_out", setpoints)
    for reason, n in Counter(answer for answer in answers if isinstance(answer, str)).most_common(5):
        tell(f"{n} setpoints not acknowledged: {reason}")
    latencies_s = sorted(math.inf if isinstance(answer, str) else answer for answer in answers)
    p50_s, p99_s = (float(latencies_s[math.ceil(share * len(latencies_s)) - 1]) for share in (0.5, 0.99))
    tell(f"{setpoints} setpoints: median {p50_s:.2f} s, p99 {p99_s:.2f} s, last {latencies_s[-1]:.2f} s")
    return p99_s


def storm(daemon: Side, farm: Side, chargers: int) -> float:
    """Break all connections at once; return when all chargers have booted and shown their fallback, or keep a setpoint [s].

    A tick begins with it, which plans for all of them meanwhile.
    """
    daemon.ask("before_storm")
    since, daemon_s, farm_s = datetime.now(UTC), daemon.cpu_s, farm.cpu_s
    farm.ask("storm")
    daemon.ask("plan")
    took_s = until(lambda: daemon.ask("steady", since), chargers, "steady")
    tell(f"storm over after {took_s:.1f} s; CPU: daemon {daemon.cpu_s - daemon_s:.1f} s, farm {farm.cpu_s - farm_s:.1f} s")
    return took_s


def measure(chargers: int, setpoints: int) -> dict[str, float]:
    """Return the figures."""
    with loaded(chargers, tls=False) as (daemon, farm, plain_kb):
        fanout_p99_s = fan_out(daemon, setpoints)
        storm_s = storm(daemon, farm, chargers)
        late_s = daemon.ask("late")
        tell(f"{daemon.ask('ticks')} ticks, the latest {late_s:.2f} s late")
    with loaded(chargers, tls=True) as (_, _, tls_kb):
        pass
    return {
        "kb_per_charger_plain": plain_kb,
        "kb_per_charger_tls": tls_kb,
        "fanout_p99_s": fanout_p99_s,
        "storm_s": storm_s,
        "tick_late_max_s": late_s,
    }


def tell(text: str) -> None:
    """Say how it goes, beside the figures."""
    print(text, file=sys.stderr)


def main(usage: str | None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=usage, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chargers", type=int, default=5000)
    parser.add_argument("--setpoints", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object in the last line")
    options = parser.parse_args()
    allow_files(options.chargers)
    figures = measure(options.chargers, options.setpoints)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:22} {value:8.2f}")
