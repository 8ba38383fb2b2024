"""The benchmark's figures on real sessions, where the development series are at hand."""

import pytest

from benchmarks.forecast_fleet import DATA, SOURCES, fleet_figures

CALTECH = SOURCES["caltech"].file


def test_files_that_are_not_there_are_left_out() -> None:
    assert fleet_figures(DATA / "nowhere") == {}


@pytest.mark.skipif(not (DATA / f"{CALTECH}.csv.gz").exists(), reason="the development series are not here")
def test_real_stays_and_energies_are_foretold_better_than_by_the_reference() -> None:
    figures = fleet_figures(names=("caltech",))[CALTECH]
    for key in ("stay_mae_h", "stay_crps", "energy_mae_kwh", "energy_crps"):
        assert figures[key] < figures["reference"][key]
    for covered in (figures["stay_coverage80"], figures["energy_coverage80"], figures["still_here"]["4h"]["coverage80"]):
        assert 0.75 <= covered <= 0.86
