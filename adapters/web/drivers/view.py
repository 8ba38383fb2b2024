"""One outlet as its driver sees it."""

from datetime import datetime

import numpy as np

from adapters.web.figures import tidy
from adapters.web.models import Model
from adapters.web.state.live import Live
from adapters.web.state.models import EvseModel
from adapters.web.steering.sessions import session_at
from v2g.claims import claim_for, may_consent
from v2g.plan import Plan
from v2g.ports import Station
from v2g.site import Evse


class CarModel(Model):
    """An outlet and the car at it. `saves` is what its plan costs less than charging at once [currency], null without a plan.

    `gives_kwh` is what the plan takes out of the car in between. A new `tick` has a new plan. `speaks` is False where another phone
    speaks for the car, `may_consent` where this one may not consent to discharge, `may_consent_again` where it may not after it has
    taken it back; for `consent_s` after plug-in the code is enough.
    """

    site: str
    time_zone: str
    currency: str
    now: datetime
    tick: int | None
    charge_max_kw: float
    may_give_back: bool
    speaks: bool
    may_consent: bool
    may_consent_again: bool
    consent_s: float
    saves: float | None
    gives_kwh: float
    evse: EvseModel


class LinkModel(Model):
    """The address of an outlet's page for its driver, and a QR code of it as an image."""

    evse_id: str
    url: str
    qr: str


def car_view(station: Station, live: Live, evse: Evse, secret: str) -> CarModel:
    """Return an outlet for the driver whose phone has this secret."""
    rules, session = station.site.rules, session_at(evse.evse_id, station)
    claim = claim_for(session, secret, rules, station.now()) if session else None
    record, state = station.latest(), next(e for e in live.state().evses if e.evse_id == evse.evse_id)
    plan = record.plan if record and state.session and evse.evse_id in record.plan.row else None
    row = plan.power_kw[plan.row[evse.evse_id]] if plan else np.zeros(0)
    return CarModel(
        site=station.site.name,
        time_zone=station.site.time_zone,
        currency=station.site.currency,
        now=station.now(),
        tick=record.tick if record else None,
        charge_max_kw=evse.charge_max_kw,
        may_give_back=rules.discharge and evse.discharge_max_kw > 0,
        speaks=claim is not None or session is None,
        may_consent=session is not None and may_consent(session, claim),
        may_consent_again=claim is not None and claim.may_consent,
        consent_s=rules.code_consent_s,
        saves=saves(plan, evse) if plan else None,
        gives_kwh=tidy(float(np.clip(-row, 0.0, None) @ plan.grid.step_h)) if plan else 0.0,
        evse=_without_names(state),
    )


def _without_names(state: EvseModel) -> EvseModel:
    """Return an outlet without who is there and who gave orders: the code on it may be anybody's."""
    order = state.override.model_copy(update={"by": "", "reason": ""}) if state.override else None
    session = state.session.model_copy(update={"driver": "", "session_id": ""}) if state.session else None
    return state.model_copy(update={"override": order, "session": session})


def saves(plan: Plan, evse: Evse) -> float:
    """Return what the car's plan costs less than the same energy taken at once at full power [currency].

    Both are priced by what is bought and sold at the connection; the plan's drawn and given energy apart.
    """
    power_kw, step_h = plan.power_kw[plan.row[evse.evse_id]], plan.grid.step_h
    net_kwh = max(float(power_kw @ step_h), 0.0)
    stored_kwh = np.minimum(np.cumsum(evse.charge_max_kw * step_h), net_kwh)
    at_once_kwh = np.diff(stored_kwh, prepend=0.0)
    bought, sold = np.clip(power_kw, 0.0, None) * step_h, np.clip(-power_kw, 0.0, None) * step_h
    planned = bought @ plan.import_price_per_kwh - sold @ plan.export_price_per_kwh
    return tidy(at_once_kwh @ plan.import_price_per_kwh - planned)
