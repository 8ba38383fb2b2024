"""A load that no meter told is unknown, not nothing; keys that addresses are made of."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Let a history point's load be unknown; create one row a key."""
    with op.batch_alter_table("history") as table:
        table.alter_column("load_kw", existing_type=sa.Float, nullable=True)
    op.create_table(
        "keys",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
