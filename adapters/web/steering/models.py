"""What people ask of an outlet, as the API tells it."""

from datetime import datetime

from adapters.web.models import Model
from v2g.overrides import OverrideKind


class WishesModel(Model):
    """What a driver asked for; null where nothing was said. Energy is to be added since plug-in."""

    energy_kwh: float | None
    soc_target_frac: float | None
    departure: datetime | None
    discharge_consent: bool
    soc_floor_frac: float | None
    priority: float


class OverrideModel(Model):
    """What a person ordered an outlet to do until then; `max_kw` is a limit's."""

    override_id: str
    evse_id: str
    kind: OverrideKind
    reason: str
    by: str
    issued_at: datetime
    until: datetime
    max_kw: float | None
