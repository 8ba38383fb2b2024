from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from adapters.farm.ledger import Ledger
from tests.adapters.farm.stations import START, outlet, station, stay, v2g_stay
from v2g.site import Battery, Evse

S = START.timestamp()


def ledger(*evses: Evse, **changes: Any) -> Ledger:
    return Ledger(station(*evses, **changes), START)


def note(book: Ledger, after_s: float, step_s: float, power_kw: list[float], **values: float) -> None:
    stored = values.pop("stored_kwh", 30.0)
    around = {"load_kw": 0.0, "pv_kw": 0.0, **values}
    book.add(S + after_s, step_s, power_kw=np.array(power_kw), stored_kwh=np.full(len(power_kw), stored), **around)


def test_quarter_means_and_energies_in_closed_form() -> None:
    book = ledger(outlet("A"), outlet("B"))
    for minute in range(30):
        note(book, 60.0 * minute, 60.0, [10.0, -4.0] if minute < 15 else [0.0, -8.0], load_kw=5.0, pv_kw=2.0)
    o = book.outcome()
    assert o.import_kw == pytest.approx([9.0, 0.0])
    assert o.export_kw == pytest.approx([0.0, 5.0])
    assert o.charge_kw == pytest.approx([10.0, 0.0])
    assert o.discharge_kw == pytest.approx([4.0, 8.0])
    assert (o.energy_charged_kwh, o.energy_discharged_kwh) == pytest.approx((2.5, 3.0))
    assert o.peak_import_kw == pytest.approx(9.0)
    assert o.max_import_kw == pytest.approx(9.0)
    assert o.first_quarter == START
    assert o.end == START + timedelta(minutes=30)


def test_import_and_export_within_one_quarter_do_not_net_out() -> None:
    book = ledger()
    note(book, 0.0, 450.0, [8.0])
    note(book, 450.0, 450.0, [-8.0])
    o = book.outcome()
    assert (o.import_kw[0], o.export_kw[0]) == pytest.approx((4.0, 4.0))


def test_a_quarter_seen_in_part_keeps_its_mean_and_its_energy() -> None:
    book = ledger()
    note(book, 0.0, 300.0, [6.0])
    o = book.outcome()
    assert o.import_kw[0] == pytest.approx(6.0)
    assert o.energy_charged_kwh == pytest.approx(0.5)


def test_batteries_are_not_cars() -> None:
    battery = Battery(battery_id="B", circuit_id="main", capacity_kwh=10.0, charge_max_kw=5.0, discharge_max_kw=5.0)
    book = ledger(outlet(), batteries=(battery,))
    note(book, 0.0, 900.0, [3.0, -5.0])
    o = book.outcome()
    assert (o.charge_kw[0], o.battery_discharge_kw[0], o.export_kw[0]) == pytest.approx((3.0, 5.0, 2.0))


def test_violations_are_counted_in_seconds_and_worst_kw() -> None:
    book = ledger()
    note(book, 0.0, 60.0, [10.0], load_kw=89.0)
    note(book, 60.0, 30.0, [10.0], load_kw=95.0)
    note(book, 90.0, 30.0, [10.0], load_kw=92.0)
    note(book, 120.0, 60.0, [-10.0], pv_kw=45.0)
    o = book.outcome()
    assert o.limit_violation_s == 120.0
    assert o.worst_violation_kw == pytest.approx(5.0)
    assert [(b.name, b.seconds) for b in o.breaches] == [("main", 120.0)]


def test_a_varying_import_limit_counts_at_its_time() -> None:
    book = ledger()
    note(book, 0.0, 60.0, [50.0], import_limit_kw=60.0)
    note(book, 60.0, 60.0, [50.0], import_limit_kw=40.0)
    o = book.outcome()
    assert (o.limit_violation_s, o.worst_violation_kw) == pytest.approx((60.0, 10.0))


def test_discharge_without_consent_and_below_the_floor_are_seen() -> None:
    book = ledger(outlet("A"), outlet("B"))
    book.arrive(0, stay("A"))
    book.arrive(1, v2g_stay("B", soc_floor_frac=0.4))
    note(book, 0.0, 900.0, [-4.0, -4.0], stored_kwh=24.0)
    assert book.outcome().floor_breaches == 0
    note(book, 900.0, 900.0, [-4.0, -4.0], stored_kwh=23.0)
    o = book.outcome()
    assert o.unconsented_kwh == pytest.approx(2.0)
    assert o.floor_breaches == 1


def test_a_car_that_comes_below_its_floor_and_charges_breaks_nothing() -> None:
    book = ledger()
    book.arrive(0, v2g_stay(soc_frac=0.15, soc_floor_frac=0.4))
    note(book, 0.0, 900.0, [4.0], stored_kwh=10.0)
    assert book.outcome().floor_breaches == 0


def test_a_driver_is_unmet_only_for_what_was_possible() -> None:
    book = ledger(outlet("A"), outlet("B"), outlet("C"))
    visits = [stay("A"), stay("B"), stay("C", hours_h=0.5)]
    for unit, visit in enumerate(visits):
        book.arrive(unit, visit)
    book.depart(0, 45.0)
    book.depart(1, 44.0)
    book.depart(2, 35.1)
    o = book.outcome()
    assert [v.unmet for v in o.visits] == [False, True, False]
    assert [v.missing_kwh for v in o.visits] == pytest.approx([0.0, 1.0, 30.0 + 0.5 * 0.95 * 11.04 - 35.1])
    assert o.delivered_kwh == pytest.approx(15.0 + 14.0 + 5.1)
    assert o.delivered_frac == pytest.approx(34.1 / 45.0)


def test_a_v2g_car_that_asked_for_less_than_it_came_with_owes_nothing() -> None:
    book = ledger()
    book.arrive(0, v2g_stay(soc_frac=0.9, energy_kwh=0.0, soc_target_frac=0.5))
    book.depart(0, 31.0)
    (v,) = book.outcome().visits
    assert (v.asked_kwh, v.delivered_kwh, v.missing_kwh) == (0.0, 0.0, 0.0)
    assert v.net_kwh == pytest.approx(-23.0)


def test_a_car_that_is_still_there_counts_for_nothing_yet() -> None:
    book = ledger()
    book.arrive(0, stay())
    note(book, 0.0, 900.0, [4.0], stored_kwh=31.0)
    o = book.outcome()
    assert (o.asked_kwh, o.delivered_frac, o.unmet) == (0.0, 1.0, ())
    assert o.net_kwh == pytest.approx(1.0)


def test_an_outcome_of_nothing_is_empty() -> None:
    o = ledger().outcome()
    assert (len(o.import_kw), o.peak_import_kw, o.limit_violation_s) == (0, 0.0, 0.0)
