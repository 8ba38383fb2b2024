import gzip
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.series.table import read_table
from v2g.errors import SeriesError

GOOD = "timestamp,a,b\n2026-01-01T00:00:00Z,1.5,x\n\n2026-01-01T02:00:00+01:00,,y\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


@pytest.mark.parametrize(
    "pack", [str.encode, lambda text: gzip.compress(text.encode()), lambda text: b"\xef\xbb\xbf" + text.encode()]
)
def test_columns_come_out_of_plain_gzipped_and_marked_files(file: Path, pack: Callable[[str], bytes]) -> None:
    file.write_bytes(pack(GOOD))
    table = read_table(file)
    assert table.columns == ("timestamp", "a", "b")
    assert table.instants("timestamp").tolist() == [1767225600, 1767229200]
    np.testing.assert_array_equal(table.numbers("a"), [1.5, np.nan])
    assert table.text("b") == ["x", "y"]
    assert table.place(1, "a") == f"{file}, line 4, column 'a'"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "this is no CSV table"),
        (b"timestamp,a\n", "the file has no rows"),
        (b"timestamp,a\n\n\n", "the file has no rows"),
        (b"\x1f\x8b broken", "the file cannot be read"),
        (b"timestamp\n\xff\xfe", "the file cannot be read"),
        (b'timestamp,a\n"1,2\n', "this is no CSV table"),
        (b"timestamp,a\n1,2,3\n", "this is no CSV table"),
        (b"timestamp;a\n1;2\n", "there is only one column"),
        (b"timestamp,a,a\n1,2,3\n", "two columns have the same name"),
    ],
)
def test_a_broken_file_says_so(file: Path, content: bytes, wrong: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SeriesError, match=wrong) as error:
        read_table(file)
    assert error.value.place.startswith(str(file))
    assert error.value.mend


def test_a_missing_file_says_so(file: Path) -> None:
    with pytest.raises(SeriesError, match="there is no such file"):
        read_table(file)
    with pytest.raises(SeriesError, match="cannot be read"):
        read_table(file.parent)


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [
        ("2026-01-01T00:00:00", "no time zone"),
        ("2026-01-01 00:00", "no time zone"),
        ("yesterday", "is no timestamp"),
        ("", "is no timestamp"),
        ("2026-02-30T00:00:00Z", "is no date"),
    ],
)
def test_a_bad_instant_is_named_with_its_line(file: Path, cell: str, wrong: str) -> None:
    file.write_text(f"timestamp,a\n2026-01-01T00:00:00Z,1\n{cell},2\n")
    with pytest.raises(SeriesError, match=wrong) as error:
        read_table(file).instants("timestamp")
    assert error.value.place == f"{file}, line 3, column 'timestamp'"


@pytest.mark.parametrize("cell", ["twelve", "1,5", "inf", "1 kW"])
def test_a_bad_number_is_named_with_its_line(file: Path, cell: str) -> None:
    file.write_text(f'timestamp,a\n2026-01-01T00:00:00Z,"{cell}"\n')
    with pytest.raises(SeriesError, match="is no number") as error:
        read_table(file).numbers("a")
    assert error.value.place == f"{file}, line 2, column 'a'"


def test_a_column_that_is_not_there_is_named_beside_those_that_are(file: Path) -> None:
    file.write_text(GOOD)
    with pytest.raises(SeriesError, match=r"there is no column 'c'.*there are timestamp, a, b"):
        read_table(file).text("c")


@given(content=st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("random") / "file.csv"
    path.write_bytes(content)
    with suppress(SeriesError):
        table = read_table(path)
        table.instants(table.columns[0])
        table.numbers(table.columns[-1])
