"""What the API is told: forms that pydantic checks, and from them the domain's values, checked against the present."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field, Tag

from v2g.errors import SignalError, WishError
from v2g.session import Wishes
from v2g.signals import Interval, Signal, SignalKind
from v2g.site import Site

INTERVALS_MAX = 2000
REACH = timedelta(days=366)
"""How far from now a signal may lie."""
STAY_MAX = timedelta(days=60)
LIMIT_MAX_KW = 1e6
PRICE_MAX_TARIFFS = 100.0
"""Market prices have reached some ninety times a normal tariff; beyond that somebody mistook the unit."""
LEAST_TARIFF_PER_KWH = 0.1
PRICES = (SignalKind.PRICE, SignalKind.EXPORT_PRICE)

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""JSON numbers only: a string or a boolean in a number's place is somebody's mistake."""


class Form(BaseModel):
    """Base of all forms: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IntervalForm(Form):
    """One value from `start` (inclusive) to `end` (exclusive)."""

    start: AwareDatetime
    end: AwareDatetime
    value: Number


class SignalForm(Form):
    """What every signal says. A lower `priority` number wins; `reason` is for people."""

    kind: SignalKind
    priority: int = Field(default=100, strict=True, ge=0, le=1000)
    source: str = Field(default="api", min_length=1, max_length=60)
    reason: str = Field(default="", max_length=200)


class IntervalsForm(SignalForm):
    """A signal as intervals in order."""

    intervals: list[IntervalForm] = Field(min_length=1, max_length=INTERVALS_MAX)


class StepsForm(SignalForm):
    """A signal as equal steps from `start`."""

    start: AwareDatetime
    step_minutes: Number = Field(ge=1, le=1440)
    values: list[Number] = Field(min_length=1, max_length=INTERVALS_MAX)


FormTag = Literal["intervals", "steps"]


def form_of(data: Any) -> FormTag:
    """Return which form a signal comes in."""
    return "intervals" if isinstance(data, dict) and "intervals" in data else "steps"


AnySignalForm = Annotated[
    Annotated[IntervalsForm, Tag("intervals")] | Annotated[StepsForm, Tag("steps")],
    Discriminator(form_of),
]


class WishesForm(Form):
    """What a driver asks for; energy is to be added since plug-in. Give an energy or a state of charge, not both."""

    energy_kwh: Number | None = Field(default=None, ge=0, le=1000)
    soc_target_frac: Number | None = Field(default=None, ge=0, le=1)
    departure: AwareDatetime | None = None
    discharge_consent: bool = Field(default=False, strict=True)
    soc_floor_frac: Number | None = Field(default=None, ge=0, le=1)
    priority: Number = Field(default=1.0, ge=0.1, le=10)


def to_wishes(form: WishesForm, now: datetime) -> Wishes:
    """Return the wishes. Raises `WishError` if they contradict themselves or the clock."""
    if form.energy_kwh is not None and form.soc_target_frac is not None:
        raise WishError("an energy and a state of charge", place="energy_kwh", mend="give one of the two")
    if form.departure is not None and not timedelta(0) < form.departure - now < STAY_MAX:
        raise WishError(
            f"the departure is not between now and {STAY_MAX.days} days from now",
            place="departure",
            mend=f"it is {now:%Y-%m-%dT%H:%M}Z at the station",
        )
    departure = form.departure.astimezone(UTC) if form.departure else None
    return Wishes(**{**form.model_dump(), "departure": departure})


def to_signal(form: IntervalsForm | StepsForm, *, signal_id: str, site: Site, now: datetime) -> Signal:
    """Return the signal, issued `now`. Raises `SignalError` naming what is out of bounds."""
    intervals = tuple(_intervals(form, now))
    _check_order(intervals)
    for i, interval in enumerate(intervals):
        _check_value(form, interval.value, i, site)
    if intervals[-1].end <= now:
        raise SignalError("the signal is over already", place=_place(form, -1), mend=f"end it after {now:%Y-%m-%dT%H:%M}Z")
    return Signal(
        signal_id=signal_id,
        kind=form.kind,
        source=form.source,
        reason=form.reason,
        issued_at=now,
        intervals=intervals,
        priority=form.priority,
    )


def _intervals(form: IntervalsForm | StepsForm, now: datetime) -> Iterable[Interval]:
    if isinstance(form, StepsForm):
        step = timedelta(minutes=form.step_minutes)
        start = _near(form.start, now, "start")
        _near(form.start + step * len(form.values), now, "values")
        return (Interval(start=start + i * step, end=start + (i + 1) * step, value=v) for i, v in enumerate(form.values))
    return (
        Interval(
            start=_near(interval.start, now, f"intervals[{i}].start"),
            end=_near(interval.end, now, f"intervals[{i}].end"),
            value=interval.value,
        )
        for i, interval in enumerate(form.intervals)
    )


def _near(instant: datetime, now: datetime, place: str) -> datetime:
    if abs(instant - now) > REACH:
        raise SignalError("the instant is more than a year away", place=place, mend=f"it is {now:%Y-%m-%dT%H:%M}Z now")
    return instant.astimezone(UTC)


def _check_order(intervals: tuple[Interval, ...]) -> None:
    previous_end = datetime.min.replace(tzinfo=UTC)
    for i, interval in enumerate(intervals):
        if interval.end <= interval.start:
            raise SignalError("the interval ends before it starts", place=f"intervals[{i}].end", mend="end it later")
        if interval.start < previous_end:
            raise SignalError(
                "the interval overlaps the one before",
                place=f"intervals[{i}].start",
                mend=f"start at {previous_end.isoformat()} or later",
            )
        previous_end = interval.end


def _check_value(form: IntervalsForm | StepsForm, value: float, index: int, site: Site) -> None:
    if form.kind in PRICES:
        highest = max(LEAST_TARIFF_PER_KWH, site.tariff.base_price_per_kwh, *(p.price_per_kwh for p in site.tariff.periods))
        bound = PRICE_MAX_TARIFFS * highest
        if abs(value) > bound:
            mend = f"give {site.currency}/kWh between -{bound:g} and {bound:g}"
            raise SignalError(f"a price of {value:g}", place=_place(form, index), mend=mend)
    elif not 0.0 <= value <= LIMIT_MAX_KW:
        raise SignalError(f"a limit of {value:g}", place=_place(form, index), mend=f"give kW between 0 and {LIMIT_MAX_KW:g}")


def _place(form: IntervalsForm | StepsForm, index: int) -> str:
    if isinstance(form, StepsForm):
        return f"values[{index % len(form.values)}]"
    return f"intervals[{index % len(form.intervals)}].value"
