"""The names that chargers give their transactions (OCPP 2.0.1 and later)."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

FACTS = ["station_id", "connector_id", "driver", "meter_start_kwh", "began_at"]


def upgrade() -> None:
    """Keep each transaction's reference, which makes two transactions of the same other facts differ."""
    with op.batch_alter_table("transactions", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("reference", sa.String, nullable=False, server_default=""))
        table.drop_constraint("uq_transactions_facts", type_="unique")
        table.create_unique_constraint("uq_transactions_facts", [*FACTS, "reference"])
        table.create_index("ix_transactions_reference", ["station_id", "reference"])
