"""What the assets drew, in the station's history; until then it was told as the battery's."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; nothing was counted before."""
    op.add_column("history", sa.Column("asset_kw", sa.Float, nullable=False, server_default="0"))
