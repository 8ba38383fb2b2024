"""The station as its site file describes it, its signals and its past, as the API tells them."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise

from adapters.web.models import (
    BoundsModel,
    CircuitFacts,
    EvseFacts,
    HistoryModel,
    RulesFacts,
    SignalFacts,
    SiteModel,
    TariffFacts,
    TariffPeriodFacts,
)
from adapters.web.readings import limit, tidy
from adapters.web.signal_models import ContractModel, IntervalModel, SignalModel
from v2g.signal_bounds import contract_bounds, unit_of, value_bounds
from v2g.signals import Signal, SignalKind
from v2g.site import Circuit, Evse, Site, Tariff
from v2g.station import HistoryPoint


def site_view(site: Site) -> SiteModel:
    """Return what does not change while the daemon runs."""
    return SiteModel(
        site_id=site.site_id,
        name=site.name,
        time_zone=site.time_zone,
        currency=site.currency,
        circuits=[_circuit_view(circuit) for circuit in site.circuits],
        evses=[_evse_view(evse) for evse in site.evses],
        battery_ids=[battery.battery_id for battery in site.batteries],
        asset_ids=list(site.asset_ids),
        pv_peak_kw=sum(array.peak_kw for array in site.pv),
        signals=[_signal_facts(kind, site) for kind in SignalKind],
        tariff=_tariff_facts(site.tariff),
        rules=RulesFacts.model_validate({name: getattr(site.rules, name) for name in RulesFacts.model_fields}),
        tick_s=site.horizon.tick_s,
        stale_after_s=site.rules.stale_after_s,
    )


def signal_view(signal: Signal, currency: str) -> SignalModel:
    """Return one published curve."""
    return SignalModel(
        signal_id=signal.signal_id,
        kind=signal.kind,
        unit=unit_of(signal.kind, currency),
        source=signal.source,
        issued_at=signal.issued_at,
        priority=signal.priority,
        reason=signal.reason,
        intervals=[IntervalModel(start=i.start, end=i.end, value=i.value) for i in signal.intervals],
        contract=ContractModel(**asdict(signal.contract)) if signal.contract else None,
    )


def history_view(points: Sequence[HistoryPoint], *, at_most: int) -> HistoryModel:
    """Return the past as at most `at_most` of its points; of neighbours the one with the highest import stays, so no peak hides."""
    n = len(points)
    bounds = [round(i * n / min(n, at_most)) for i in range(min(n, at_most) + 1)] if n else []
    kept = [max(points[a:b], key=lambda p: p.import_kw) for a, b in pairwise(bounds)]
    return HistoryModel(
        at=[p.at for p in kept],
        import_kw=[tidy(p.import_kw) for p in kept],
        load_kw=[None if p.load_kw is None else tidy(p.load_kw) for p in kept],
        pv_kw=[tidy(p.pv_kw) for p in kept],
        charge_kw=[tidy(p.charge_kw) for p in kept],
        discharge_kw=[tidy(p.discharge_kw) for p in kept],
        asset_kw=[tidy(p.asset_kw) for p in kept],
        import_limit_kw=[limit(p.import_limit_kw) for p in kept],
        price_per_kwh=[tidy(p.price_per_kwh) for p in kept],
    )


def _signal_facts(kind: SignalKind, site: Site) -> SignalFacts:
    least, most = value_bounds(kind, site)
    return SignalFacts(
        kind=kind,
        unit=unit_of(kind, site.currency),
        values=BoundsModel(least=tidy(least), most=tidy(most)),
        contract={name: BoundsModel(least=low, most=tidy(high)) for name, (low, high) in contract_bounds(kind, site).items()},
    )


def _tariff_facts(tariff: Tariff) -> TariffFacts:
    return TariffFacts(
        base_price_per_kwh=tariff.base_price_per_kwh,
        periods=[TariffPeriodFacts(**asdict(period)) for period in tariff.periods],
        export_share=tariff.export_share,
        demand_charge_per_kw=tariff.demand_charge_per_kw,
    )


def _circuit_view(circuit: Circuit) -> CircuitFacts:
    return CircuitFacts(
        circuit_id=circuit.circuit_id,
        parent_id=circuit.parent_id,
        import_limit_kw=limit(circuit.import_limit_kw),
        export_limit_kw=limit(circuit.export_limit_kw),
    )


def _evse_view(evse: Evse) -> EvseFacts:
    return EvseFacts(
        evse_id=evse.evse_id,
        station_id=evse.station_id,
        connector_id=evse.connector_id,
        protocol=evse.protocol,
        circuit_id=evse.circuit_id,
        charge_max_kw=evse.charge_max_kw,
        charge_min_kw=evse.charge_min_kw,
        discharge_max_kw=evse.discharge_max_kw,
    )
