"""Forecast models and how they do, as rows. Every function runs in the database thread, inside a transaction."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from adapters.store.tables import history, models, scores
from v2g.standing import ForecastScore
from v2g.timegrid import Array

VERSIONS = 5
"""So many sets of models are kept, the latest."""
SCORE_COLUMNS = [scores.c[field.name] for field in fields(ForecastScore)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptModels:
    """A trained set of models, packed, and its version, which only grows; `said` is what it was learnt from, for people."""

    version: int
    trained_at: datetime
    said: str
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptPast:
    """History points as columns, (n,): instants [s since 1970 UTC], load and PV [kW], price [currency/kWh].

    A load that was not measured is NaN.
    """

    at_s: Array
    load_kw: Array
    pv_kw: Array
    price_per_kwh: Array


def save_models(connection: Connection, *, trained_at: datetime, schema: int, said: str, packed: bytes) -> int:
    """Add a set of models and return its version; drop all but the latest `VERSIONS`."""
    row = {"trained_at": trained_at, "schema": schema, "said": said, "models": packed}
    version = int(connection.execute(insert(models).values(row).returning(models.c.id)).scalar_one())
    connection.execute(delete(models).where(models.c.id <= version - VERSIONS))
    return version


def read_models(connection: Connection, schema: int) -> tuple[KeptModels, ...]:
    """Return the sets of models of a schema, the latest first."""
    m = models.c
    rows = connection.execute(select(m.id, m.trained_at, m.said, m.models).where(m.schema == schema).order_by(m.id.desc()))
    return tuple(KeptModels(version=row[0], trained_at=row[1], said=row[2], packed=row[3]) for row in rows)


def save_score(connection: Connection, score: ForecastScore, keep: timedelta) -> None:
    """Add a score; drop those older than `keep`."""
    connection.execute(delete(scores).where(scores.c.at < score.at - keep))
    connection.execute(insert(scores).values({column.name: getattr(score, column.name) for column in SCORE_COLUMNS}))


def read_scores(connection: Connection, since: datetime) -> tuple[ForecastScore, ...]:
    """Return the scores from `since` on, oldest first."""
    query = select(*SCORE_COLUMNS).where(scores.c.at >= since).order_by(scores.c.at, scores.c.id)
    return tuple(ForecastScore(**row) for row in connection.execute(query).mappings())


def read_past(connection: Connection, since: datetime, until: datetime) -> KeptPast:
    """Return the history points in [since, until), oldest first."""
    h = history.c
    query = select(h.at, h.load_kw, h.pv_kw, h.price_per_kwh).where(h.at >= since, h.at < until).order_by(h.at)
    rows = connection.execute(query).all()
    values = np.array([[at.timestamp(), *told] for at, *told in rows], dtype=np.float64).reshape(-1, 4).T
    return KeptPast(at_s=values[0], load_kw=values[1], pv_kw=values[2], price_per_kwh=values[3])
