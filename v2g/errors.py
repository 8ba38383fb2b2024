"""Every error this software raises on purpose.

V2GError
├── InputError          something a person or a peer gave us; says where and how to mend it
│   ├── SiteError       a site file
│   ├── ProblemError    a problem, as a file or as a value
│   ├── SeriesError     a time-series or session file
│   ├── SignalError     a price curve, limit or event
│   ├── WishError       what a driver asks for
│   ├── OverrideError   what a person orders an outlet to do
│   ├── AccessError     a person's or machine's account
│   └── FrameError      a message from a charger or a broker
├── PlanningError       a planner gave no usable answer; the ladder goes one rung down
├── TrainingError       no models were learnt; those in use stay
└── UnavailableError    a part of the outside world does not answer (database, broker, charger)
"""


class V2GError(Exception):
    """Root of all errors raised on purpose."""


class InputError(V2GError):
    """Something given from outside cannot be used; nothing was changed.

    Parameters
    ----------
    message : str
        What is wrong.
    place : str
        Where: a file and a path in it, a field, a topic, a message id.
    mend : str
        What to write instead.
    """

    def __init__(self, message: str, *, place: str = "", mend: str = "") -> None:
        self.message, self.place, self.mend = message, place, mend
        where = f"{place}: " if place else ""
        how = f" ({mend})" if mend else ""
        super().__init__(f"{where}{message}{how}")


class SiteError(InputError):
    """A site file cannot be used."""


class ProblemError(InputError):
    """A problem has the wrong shape, a non-finite number or bounds that cross."""


class SeriesError(InputError):
    """A time-series or session file cannot be used."""


class SignalError(InputError):
    """A price curve, limit or event cannot be used."""


class WishError(InputError):
    """A driver's wish cannot be used."""


class OverrideError(InputError):
    """What a person orders an outlet to do cannot be done."""


class AccessError(InputError):
    """What is asked of a person's or a machine's account cannot be done."""


class FrameError(InputError):
    """A message from a charger or a broker cannot be used."""


class PlanningError(V2GError):
    """A planner gave no usable answer."""


class TrainingError(V2GError):
    """No models were learnt."""


class UnavailableError(V2GError):
    """A part of the outside world does not answer."""
