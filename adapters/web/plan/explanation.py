"""Why a unit does what it does, as the API tells it."""

import math

import numpy as np

from adapters.web.plan.models import ExplanationModel, WordsModel
from v2g.plan import Plan
from v2g.site import Site
from v2g.timegrid import Array
from v2g.why import Explanation
from v2g.words import in_words, reason_in_words


def reason_view(explanation: Explanation, plan: Plan, site: Site) -> WordsModel:
    """Return why a unit does what it does now, in words."""
    return WordsModel(en=reason_in_words(explanation, plan, site, "en"), zh=reason_in_words(explanation, plan, site, "zh"))


def explanation_view(explanation: Explanation, plan: Plan, site: Site) -> ExplanationModel:
    """Return an explanation with its prices, to a hundredth of a cent."""
    return ExplanationModel(
        why=list(explanation.why),
        limit=list(explanation.limit),
        price_per_kwh=_prices(explanation.price_per_kwh),
        limit_price_per_kwh=_prices(explanation.limit_price_per_kwh),
        value_per_kwh=_prices(explanation.value_per_kwh),
        promise_price_per_kwh=price(explanation.promise_price_per_kwh),
        promise_cost=price(explanation.promise_cost),
        words=WordsModel(en=in_words(explanation, plan, site, "en"), zh=in_words(explanation, plan, site, "zh")),
    )


def _prices(values: Array) -> list[float]:
    rounded: list[float] = (np.round(values, 4) + 0.0).tolist()
    return rounded


def price(value: float) -> float | None:
    """Return a price or cost, None where it is endless."""
    return round(value, 4) + 0.0 if math.isfinite(value) else None
