"""Controllable parts of an integrated energy station that are neither car outlets nor batteries. Values only.

Each is a storage to the planner, is spoken to like a battery and tells an `AssetState`. A new kind needs: a value here and in
`Asset`, a file in `v2g.stating`, a case in `v2g.stating.assets` and `v2g.bounds`, one in `config.site.assets_file`, and its physics
in `adapters.farm.assets`.
"""

from dataclasses import dataclass
from typing import ClassVar

from v2g.storages import StorageKind

HYDROGEN_KWH_PER_KG = 33.33
"""Lower heating value of hydrogen, 119.96 MJ/kg: ISO/TR 15916."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Electrolyser:
    """Makes hydrogen: draws `charge_min_kw`..`charge_max_kw` at the AC side, or nothing; off when it hears nothing.

    `efficiency` is the hydrogen's heating value (LHV) per AC energy at rated power; its power may change by `ramp_kw_per_h` in an
    hour (0 = at will). `target_kg_per_day` is due at the site's midnight; a kWh of it missing weighs `priority` beside a kWh
    missing to a driver.
    """

    kind: ClassVar[StorageKind] = StorageKind.ELECTROLYSER
    asset_id: str
    circuit_id: str
    charge_max_kw: float
    charge_min_kw: float = 0.0
    efficiency: float = 0.6
    ramp_kw_per_h: float = 0.0
    target_kg_per_day: float = 0.0
    priority: float = 1.0

    @property
    def target_kwh_per_day(self) -> float:
        """The daily target as heating value."""
        return self.target_kg_per_day * HYDROGEN_KWH_PER_KG


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleLoad:
    """A part of the building's load that may run ahead of or behind its baseline; at its baseline when it hears nothing.

    The baseline is in the uncontrolled load; power here is what it draws more (+) or less (−) than that. `flex_up_kw` and
    `flex_down_kw` bound it [kW, ≥ 0], `band_kwh` how far its comfort or process lets it be ahead, or behind; by the site's
    midnight it is behind no more. Of what it draws more, `efficiency` counts; `drain_kw` is what its buffer loses by itself.
    """

    kind: ClassVar[StorageKind] = StorageKind.FLEXIBLE_LOAD
    asset_id: str
    circuit_id: str
    flex_up_kw: float
    flex_down_kw: float
    band_kwh: float
    efficiency: float = 1.0
    drain_kw: float = 0.0
    priority: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapStation:
    """Packs for cars that leave an empty one and take a full one; nothing flows when it hears nothing.

    Each of `n_packs` packs of `pack_kwh` stands at a charger of `pack_charge_kw`, which may give back `pack_discharge_kw` [kW, AC
    side]. Cars bring packs at `returned_frac` and come `swaps_per_h` in each of the 24 local hours of a day, with a variance of
    `variance_factor` times the mean; a full pack is ready for a share `service_frac` of them.
    """

    kind: ClassVar[StorageKind] = StorageKind.SWAP
    asset_id: str
    circuit_id: str
    n_packs: int
    pack_kwh: float
    pack_charge_kw: float
    swaps_per_h: tuple[float, ...]
    pack_discharge_kw: float = 0.0
    efficiency: float = 0.95
    returned_frac: float = 0.25
    variance_factor: float = 1.5
    service_frac: float = 0.95
    wear_cost_per_kwh: float = 0.04

    @property
    def charge_max_kw(self) -> float:
        """All chargers together [kW]."""
        return self.n_packs * self.pack_charge_kw

    @property
    def discharge_max_kw(self) -> float:
        """What all chargers together may give back [kW]."""
        return self.n_packs * self.pack_discharge_kw

    @property
    def refill_h(self) -> float:
        """How long a returned pack takes to be full [h]."""
        return (1.0 - self.returned_frac) * self.pack_kwh / (self.pack_charge_kw * self.efficiency)


Asset = Electrolyser | FlexibleLoad | SwapStation
