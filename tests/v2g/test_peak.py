from dataclasses import replace
from datetime import timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_site, an_outlook
from v2g.peak import rest_kw, target_kw
from v2g.plan import Plan
from v2g.record import Memory, QuarterHour
from v2g.remembering import sent
from v2g.setpoint import Applied, DispatchReport, Rejected, Setpoint
from v2g.site import Site, Tariff


def charged(site: Site) -> Site:
    return replace(site, tariff=Tariff(base_price_per_kwh=0.5, demand_charge_per_kw=8.0))


def a_plan(site: Site, import_kw: float) -> Plan:
    outlook = an_outlook(site)
    flat = 0.0 * outlook.import_price_per_kwh
    return Plan(
        made_at=NOW,
        grid=outlook.grid,
        unit_ids=(),
        power_kw=flat.reshape(1, -1)[:0],
        energy_kwh=flat.reshape(1, -1)[:0],
        import_kw=flat + import_kw,
        export_kw=flat,
        fixed_kw=flat,
        import_limit_kw=flat,
        import_price_per_kwh=flat,
        export_price_per_kwh=flat,
        why=(),
        rung="optimal",  # type: ignore[arg-type]  # nobody looks
        reason="",
        gap_frac=None,
        terms=(),
        solve_s=0.0,
    )


def test_the_rest_makes_up_for_what_was_too_much_and_uses_what_was_left() -> None:
    after = NOW + timedelta(minutes=5)
    assert rest_kw(QuarterHour(seen_s=300.0, energy_kws=300.0 * 500.0), after, 450.0) == pytest.approx(425.0)
    assert rest_kw(QuarterHour(seen_s=300.0, energy_kws=300.0 * 400.0), after, 450.0) == pytest.approx(475.0)
    assert rest_kw(QuarterHour(), after, 450.0) == 450.0  # seconds that nobody saw are taken to be at the target
    assert rest_kw(QuarterHour(), NOW, inf) == inf


@given(st.integers(0, 840), st.floats(0, 900), st.floats(0, 600))
def test_drawing_the_rest_brings_the_mean_to_the_target(passed_s: int, seen_kw: float, target: float) -> None:
    quarter = QuarterHour(seen_s=passed_s, energy_kws=passed_s * seen_kw)
    rest = rest_kw(quarter, NOW + timedelta(seconds=passed_s), target)
    assert (passed_s * seen_kw + (900 - passed_s) * rest) / 900 == pytest.approx(target, abs=1e-9)


def test_in_the_last_minute_nothing_wild_is_asked() -> None:
    late = NOW + timedelta(seconds=899)
    assert rest_kw(QuarterHour(seen_s=899.0, energy_kws=899.0 * 460.0), late, 450.0) == pytest.approx(450.0 - 8990.0 / 60.0)


def test_the_target_is_what_is_free_or_was_reached_or_will_be_anyway_and_else_the_plans_own() -> None:
    site = charged(a_site(1))
    outlook = an_outlook(site)
    expecting = replace(outlook, expected_peak_kw=40.0)
    assert target_kw(site, Memory(peak_so_far_kw=30.0), expecting, a_plan(site, 90.0)) == 40.0
    assert target_kw(site, Memory(peak_so_far_kw=50.0), expecting, a_plan(site, 90.0)) == 50.0
    assert target_kw(site, Memory(peak_so_far_kw=30.0), outlook, a_plan(site, 90.0)) == 90.0
    assert target_kw(site, Memory(), outlook, None) == inf
    assert target_kw(a_site(1), Memory(), outlook, a_plan(site, 90.0)) == inf
    contracted = replace(site, tariff=Tariff(base_price_per_kwh=0.5, contracted_kw=60.0, overage_price_per_kw=5.0))
    assert target_kw(contracted, Memory(), expecting, a_plan(site, 9.0)) == 60.0


def test_what_flows_from_now_on_is_what_was_read_and_what_was_changed_since() -> None:
    def told(unit: str, power_kw: float) -> Setpoint:
        return Setpoint(unit_id=unit, power_kw=power_kw, valid_until=NOW)

    memory = Memory(quarter=QuarterHour(last_at=NOW, last_kw=30.0))
    outcomes = (Applied(setpoint=told("A", -7.0), at=NOW), Rejected(setpoint=told("B", 9.0), reason="no"))
    after = sent(memory, DispatchReport(outcomes=outcomes), {"A": 5.0, "B": None}, NOW)
    assert after.quarter.last_kw == 18.0
    lower = sent(memory, DispatchReport(outcomes=(Applied(setpoint=told("A", -70.0), at=NOW),)), {}, NOW)
    assert lower.quarter.last_kw == 0.0  # what flows out is no import
