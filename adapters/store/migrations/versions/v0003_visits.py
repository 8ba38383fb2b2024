"""Visits that ended, for forecasts to start from."""

import sqlalchemy as sa
from alembic import op

from adapters.store.tables import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create one row a visit that ended."""
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("driver", sa.String, nullable=False),
        sa.Column("plugged_in_at", Instant, nullable=False),
        sa.Column("left_at", Instant, nullable=False, index=True),
        sa.Column("stated", Instant),
        sa.Column("energy_kwh", sa.Float),
    )
