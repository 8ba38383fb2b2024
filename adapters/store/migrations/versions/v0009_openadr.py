"""What grid operators publish through OpenADR: every version of every object, also that one is gone."""

import sqlalchemy as sa
from alembic import op

from adapters.store.tables import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create one row a version of an object."""
    op.create_table(
        "openadr_objects",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("object_id", sa.String, nullable=False, index=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("client_id", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
