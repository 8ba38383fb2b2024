"""Who may do what: people, their logins, machines; what people ordered outlets to do; who published and withdrew signals."""

import sqlalchemy as sa
from alembic import op

from adapters.store.tables import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create one row a person, a login, a machine, an override."""
    for name in ("published_by", "withdrawn_by"):
        op.add_column("signals", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.create_table(
        "people",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("password_hash", sa.String),
        sa.Column("link_hash", sa.String(64), unique=True),
        sa.Column("link_until", Instant),
    )
    op.create_table(
        "logins",
        sa.Column("session_hash", sa.String(64), primary_key=True),
        sa.Column("name", sa.String, nullable=False, index=True),
        sa.Column("since", Instant, nullable=False),
        sa.Column("until", Instant, nullable=False, index=True),
    )
    op.create_table(
        "machines",
        sa.Column("machine_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("rights", sa.JSON, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("until", Instant, nullable=False),
    )
    op.create_table(
        "overrides",
        sa.Column("override_id", sa.String, primary_key=True),
        sa.Column("evse_id", sa.String, nullable=False, index=True),
        sa.Column("issued_at", Instant, nullable=False, index=True),
        sa.Column("until", Instant, nullable=False, index=True),
        sa.Column("ended_at", Instant),
        sa.Column("ended_by", sa.String, nullable=False, server_default=""),
        sa.Column("override", sa.JSON, nullable=False),
    )
