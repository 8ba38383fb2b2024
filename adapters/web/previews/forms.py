"""What the API is asked about signals that nobody has published yet."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

from adapters.web.models import Form, Number
from adapters.web.signals.forms import near
from v2g.errors import SignalError
from v2g.previewing import PriceQuestion, SurfaceQuestion
from v2g.signal_bounds import unit_of, value_bounds
from v2g.signals import Interval, SignalKind
from v2g.site import Site

HOURS_MAX, PRICES_MAX = 48, 12


class SurfaceForm(Form):
    """Which prices in which hours, each alone; the hours begin with the next whole one if `start` is left out."""

    prices: list[Number] = Field(min_length=1, max_length=PRICES_MAX)
    hours: Annotated[int, Field(strict=True, ge=1, le=HOURS_MAX)] = 24
    start: AwareDatetime | None = None


class PriceForm(Form):
    """Find the least price over [start, end) that keeps the net import at `target_kw`; none above `most_per_kwh` is tried."""

    start: AwareDatetime
    end: AwareDatetime
    target_kw: Number
    most_per_kwh: Number


def to_surface_question(form: SurfaceForm, *, site: Site, now: datetime) -> SurfaceQuestion:
    """Return the question, its prices in order. Raises `SignalError` naming what is out of bounds."""
    for i, price in enumerate(form.prices):
        _check_price(price, site, f"prices[{i}]")
    hour = timedelta(hours=1)
    begin = near(form.start, now, "start") if form.start else now.replace(minute=0, second=0, microsecond=0) + hour
    hours = tuple(Interval(start=begin + i * hour, end=begin + (i + 1) * hour, value=0.0) for i in range(form.hours))
    return SurfaceQuestion(hours=hours, prices=tuple(sorted(set(form.prices))))


def to_price_question(form: PriceForm, *, site: Site, now: datetime) -> PriceQuestion:
    """Return the question. Raises `SignalError` naming what is out of bounds."""
    _check_price(form.most_per_kwh, site, "most_per_kwh")
    start, end = near(form.start, now, "start"), near(form.end, now, "end")
    if end <= start:
        raise SignalError("the window ends before it starts", place="end", mend="end it later")
    return PriceQuestion(start=start, end=end, target_kw=form.target_kw, most_per_kwh=form.most_per_kwh)


def _check_price(price: float, site: Site, place: str) -> None:
    low, high = value_bounds(SignalKind.PRICE, site)
    if not low <= price <= high:
        mend = f"give {unit_of(SignalKind.PRICE, site.currency)} between {low:g} and {high:g}"
        raise SignalError(f"a price of {price:g}", place=place, mend=mend)
