"""The money at the grid connection: prices, the peak so far, the capacity contract, carbon, dispatch."""

import numpy as np

from v2g.commitments import CapacityContract
from v2g.network import Connection
from v2g.outlook import Outlook
from v2g.record import Memory
from v2g.signals import Signals
from v2g.site import Tariff
from v2g.stating.calls import carbon_of, dispatch_of


def connection_of(tariff: Tariff, outlook: Outlook, signals: Signals, memory: Memory) -> Connection:
    """Return the connection's money on ``outlook.grid``."""
    return Connection(
        import_price_per_kwh=outlook.import_price_per_kwh,
        export_price_per_kwh=outlook.export_price_per_kwh,
        demand_charge_per_kw=tariff.demand_charge_per_kw,
        peak_so_far_kw=max(memory.peak_so_far_kw, outlook.expected_peak_kw),
        contract=contract_of(tariff),
        carbon=carbon_of(signals, outlook.grid, tariff.carbon_price_per_kg),
        dispatch=dispatch_of(signals, outlook.grid),
    )


def contract_of(tariff: Tariff) -> CapacityContract | None:
    """Return the tariff's capacity contract, None if it has none."""
    if not np.isfinite(tariff.contracted_kw):
        return None
    return CapacityContract(
        contracted_kw=tariff.contracted_kw,
        overage_price_per_kw=tariff.overage_price_per_kw,
        block_kw=tariff.block_kw,
        block_price=tariff.block_price,
        max_blocks=tariff.max_blocks,
    )
