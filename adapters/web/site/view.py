"""The station as its site file describes it, as the API tells it."""

from dataclasses import asdict

from adapters.web.figures import limit, tidy
from adapters.web.site.models import (
    BoundsModel,
    CircuitFacts,
    EvseFacts,
    RulesFacts,
    SignalFacts,
    SiteModel,
    TariffFacts,
    TariffPeriodFacts,
)
from v2g.network import N_PHASES
from v2g.signal_bounds import contract_bounds, unit_of, value_bounds
from v2g.signals import SignalKind
from v2g.site import Circuit, Evse, Site, Tariff


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
        phase_limit_a=limit(circuit.phase_limit_a),
        phases_kw=limit(N_PHASES * circuit.voltage_v * circuit.phase_limit_a / 1000.0),
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
