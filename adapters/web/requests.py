"""What the API is told: forms that pydantic checks, and from them the domain's values, checked against the present."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field, Tag

from v2g.errors import SignalError, WishError
from v2g.session import Wishes
from v2g.signal_bounds import PRICES, check_contract, unit_of, value_bounds
from v2g.signals import Contract, Interval, Signal, SignalKind
from v2g.site import Site

INTERVALS_MAX = 2000
REACH = timedelta(days=366)
"""How far from now a signal may lie."""
STAY_MAX = timedelta(days=60)

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""JSON numbers only: a string or a boolean in a number's place is somebody's mistake."""
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Words of people, without control characters: some databases cannot keep them all, and some logs obey them."""


class Form(BaseModel):
    """Base of all forms: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IntervalForm(Form):
    """One value from `start` (inclusive) to `end` (exclusive)."""

    start: AwareDatetime
    end: AwareDatetime
    value: Number


class ContractForm(Form):
    """What a call pays and fines: per kWh of an event or of deviation from dispatch, per kW and hour of a reserve.

    `baseline_kw` is the net import an event counts from, null for what was planned without it.
    """

    payment: Number = 0.0
    penalty: Number = 0.0
    owed_frac: Number = 1.0
    baseline_kw: Number | None = None
    rebound_cap_kw: Number | None = None
    rebound_h: Number = 0.0
    energy_h: Number = 1.0
    offer_max_kw: Number = 0.0


class SignalForm(Form):
    """What every signal says. A lower `priority` number wins; `reason` is for people; calls carry a `contract`."""

    kind: SignalKind
    contract: ContractForm | None = None
    priority: int = Field(default=100, strict=True, ge=0, le=1000)
    source: Text = Field(default="api", min_length=1, max_length=60)
    reason: Text = Field(default="", max_length=200)


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


class CarForm(Form):
    """What a driver may ask for by the code on the outlet: no priority over others, no floor below the site's."""

    energy_kwh: Number | None = Field(default=None, ge=0, le=1000)
    soc_target_frac: Number | None = Field(default=None, ge=0, le=1)
    departure: AwareDatetime | None = None
    discharge_consent: bool = Field(default=False, strict=True)


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
    contract = Contract(**form.contract.model_dump()) if form.contract else None
    check_contract(form.kind, contract, site)
    if intervals[-1].end <= now:
        raise SignalError("the signal is over already", place=_end_of(form), mend=f"end it after {now:%Y-%m-%dT%H:%M}Z")
    return Signal(
        signal_id=signal_id,
        kind=form.kind,
        source=form.source,
        reason=form.reason,
        issued_at=now,
        intervals=intervals,
        priority=form.priority,
        contract=contract,
    )


def _intervals(form: IntervalsForm | StepsForm, now: datetime) -> Iterable[Interval]:
    if isinstance(form, StepsForm):
        step = timedelta(minutes=form.step_minutes)
        start = near(form.start, now, "start")
        near(form.start + step * len(form.values), now, "values")
        return (Interval(start=start + i * step, end=start + (i + 1) * step, value=v) for i, v in enumerate(form.values))
    return (
        Interval(
            start=near(interval.start, now, f"intervals[{i}].start"),
            end=near(interval.end, now, f"intervals[{i}].end"),
            value=interval.value,
        )
        for i, interval in enumerate(form.intervals)
    )


def near(instant: datetime, now: datetime, place: str) -> datetime:
    """Return an instant in UTC. Raises `SignalError` if it is far from now."""
    if abs(instant - now) > REACH:
        raise SignalError("the instant is more than a year away", place=place, mend=f"it is {now:%Y-%m-%dT%H:%M}Z now")
    return instant.astimezone(UTC)


def _check_order(intervals: tuple[Interval, ...]) -> None:
    previous_end = datetime.min.replace(tzinfo=UTC)
    for i, interval in enumerate(intervals):
        if interval.end == interval.start:
            raise SignalError("the interval has no length", place=f"intervals[{i}].end", mend="end it later")
        if interval.end < interval.start:
            raise SignalError("the interval ends before it starts", place=f"intervals[{i}].end", mend="end it later")
        if interval.start < previous_end:
            raise SignalError(
                "the interval overlaps the one before",
                place=f"intervals[{i}].start",
                mend=f"start at {previous_end.isoformat()} or later",
            )
        previous_end = interval.end


def _check_value(form: IntervalsForm | StepsForm, value: float, index: int, site: Site) -> None:
    low, high = value_bounds(form.kind, site)
    if not low <= value <= high:
        what = "a price" if form.kind in PRICES else "a value" if form.kind is SignalKind.GHG else "a power"
        mend = f"give {unit_of(form.kind, site.currency)} between {low:g} and {high:g}"
        raise SignalError(f"{what} of {value:g}", place=_place(form, index), mend=mend)


def _end_of(form: IntervalsForm | StepsForm) -> str:
    """Return the field that says when the signal ends."""
    return f"values[{len(form.values) - 1}]" if isinstance(form, StepsForm) else f"intervals[{len(form.intervals) - 1}].end"


def _place(form: IntervalsForm | StepsForm, index: int) -> str:
    return f"values[{index}]" if isinstance(form, StepsForm) else f"intervals[{index}].value"
