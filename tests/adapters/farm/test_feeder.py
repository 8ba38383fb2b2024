import numpy as np
import pytest

from adapters.farm.feeder import Feeder, Rows
from tests.adapters.farm.stations import outlet, station
from v2g.site import Battery, Circuit, PvArray, UncontrolledLoad

TREE = (
    Circuit(circuit_id="main", import_limit_kw=100.0, export_limit_kw=40.0),
    Circuit(circuit_id="garage", parent_id="main", phase_limit_a=100.0),
)
BATTERY = Battery(battery_id="B", circuit_id="main", capacity_kwh=10.0, charge_max_kw=5.0, discharge_max_kw=5.0)


def test_rows_sum_what_hangs_below_and_split_phases() -> None:
    site = station(
        outlet("A", circuit_id="garage"), outlet("B", circuit_id="garage", phases=(2,)), circuits=TREE, batteries=(BATTERY,)
    )
    feeder = Feeder(site)
    assert feeder.names == ("main", "garage", "garage/L1", "garage/L2", "garage/L3")
    assert feeder.net_kw(np.array([9.0, 4.0, -2.0]), 0.0, 0.0).tolist() == [11.0, 13.0, 3.0, 7.0, 3.0]
    assert feeder.import_limit_kw[2:] == pytest.approx([23.0] * 3)


def test_load_and_pv_lie_where_the_site_file_says_in_the_share_of_their_peaks() -> None:
    site = station(
        circuits=TREE,
        loads=(UncontrolledLoad(circuit_id="main", peak_kw=30.0), UncontrolledLoad(circuit_id="garage", peak_kw=10.0)),
        pv=(PvArray(pv_id="roof", circuit_id="garage", peak_kw=20.0, latitude_deg=29.0, longitude_deg=106.0),),
    )
    net = Feeder(site).net_kw(np.zeros(1), 20.0, 3.0)
    assert net == pytest.approx([17.0, 2.0, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0])


def test_without_a_named_load_it_lies_at_the_connection_and_a_varying_limit_cuts_only_there() -> None:
    feeder = Feeder(station(circuits=TREE))
    assert feeder.net_kw(np.zeros(1), 5.0, 0.0).tolist() == [5.0, 0.0, 0.0, 0.0, 0.0]
    limits, _ = feeder.limits_kw(60.0)
    assert limits[:2].tolist() == [60.0, np.inf]
    assert feeder.limits_kw(500.0)[0][0] == 100.0


def test_rows_sum_as_their_matrix_does() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.choice([0.0, 1.0 / 3.0, 1.0], size=(4, 5))[:, rng.integers(5, size=60)]
    values = rng.normal(size=60)
    assert Rows(matrix).sums(values) == pytest.approx(matrix @ values)
