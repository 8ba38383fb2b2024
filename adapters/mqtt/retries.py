"""How long to wait before the next attempt to connect, and whether the connection comes and goes. Times are wall seconds."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
STEADY_S = 60.0
"""A connection that lasted so long was good: a rival that was pushed out would have come back before."""
FLAPS = 3


class Retries:
    """Waits grow until a connection was steady; whoever has a rival, another client of the same name, waits longest at once."""

    def __init__(self) -> None:
        self._next_s = FIRST_WAIT_S
        self._short = 0
        self._rival = False

    def meet_rival(self) -> None:
        """Note that another client uses our name: each pushes the other out whenever it connects."""
        self._rival = True

    def lost(self, lasted_s: float | None) -> float:
        """Note the end of a connection after `lasted_s`, None if there was none; return how long to wait [s]."""
        if lasted_s is not None and lasted_s >= STEADY_S:
            self._next_s, self._short, self._rival = FIRST_WAIT_S, 0, False
        elif lasted_s is not None:
            self._short += 1
        wait_s = LONGEST_WAIT_S if self._rival else self._next_s
        self._next_s = min(2.0 * wait_s, LONGEST_WAIT_S)
        return wait_s

    @property
    def trouble(self) -> str:
        """What makes connections short, in words; "" if nothing does."""
        if self._rival:
            return "another client uses our name: is a second daemon running for this site?"
        return f"lost {self._short} times soon after it was made" if self._short >= FLAPS else ""
