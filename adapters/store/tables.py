"""The tables. A change here needs a migration beside it; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite, which knows no time zones, keeps it as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` in UTC, without its zone where the database cannot keep one."""
        if value is None:
            return None
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what was read as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData()

ticks = Table(
    "ticks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tick", Integer, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("rung", String, nullable=False, index=True),
    Column("reason", String, nullable=False),
    Column("gap_frac", Float),
    Column("solve_s", Float, nullable=False),
    Column("import_kw", Float),
    Column("import_limit_kw", Float),
    Column("n_setpoints", Integer, nullable=False),
    Column("n_refused", Integer, nullable=False),
    Column("n_alarms", Integer, nullable=False),
    Column("record", LargeBinary, nullable=False),
)

transactions = Table(
    "transactions",
    metadata,
    Column("transaction_id", Integer, primary_key=True),
    Column("station_id", String, nullable=False),
    Column("connector_id", Integer, nullable=False),
    Column("driver", String, nullable=False),
    Column("meter_start_kwh", Float, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("meter_stop_kwh", Float),
    Column("end_reason", String),
    Column("reference", String, nullable=False, server_default=""),
    UniqueConstraint(
        "station_id", "connector_id", "driver", "meter_start_kwh", "began_at", "reference", name="uq_transactions_facts"
    ),
    Index("ix_transactions_reference", "station_id", "reference"),
    Index("ix_transactions_open", "station_id", "ended_at"),
    sqlite_autoincrement=True,  # an id is never given twice
)

signals = Table(
    "signals",
    metadata,
    Column("signal_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("source", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("withdrawn_at", Instant),
    Column("signal", JSON, nullable=False),
    Column("published_by", String, nullable=False, server_default=""),
    Column("withdrawn_by", String, nullable=False, server_default=""),
)

wishes = Table(
    "wishes",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("evse_id", String, nullable=False),
    Column("saved_at", Instant, nullable=False, index=True),
    Column("wishes", JSON, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("at", Instant, primary_key=True),
    Column("import_kw", Float, nullable=False),
    Column("load_kw", Float),
    Column("pv_kw", Float, nullable=False),
    Column("charge_kw", Float, nullable=False),
    Column("discharge_kw", Float, nullable=False),
    Column("import_limit_kw", Float),
    Column("price_per_kwh", Float, nullable=False),
    Column("asset_kw", Float, nullable=False, server_default="0"),
)

visits = Table(
    "visits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("driver", String, nullable=False),
    Column("plugged_in_at", Instant, nullable=False),
    Column("left_at", Instant, nullable=False, index=True),
    Column("stated", Instant),
    Column("energy_kwh", Float),
    Column("requested_kwh", Float),
)

memory = Table(
    "memory",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("saved_at", Instant, nullable=False),
    Column("memory", LargeBinary, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trained_at", Instant, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("said", String, nullable=False),
    Column("models", LargeBinary, nullable=False),
)

scores = Table(
    "scores",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("signal", String, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("n", Integer, nullable=False),
    Column("inside", Float, nullable=False),
    Column("loss", Float, nullable=False),
    Column("baseline_loss", Float, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", String, nullable=False, index=True),
    Column("entry", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

taken = Table(
    "taken",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("password_hash", String),
    Column("link_hash", String(64), unique=True),
    Column("link_until", Instant),
)

logins = Table(
    "logins",
    metadata,
    Column("session_hash", String(64), primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False, index=True),
)

machines = Table(
    "machines",
    metadata,
    Column("machine_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("rights", JSON, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String, nullable=False),
    Column("until", Instant, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("name", String, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

overrides = Table(
    "overrides",
    metadata,
    Column("override_id", String, primary_key=True),
    Column("evse_id", String, nullable=False, index=True),
    Column("issued_at", Instant, nullable=False, index=True),
    Column("until", Instant, nullable=False, index=True),
    Column("ended_at", Instant),
    Column("ended_by", String, nullable=False, server_default=""),
    Column("override", JSON, nullable=False),
)

openadr_objects = Table(
    "openadr_objects",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("object_id", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("body", JSON, nullable=False),
)
