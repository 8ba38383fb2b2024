from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.series.sessions import SessionRow, read_sessions
from v2g.errors import SeriesError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def test_all_columns_are_read_and_rows_come_by_arrival(file: Path) -> None:
    file.write_text(
        "charger,user,plug_in,plug_out,stated_departure,requested_kwh,energy_kwh,claimed\n"
        "B,2,2026-01-01T09:00:00Z,2026-01-01T12:00:00Z,2026-01-01T12:00:00Z,7,7,False\n"
        "A,01,2026-01-01T08:00:00Z,2026-01-01T17:00:00Z,2026-01-01T16:00:00Z,20,14.5,True\n"
        "C,3,2026-01-01T10:00:00Z,2026-01-01T17:00:00Z,,,1,True\n"
    )
    first, second, third = read_sessions(file)
    assert first == SessionRow(
        charger="A",
        user="01",
        plug_in=datetime(2026, 1, 1, 8, tzinfo=UTC),
        plug_out=datetime(2026, 1, 1, 17, tzinfo=UTC),
        stated_departure=datetime(2026, 1, 1, 16, tzinfo=UTC),
        requested_kwh=20.0,
        energy_kwh=14.5,
    )
    assert (second.stated_departure, second.requested_kwh) == (None, None), "what came true was never stated"
    assert (third.stated_departure, third.requested_kwh) == (None, None)


def test_what_is_optional_may_be_missing(file: Path) -> None:
    file.write_text("site,plug_in,plug_out,energy_kwh\nX,2026-01-01T08:00:00Z,2026-01-01T17:00:00Z,3\n")
    (row,) = read_sessions(file)
    assert (row.charger, row.user, row.stated_departure, row.requested_kwh) == ("", "", None, None)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("2026-01-01T08:00:00Z,2026-01-01T08:00:00Z,3", "leaves before it comes"),
        ("2026-01-01T08:00:00Z,2026-01-01T09:00:00Z,-3", "missing or negative"),
        ("2026-01-01T08:00:00Z,2026-01-01T09:00:00Z,", "missing or negative"),
        ("2026-01-01T08:00:00Z,soon,3", "is no timestamp"),
    ],
)
def test_a_bad_session_is_named_with_its_line(file: Path, line: str, wrong: str) -> None:
    file.write_text(f"plug_in,plug_out,energy_kwh\n2026-01-01T08:00:00Z,2026-01-01T17:00:00Z,3\n{line}\n")
    with pytest.raises(SeriesError, match=wrong) as error:
        read_sessions(file)
    assert "line 3" in error.value.place


def test_a_missing_column_is_named(file: Path) -> None:
    file.write_text("plug_in,energy_kwh\n2026-01-01T08:00:00Z,3\n")
    with pytest.raises(SeriesError, match="no column 'plug_out'"):
        read_sessions(file)
