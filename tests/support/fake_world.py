"""A made-up day at a made-up station: who comes, what is drawn, what it costs. Deterministic; good for looking at."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from v2g.assets import Asset, Electrolyser, FlexibleLoad, SwapStation
from v2g.site import Battery, Circuit, Evse, Protocol, PvArray, Site, Tariff, TariffPeriod, UncontrolledLoad
from v2g.timegrid import Array

ASSETS: tuple[Asset, ...] = (
    Electrolyser(asset_id="H2", circuit_id="grid", charge_max_kw=80.0, target_kg_per_day=20.0),
    FlexibleLoad(asset_id="chiller", circuit_id="grid", flex_up_kw=20.0, flex_down_kw=20.0, band_kwh=40.0),
    SwapStation(
        asset_id="swap",
        circuit_id="grid",
        n_packs=12,
        pack_kwh=60.0,
        pack_charge_kw=30.0,
        swaps_per_h=(1.0,) * 24,
        service_frac=0.9,
    ),
)
STEP_S = 60
IMPORT_LIMIT_KW = 300.0
PEAK_H = ((3.0, 9.0), (12.0, 14.0))  # UTC: 11:00–17:00 and 20:00–22:00 in Chongqing
VALLEY_H = (16.0, 24.0)


def make_site() -> Site:
    """Return a station with ten OCPP and four bidirectional MQTT outlets, PV, a battery and a building."""
    ocpp = [
        Evse(
            evse_id=f"A{i:02}",
            station_id=f"CP-A{i:02}",
            protocol=Protocol.OCPP16,
            circuit_id="hall",
            charge_max_kw=22.0 if i % 3 else 60.0,
            charge_min_kw=4.2,
        )
        for i in range(1, 11)
    ]
    mqtt = [
        Evse(
            evse_id=f"V{i:02}",
            station_id=f"CP-V{i:02}",
            protocol=Protocol.MQTT,
            circuit_id="v2g",
            charge_max_kw=30.0,
            discharge_max_kw=30.0,
        )
        for i in range(1, 5)
    ]
    return Site(
        site_id="liangjiang",
        name="Liangjiang Energy Station",
        time_zone="Asia/Shanghai",
        currency="CNY",
        circuits=(
            Circuit(circuit_id="grid", import_limit_kw=IMPORT_LIMIT_KW, export_limit_kw=150.0),
            Circuit(circuit_id="hall", parent_id="grid", import_limit_kw=250.0),
            Circuit(circuit_id="v2g", parent_id="grid", import_limit_kw=120.0, export_limit_kw=120.0),
        ),
        evses=(*ocpp, *mqtt),
        tariff=Tariff(
            base_price_per_kwh=0.68,
            periods=(
                TariffPeriod(start_h=11, end_h=17, price_per_kwh=1.09),
                TariffPeriod(start_h=20, end_h=22, price_per_kwh=1.09),
                TariffPeriod(start_h=0, end_h=8, price_per_kwh=0.27),
            ),
            export_share=0.9,
        ),
        batteries=(
            Battery(battery_id="second-life", circuit_id="grid", capacity_kwh=120.0, charge_max_kw=40.0, discharge_max_kw=40.0),
        ),
        pv=(PvArray(pv_id="roof", circuit_id="grid", peak_kw=90.0, latitude_deg=29.6, longitude_deg=106.5),),
        loads=(UncontrolledLoad(circuit_id="grid", base_kw=35.0, peak_kw=130.0),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A car's stay, in steps from the world's start."""

    evse: int
    arrives: int
    leaves: int
    capacity_kwh: float
    arrival_frac: float
    target_frac: float
    consents: bool


class World:
    """Two days before `start` to two days after it, minute by minute; arrays are (n_steps,) or (n_evses, n_steps).

    With `assets` they draw `asset_kw` all the time, by name, and the array is curtailable.
    """

    def __init__(self, start: datetime, *, seed: int = 7, assets: tuple[Asset, ...] = (), batteries: bool = True) -> None:
        site = make_site()
        pv = tuple(replace(array, curtailable=bool(assets)) for array in site.pv)
        self.site = replace(site, assets=assets, pv=pv, batteries=site.batteries if batteries else ())
        self.asset_kw = {asset.asset_id: kw for asset, kw in zip(assets, (50.0, -12.0, 30.0), strict=False)}
        self.stored_kwh = {asset.asset_id: kwh for asset, kwh in zip(assets, (200.0, -14.0, 460.0), strict=False)}
        self.origin = start.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
        self.n_steps = 5 * 86400 // STEP_S
        self.hour = (np.arange(self.n_steps) * STEP_S / 3600.0) % 24.0
        rng = np.random.default_rng(seed)
        local_h = (self.hour + 8.0) % 24.0
        wobble = np.convolve(rng.normal(0, 1, self.n_steps), np.ones(20) / 20, mode="same")
        workday = np.exp(-(((local_h - 14.0) / 4.5) ** 2))
        self.load_kw = 42.0 + 66.0 * workday + 7.0 * wobble
        clouds = 1.0 - 0.35 * np.clip(np.convolve(rng.normal(0, 3, self.n_steps), np.ones(45) / 45, mode="same"), 0, 1)
        self.pv_kw = 84.0 * np.clip(np.sin((local_h - 6.5) / 12.0 * np.pi), 0, None) ** 1.3 * clouds * (local_h < 18.5)
        self.price_per_kwh = np.array([price_at(h) for h in self.hour])
        self.visits = self._visits(rng)
        self.power_kw = np.zeros((len(self.site.evses), self.n_steps))
        self.soc_frac = np.full((len(self.site.evses), self.n_steps), np.nan)
        self.battery_kw = batteries * np.where(self.price_per_kwh < 0.5, 12.0, np.where(self.price_per_kwh > 1.0, -18.0, 0.0))
        self._drive()

    def step_of(self, instant: datetime) -> int:
        """Return the step that contains `instant`, kept inside the world."""
        return int(np.clip((instant - self.origin).total_seconds() // STEP_S, 0, self.n_steps - 1))

    def instant_of(self, step: int) -> datetime:
        """Return when a step begins."""
        return self.origin + timedelta(seconds=step * STEP_S)

    def visit_at(self, evse: int, step: int) -> Visit | None:
        """Return who stands at an outlet in a step."""
        return next((v for v in self.visits if v.evse == evse and v.arrives <= step < v.leaves), None)

    def import_kw(self) -> Array:
        """Return the net power at the connection, (n_steps,)."""
        return self.load_kw - self.pv_kw + self.battery_kw + self.power_kw.sum(axis=0) + sum(self.asset_kw.values())

    def _visits(self, rng: np.random.Generator) -> tuple[Visit, ...]:
        visits = []
        for evse, outlet in enumerate(self.site.evses):
            step = int(rng.integers(0, 240))
            while step < self.n_steps - 300:
                stay = int(rng.integers(150, 620) if outlet.charge_max_kw < 50 else rng.integers(80, 150))
                visits.append(
                    Visit(
                        evse=evse,
                        arrives=step,
                        leaves=step + stay,
                        capacity_kwh=float(rng.choice([52.0, 64.0, 77.0, 90.0])),
                        arrival_frac=float(rng.uniform(0.18, 0.55)),
                        target_frac=float(rng.choice([0.8, 0.8, 0.9, 1.0])),
                        consents=outlet.discharge_max_kw > 0 and bool(rng.random() < 0.9),
                    )
                )
                step += stay + int(rng.integers(20, 200))
        return tuple(visits)

    def _drive(self) -> None:
        """Charge when it is cheap or due, give back when it is dear, all under the limit; minute by minute."""
        step_h = STEP_S / 3600.0
        energy = {id(v): v.capacity_kwh * v.arrival_frac for v in self.visits}
        for step in range(self.n_steps):
            here = [v for v in self.visits if v.arrives <= step < v.leaves]
            wanted = [self._wanted_kw(v, energy[id(v)], step) for v in here]
            room = IMPORT_LIMIT_KW * 0.95 - self.load_kw[step] + self.pv_kw[step] - self.battery_kw[step]
            asked = sum(max(kw, 0.0) for kw in wanted)
            scale = min(1.0, max(room, 0.0) / asked) if asked else 1.0
            for visit, kw in zip(here, wanted, strict=True):
                power = kw * scale if kw > 0 else kw
                energy[id(visit)] += power * step_h * (0.95 if power > 0 else 1 / 0.95)
                self.power_kw[visit.evse, step] = power
                self.soc_frac[visit.evse, step] = energy[id(visit)] / visit.capacity_kwh

    def _wanted_kw(self, visit: Visit, energy_kwh: float, step: int) -> float:
        outlet = self.site.evses[visit.evse]
        missing = visit.target_frac * visit.capacity_kwh - energy_kwh
        left_h = (visit.leaves - step) * STEP_S / 3600.0
        taper = 1.0 if energy_kwh / visit.capacity_kwh < 0.8 else 0.45
        urgent = missing > 0.4 * max(left_h - 0.6, 0.0) * outlet.charge_max_kw * 0.95 * taper
        price = self.price_per_kwh[step]
        if missing > 0 and (urgent or price < 0.7):
            return outlet.charge_max_kw * taper
        if visit.consents and price > 1.0 and energy_kwh > 0.35 * visit.capacity_kwh and left_h > 1.5:
            return -0.6 * outlet.discharge_max_kw
        return 0.3 * outlet.charge_max_kw if missing > 0 and price > 1.0 and not visit.consents else 0.0


def price_at(hour_utc: float) -> float:
    """Return Chongqing's illustrative tariff at an hour of the UTC day [CNY/kWh]."""
    if any(low <= hour_utc < high for low, high in PEAK_H):
        return 1.09
    return 0.27 if VALLEY_H[0] <= hour_utc < VALLEY_H[1] else 0.68
