"""The station's past, as the API tells it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from adapters.web.figures import limit, tidy
from adapters.web.models import Model
from v2g.station import HistoryPoint


class HistoryModel(Model):
    """The station's past, oldest first; every list has one value an instant. A load of null was not measured."""

    at: list[datetime]
    import_kw: list[float]
    load_kw: list[float | None]
    pv_kw: list[float]
    charge_kw: list[float]
    discharge_kw: list[float]
    asset_kw: list[float]
    import_limit_kw: list[float | None]
    price_per_kwh: list[float]


def history_view(points: Sequence[HistoryPoint], *, at_most: int) -> HistoryModel:
    """Return the past as at most `at_most` of its points; of neighbours the one with the highest import stays, so no peak hides."""
    n = len(points)
    bounds = [round(i * n / min(n, at_most)) for i in range(min(n, at_most) + 1)] if n else []
    kept = [max(points[a:b], key=lambda p: p.import_kw) for a, b in pairwise(bounds)]
    return HistoryModel(
        at=[p.at for p in kept],
        import_kw=[tidy(p.import_kw) for p in kept],
        load_kw=[None if p.load_kw is None else tidy(p.load_kw) for p in kept],
        pv_kw=[tidy(p.pv_kw) for p in kept],
        charge_kw=[tidy(p.charge_kw) for p in kept],
        discharge_kw=[tidy(p.discharge_kw) for p in kept],
        asset_kw=[tidy(p.asset_kw) for p in kept],
        import_limit_kw=[limit(p.import_limit_kw) for p in kept],
        price_per_kwh=[tidy(p.price_per_kwh) for p in kept],
    )
