"""Forecast models, how they do, and what drivers asked for."""

import sqlalchemy as sa
from alembic import op

from adapters.store.tables import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create one row a trained set of models, one a scored forecast; visits tell what was asked for."""
    op.create_table(
        "models",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("trained_at", Instant, nullable=False),
        sa.Column("schema", sa.Integer, nullable=False),
        sa.Column("said", sa.String, nullable=False),
        sa.Column("models", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "scores",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("signal", sa.String, nullable=False),
        sa.Column("at", Instant, nullable=False, index=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("inside", sa.Float, nullable=False),
        sa.Column("loss", sa.Float, nullable=False),
        sa.Column("baseline_loss", sa.Float, nullable=False),
    )
    op.add_column("visits", sa.Column("requested_kwh", sa.Float))
