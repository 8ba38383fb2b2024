"""The past that was kept, as the API tells it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import date
from zoneinfo import ZoneInfo

from adapters.web.figures import series, tidy
from adapters.web.plan.view import HIGH, LOW, MEDIAN
from adapters.web.records.models import BandModel, ExpectedModel, ResultModel, ResultsModel, ScoreModel, SideModel
from v2g.records import Expected, Results
from v2g.results import Period, Result, Side
from v2g.standing import ForecastScore, standing
from v2g.timegrid import Array

SHARES = ("valley_share", "kept_share", "saved")


def results_view(results: Results, *, by: Period, first: date, last: date, currency: str) -> ResultsModel:
    """Return results, tidied."""
    rows = [result_view(row) for row in results.rows]
    total = result_view(results.total) if results.total else None
    return ResultsModel(by=by, first=first, last=last, currency=currency, rows=rows, total=total)


def result_view(result: Result) -> ResultModel:
    """Return one period's result."""
    plain = {f.name: getattr(result, f.name) for f in fields(result) if f.name not in ("actual", "uncontrolled")}
    plain |= {name: getattr(result, name) for name in SHARES}
    told = {name: tidy(value) if isinstance(value, float) else value for name, value in plain.items()}
    return ResultModel.model_validate(told | {"actual": _side(result.actual), "uncontrolled": _side(result.uncontrolled)})


def flat(row: ResultModel) -> dict[str, object]:
    """Return a result as one row of a table."""
    plain = row.model_dump(mode="json", exclude={"actual", "uncontrolled"})
    sides = (("", row.actual), ("uncontrolled_", row.uncontrolled))
    return plain | {f"{prefix}{name}": value for prefix, side in sides for name, value in side.model_dump().items()}


def expected_view(expected: Expected) -> ExpectedModel:
    """Return a forecast of load and sun with its bands."""
    outlook = expected.outlook
    return ExpectedModel(
        made_at=expected.made_at,
        starts=list(outlook.grid.starts),
        step_h=[round(float(h), 6) for h in outlook.grid.step_h],
        load=_band(outlook.load_kw),
        pv=_band(outlook.pv_kw),
        notes=list(outlook.notes),
    )


def scores_view(scores: Iterable[ForecastScore], time_zone: str) -> list[ScoreModel]:
    """Return the scores of each signal summed over each local day."""
    days: dict[tuple[str, date], list[ForecastScore]] = defaultdict(list)
    for score in scores:
        days[score.signal, score.at.astimezone(ZoneInfo(time_zone)).date()].append(score)
    return [_score(signal, day, told) for (signal, day), told in sorted(days.items()) if any(s.n for s in told)]


def _score(signal: str, day: date, scores: Sequence[ForecastScore]) -> ScoreModel:
    did = standing(signal, scores, now=scores[-1].at, in_use=True)
    skill = None if did.skill is None else tidy(did.skill)
    return ScoreModel(signal=signal, day=day, n=did.n, coverage80=tidy(did.coverage80 or 0.0), skill=skill)


def _band(values: Array) -> BandModel:
    return BandModel(low=series(values[LOW]), median=series(values[MEDIAN]), high=series(values[HIGH]))


def _side(side: Side) -> SideModel:
    told = {name: None if value is None else tidy(value) for name, value in asdict(side).items()}
    return SideModel.model_validate(told | {"cost": tidy(side.cost)})
