"""What the API is told and says of people's orders to outlets."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from adapters.web.models import Form, Model, Number, Text
from adapters.web.steering.models import OverrideModel
from v2g.overrides import Override, OverrideKind, PastOverride, check_end


class OverrideForm(Form):
    """An order with its reason and end; a limit, of what is drawn and given back, has `max_kw`."""

    kind: OverrideKind
    reason: Annotated[Text, Field(min_length=1, max_length=200)]
    until: AwareDatetime
    max_kw: Annotated[Number, Field(ge=0, le=1e6)] | None = None


class PastOverrideModel(Model):
    """An order, and when and by whom it was ended before its time, if it was."""

    override: OverrideModel
    ended_at: datetime | None
    ended_by: str


def to_override(form: OverrideForm, *, override_id: str, evse_id: str, by: str, now: datetime) -> Override:
    """Return the order, issued `now`. Raises `OverrideError` if it does not end soon: such instants may not even have a UTC."""
    check_end(form.until, now)
    return Override(
        override_id=override_id,
        evse_id=evse_id,
        kind=form.kind,
        reason=form.reason,
        by=by,
        issued_at=now,
        until=form.until.astimezone(UTC),
        max_kw=form.max_kw,
    )


def override_view(override: Override) -> OverrideModel:
    """Return one order."""
    return OverrideModel(
        override_id=override.override_id,
        evse_id=override.evse_id,
        kind=override.kind,
        reason=override.reason,
        by=override.by,
        issued_at=override.issued_at,
        until=override.until,
        max_kw=override.max_kw,
    )


def past_override_view(past: PastOverride) -> PastOverrideModel:
    """Return one order as it is kept."""
    return PastOverrideModel(override=override_view(past.override), ended_at=past.ended_at, ended_by=past.ended_by)
