"""What people ask of an outlet, checked against the present."""

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, Field

from adapters.web.models import Form, Number
from v2g.errors import WishError
from v2g.session import STAY_MAX, Wishes


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
