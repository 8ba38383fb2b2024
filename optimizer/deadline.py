"""How long a solve may still take."""

import time


class Deadline:
    """A time limit [s] that begins when it is made. Measured on the machine's own clock: solving takes real time on any other."""

    def __init__(self, limit_s: float) -> None:
        self._ends = time.perf_counter() + limit_s

    @property
    def left_s(self) -> float:
        """What is left [s], never below 0."""
        return max(self._ends - time.perf_counter(), 0.0)


class Stopwatch:
    """Seconds by stage: `lap(name)` adds the time since the last lap to a stage."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.times_s: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Book the time since the last lap."""
        now = time.perf_counter()
        self.times_s[name] = self.times_s.get(name, 0.0) + now - self._last
        self._last = now
