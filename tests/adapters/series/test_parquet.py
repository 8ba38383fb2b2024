import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adapters.series.series import SeriesKind, read_series
from v2g.errors import SeriesError

INSTANTS = pd.date_range("2026-03-01T00:00", periods=4, freq="15min", tz="UTC")


def written(path: Path, frame: pd.DataFrame, *, index: bool) -> Path:
    pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    frame.to_parquet(stream, index=index)
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize("index", [True, False])
def test_parquet_tells_what_csv_does(tmp_path: Path, index: bool) -> None:
    frame = pd.DataFrame({"start": INSTANTS, "load_kw": [1.0, np.nan, 3.5, 4.0]})
    told = written(tmp_path / "a.parquet", frame.set_index("start") if index else frame, index=index)
    text = tmp_path / "a.csv"
    frame.to_csv(text, index=False)
    one, other = read_series(told, kind=SeriesKind.LOAD), read_series(text, kind=SeriesKind.LOAD)
    np.testing.assert_array_equal(one.values, other.values)
    assert (one.start_s, one.step_s, one.unit) == (other.start_s, other.step_s, "kW")


def test_local_time_without_zone_is_refused_there_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"start": INSTANTS.tz_localize(None), "load_kw": np.arange(4.0)})
    with pytest.raises(SeriesError, match="the timestamp has no time zone"):
        read_series(written(tmp_path / "a.parquet", frame, index=False), kind=SeriesKind.LOAD)


def test_what_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(SeriesError, match="Parquet"):
        read_series(path, kind=SeriesKind.LOAD)
