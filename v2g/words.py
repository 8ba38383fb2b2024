"""Explanations in words, Chinese and English."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from v2g.plan import Plan
from v2g.sentences import PARTS, PROMISES, sentence_of
from v2g.site import Site
from v2g.storages import StorageKind
from v2g.timegrid import Array
from v2g.why import Explanation

WORTH_SAYING = 0.005
"""Prices below this [currency/kWh], and costs below this [currency], are not told."""
NOTICED_KW = 0.05


def in_words(explanation: Explanation, plan: Plan, site: Site, language: str) -> str:
    """Return why the unit does what it does now, and what its promise costs, in `language` ("en" or "zh")."""
    said = [reason_in_words(explanation, plan, site, language), promise_in_words(explanation, site, language)]
    return (" " if language == "en" else "").join(text for text in said if text)


def reason_in_words(explanation: Explanation, plan: Plan, site: Site, language: str) -> str:
    """Return why the unit does what it does now."""
    power, parts = plan.power_kw[plan.row[explanation.unit_id]], PARTS[language]
    takes_only = explanation.kind in (StorageKind.EV, StorageKind.ELECTROLYSER)
    extra = explanation.limit_price_per_kwh[0]
    return sentence_of(explanation.kind, explanation.why[0], language).format(
        price=_price(_billed(plan, 0), site),
        until=_from(power if takes_only else np.abs(power), parts["until"], plan, site),
        back=_from(power, parts["back"], plan, site),
        limit=explanation.limit[0] or site.circuits[0].circuit_id,
        limit_price=parts["limit_price"].format(extra=_price(extra, site)) if extra > WORTH_SAYING else "",
    )


def promise_in_words(explanation: Explanation, site: Site, language: str) -> str:
    """Return what the unit's promise costs; "" where that is nothing, or nothing that money buys."""
    told = PROMISES[language].get(explanation.kind)
    if told is None or explanation.promise_cost <= WORTH_SAYING or not np.isfinite(explanation.promise_cost):
        return ""
    return told.format(cost=f"{explanation.promise_cost:.2f} {site.currency}")


def _from(power_kw: Array, part: str, plan: Plan, site: Site) -> str:
    """Return `part` filled with the next step after this in which `power_kw` (T,) is above 0, "" if there is none."""
    later = np.flatnonzero(power_kw[1:] > NOTICED_KW)
    if not len(later):
        return ""
    step = int(later[0]) + 1
    at = _local(plan.grid.starts[step], site)
    return part.format(at=at, later=_price(_billed(plan, step), site))


def _billed(plan: Plan, step: int) -> float:
    """Return what a kWh costs on the bill [currency/kWh]: shadow prices of a month's peak would puzzle people."""
    price = plan.export_price_per_kwh if plan.export_kw[step] > NOTICED_KW else plan.import_price_per_kwh
    return float(price[step])


def _local(instant: datetime, site: Site) -> str:
    return f"{instant.astimezone(ZoneInfo(site.time_zone)):%H:%M}"


def _price(price_per_kwh: float, site: Site) -> str:
    return f"{price_per_kwh:.3f} {site.currency}/kWh"
