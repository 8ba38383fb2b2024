from pathlib import Path

import numpy as np
import pytest

from adapters.series.series import SeriesKind, read_series
from v2g.errors import SeriesError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


@pytest.mark.parametrize(
    ("column", "kind", "cell", "value", "unit"),
    [
        ("load_kw", "load", 12.5, 12.5, "kW"),
        ("load_mw", "load", 1.25, 1250.0, "kW"),
        ("load_w", "load", 500.0, 0.5, "kW"),
        ("pv_kw", "pv", 3.0, 3.0, "kW"),
        ("price_per_kwh", "price", -0.1, -0.1, "per kWh"),
        ("price_eur_mwh", "price", 80.0, 0.08, "per kWh"),
    ],
)
def test_the_usual_columns_are_found_and_their_units_turned(
    file: Path, column: str, kind: str, cell: float, value: float, unit: str
) -> None:
    file.write_text(f"timestamp,temp_c,{column}\n2026-01-01T00:00:00Z,7,{cell}\n2026-01-01T00:15:00Z,7,{cell}\n")
    series = read_series(file, kind=SeriesKind(kind))
    np.testing.assert_allclose(series.values, value)
    assert (series.name, series.unit, series.step_s, series.path) == (column, unit, 900, str(file))


def test_gaps_of_rows_and_of_cells_are_left_and_rows_may_come_in_any_order(file: Path) -> None:
    file.write_text("t,load_kw\n2026-01-01T04:00:00Z,5\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,\n2026-01-01T02:00:00Z,3\n")
    series = read_series(file, kind=SeriesKind.LOAD)
    np.testing.assert_array_equal(series.values, [1, np.nan, 3, np.nan, 5])
    assert series.times.tolist() == [1767225600 + 3600 * i for i in range(5)]


def test_a_named_column_is_read_instead(file: Path) -> None:
    file.write_text("t,load_kw,hall_kw\n2026-01-01T00:00:00Z,1,9\n")
    assert read_series(file, kind=SeriesKind.LOAD, column="hall_kw").values.tolist() == [9.0]


@pytest.mark.parametrize(
    ("text", "column", "wrong"),
    [
        ("t,power\n2026-01-01T00:00:00Z,1\n", None, "no load column.*name one of power"),
        ("t,power\n2026-01-01T00:00:00Z,1\n", "power", "the unit of column 'power' is not known"),
        ("t,load_kw\n2026-01-01T00:00:00Z,1\n", "hall_kw", "no column 'hall_kw'.*there are t, load_kw"),
        ("t,load_kw\n2026-01-01T00:00:00Z,\n", None, "no values"),
        ("t,load_kw\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,2\n", None, "line 3.*the same instant comes twice"),
        (
            "t,load_kw\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,2\n2026-01-01T02:00:00Z,2\n2026-01-01T02:30:00Z,2\n",
            None,
            "line 5.*does not lie on a step of 3600 s",
        ),
        ("t,load_kw\n0001-01-01T00:00:00Z,1\n9999-01-01T00:00:00Z,2\n", None, "line 2, column 't'.*in no year of ours"),
        (
            "t,load_kw\n2100-01-01T00:00:00Z,1\n2100-01-01T01:00:00Z,2\n2020-01-01T00:00:00Z,2\n2020-01-01T01:00:00Z,2\n",
            None,
            "column 't'.*spans 80.0 years in steps of 3600 s",
        ),
        (
            "t,load_kw\n2020-01-01T00:00:00Z,1\n2020-01-01T00:00:01Z,2\n2020-01-01T00:00:02Z,2\n2021-01-01T00:00:00Z,2\n",
            None,
            "column 't'.*spans 1.0 years in steps of 1 s",
        ),
    ],
)
def test_what_cannot_be_used_says_where_and_what_to_do(file: Path, text: str, column: str | None, wrong: str) -> None:
    file.write_text(text)
    with pytest.raises(SeriesError, match=wrong) as error:
        read_series(file, kind=SeriesKind.LOAD, column=column)
    assert error.value.mend
