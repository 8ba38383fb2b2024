"""The model's data symbols: name → index sets.

U units, T steps, C circuits, F circuits with phase rows, P phases, S sticky steps, J cycle depths, W spans with a discharge cap,
K events, R reserves; units come first, steps last.

A symbol whose first set is U is per unit. `optimizer.data` computes all of them; a limit that idling keeps is a hard bound
(``…_cap``), one that idling breaks is a soft row, and a soft row that is not needed has an infinite right-hand side.
"""

SYMBOLS: dict[str, tuple[str, ...]] = {
    # grid
    "step_h": ("T",),
    "start_h": ("T",),
    # storages
    "charge_max_kw": ("U", "T"),
    "discharge_max_kw": ("U", "T"),
    "energy_floor_kwh": ("U", "T"),
    "energy_ceiling_kwh": ("U", "T"),
    "soft_energy_min_kwh": ("U", "T"),
    "soft_energy_max_kwh": ("U", "T"),
    "initial_energy_kwh": ("U",),
    "charge_efficiency": ("U",),
    "discharge_efficiency": ("U",),
    "drain_kwh": ("U", "T"),
    "wear_cost_per_kwh": ("U",),
    "priority": ("U",),
    "promised_kwh": ("U", "T"),
    "early_target_kwh": ("U", "T"),
    "early_price_per_kwh": ("U", "T"),
    "terminal_value_per_kwh": ("U",),
    "previous_min_kw": ("U", "S"),
    "previous_max_kw": ("U", "S"),
    # network
    "at_circuit": ("U", "C"),
    "below_phase": ("U", "F", "P"),
    "fixed_kw": ("C", "T"),
    "import_cap_kw": ("C", "T"),
    "export_cap_kw": ("C", "T"),
    "soft_import_kw": ("C", "T"),
    "soft_export_kw": ("C", "T"),
    "phase_fixed_kw": ("F", "T"),
    "phase_import_cap_kw": ("F", "P", "T"),
    "phase_export_cap_kw": ("F", "P", "T"),
    "soft_phase_import_kw": ("F", "P", "T"),
    "soft_phase_export_kw": ("F", "P", "T"),
    # connection
    "import_price_per_kwh": ("T",),
    "export_price_per_kwh": ("T",),
    "import_max_kw": ("T",),
    "export_max_kw": ("T",),
    "demand_charge_per_kw": (),
    "peak_so_far_kw": (),
    # commitments
    "carbon_price_per_kwh": ("T",),
    "contract_level_kw": (),
    "contract_sunk_kw": (),
    "contract_overage_per_kw": (),
    "contract_block_kw": (),
    "contract_block_price": (),
    "contract_max_blocks": (),
    "contract_may_sink": (),
    "contract_gate": (),
    "follow_min_kw": ("T",),
    "follow_max_kw": ("T",),
    "dispatch_price_per_kwh": (),
    "event_direction": ("K",),
    "event_least_kw": ("K", "T"),
    "event_committed_kw": ("K", "T"),
    "event_baseline_kw": ("K", "T"),
    "event_owed_kw": ("K", "T"),
    "event_payment_per_kw": ("K", "T"),
    "event_fine_per_kw": ("K", "T"),
}


def per_unit(name: str) -> bool:
    """Return whether a symbol holds a value, or several, for each unit."""
    return SYMBOLS[name][:1] == ("U",)
