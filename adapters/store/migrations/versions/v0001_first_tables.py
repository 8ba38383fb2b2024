"""First tables."""

import sqlalchemy as sa
from alembic import op

from adapters.store.tables import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    create_ticks()
    create_transactions()
    create_signals_and_wishes()
    create_history_and_memory()


def create_ticks() -> None:
    """Create one row a tick: what people look up, and the whole record for replay."""
    op.create_table(
        "ticks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("tick", sa.Integer, nullable=False),
        sa.Column("at", Instant, nullable=False, index=True),
        sa.Column("rung", sa.String, nullable=False, index=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("gap_frac", sa.Float),
        sa.Column("solve_s", sa.Float, nullable=False),
        sa.Column("import_kw", sa.Float),
        sa.Column("import_limit_kw", sa.Float),
        sa.Column("n_setpoints", sa.Integer, nullable=False),
        sa.Column("n_refused", sa.Integer, nullable=False),
        sa.Column("n_alarms", sa.Integer, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
    )


def create_transactions() -> None:
    """Create one row a charging transaction; its facts are unique, so that a repeated begin finds it."""
    op.create_table(
        "transactions",
        sa.Column("transaction_id", sa.Integer, primary_key=True),
        sa.Column("station_id", sa.String, nullable=False),
        sa.Column("connector_id", sa.Integer, nullable=False),
        sa.Column("driver", sa.String, nullable=False),
        sa.Column("meter_start_kwh", sa.Float, nullable=False),
        sa.Column("began_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("meter_stop_kwh", sa.Float),
        sa.Column("end_reason", sa.String),
        sa.UniqueConstraint("station_id", "connector_id", "driver", "meter_start_kwh", "began_at", name="uq_transactions_facts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_transactions_open", "transactions", ["station_id", "ended_at"])


def create_signals_and_wishes() -> None:
    """Create what was published, and what drivers asked for."""
    op.create_table(
        "signals",
        sa.Column("signal_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("issued_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False, index=True),
        sa.Column("withdrawn_at", Instant),
        sa.Column("signal", sa.JSON, nullable=False),
    )
    op.create_table(
        "wishes",
        sa.Column("session_id", sa.String, primary_key=True),
        sa.Column("evse_id", sa.String, nullable=False),
        sa.Column("saved_at", Instant, nullable=False, index=True),
        sa.Column("wishes", sa.JSON, nullable=False),
    )


def create_history_and_memory() -> None:
    """Create the station's power over time, and what one tick hands to the next."""
    op.create_table(
        "history",
        sa.Column("at", Instant, primary_key=True),
        sa.Column("import_kw", sa.Float, nullable=False),
        sa.Column("load_kw", sa.Float, nullable=False),
        sa.Column("pv_kw", sa.Float, nullable=False),
        sa.Column("charge_kw", sa.Float, nullable=False),
        sa.Column("discharge_kw", sa.Float, nullable=False),
        sa.Column("import_limit_kw", sa.Float),
        sa.Column("price_per_kwh", sa.Float, nullable=False),
    )
    op.create_table(
        "memory",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("saved_at", Instant, nullable=False),
        sa.Column("memory", sa.LargeBinary, nullable=False),
    )
