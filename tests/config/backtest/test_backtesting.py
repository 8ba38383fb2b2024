import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from config.backtest.backtesting import Question, run_backtest
from daemon import app
from tests.forecasts.fleet.drivers import workplace
from tests.forecasts.series.synthetic import MIDNIGHT_S, loads
from v2g.errors import InputError
from v2g.outlook import LEVELS

runner = CliRunner()


def written(path: Path, n_days: int = 20, column: str = "load_kw", step_s: int = 3600) -> Path:
    values = loads(n_days, slot_s=3600).values
    times = (datetime.fromtimestamp(MIDNIGHT_S + step_s * i, UTC).isoformat() for i in range(len(values)))
    path.write_text(f"start,{column}\n" + "".join(f"{t},{v:.3f}\n" for t, v in zip(times, values, strict=True)))
    return path


def test_one_object_with_all_figures_and_a_plot(tmp_path: Path) -> None:
    file, page = written(tmp_path / "a.csv"), tmp_path / "a.html"
    asked = [
        "backtest",
        str(file),
        "--origins",
        "3",
        "--time-zone",
        "Europe/Berlin",
        "--country",
        "DE",
        "--plot",
        str(page),
        "--json",
    ]
    result = runner.invoke(app, asked)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.splitlines()[-1])
    assert (told["kind"], told["column"], told["unit"], told["horizon_h"], told["origins"]) == ("series", "load_kw", "kW", 48, 3)
    assert told["rmae"] < 1.0
    assert list(told["coverage"]) == list(told["pinball"]) == [f"{level:g}" for level in LEVELS]
    assert told["by_horizon"][-1]["until_h"] == 48
    assert told["fit_s"] > 0
    assert told["predict_s"] > 0
    assert "weekly naive" in page.read_text()


def test_a_table_for_people(tmp_path: Path) -> None:
    result = runner.invoke(
        app, ["backtest", str(written(tmp_path / "a.csv", column="people")), "--origins", "1", "--horizon", "24h"]
    )
    assert result.exit_code == 0, result.output
    assert "weekly seasonal naive" in " ".join(result.stdout.split())


def test_sessions_are_told_by_stay_and_energy(tmp_path: Path) -> None:
    visits, path = workplace(0, days=40), tmp_path / "s.csv"
    instants = [
        [datetime.fromtimestamp(round(h * 3600), UTC).isoformat() for h in hours] for hours in (visits.begin_h, visits.left_h)
    ]
    rows = zip(*instants, visits.energy_kwh, visits.driver, strict=True)
    path.write_text("plug_in,plug_out,energy_kwh,user\n" + "".join(f"{a},{b},{e:.2f},u{d}\n" for a, b, e, d in rows))
    figures, shares = run_backtest(Question(file=path, origins=2), (told := []).append).figures, told  # type: ignore[var-annotated]
    assert (figures["kind"], figures["visits"], figures["origins"]) == ("sessions", len(visits), 2)
    assert figures["stay_h"]["rmae"] < 0.95
    assert 0.6 < figures["energy_kwh"]["coverage80"] < 0.95
    np.testing.assert_allclose(shares, [0.5, 1.0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"horizon": "9d"}, "--horizon: a horizon of 9d"),
        ({"horizon": "1s"}, "--horizon: a horizon of 1s"),
        ({"horizon": "soon"}, "'soon' is no span of time"),
        ({"column": "pv_kw"}, "there is no column 'pv_kw' (there are start, load_kw)"),
        ({"country": "XX"}, "--country: no holidays are known of 'XX'"),
        ({"time_zone": "Mars/Base"}, "--time-zone: there is no such time zone"),
        ({"horizon": "7d", "n_days": 14}, "14.0 days are too few"),
        ({"step_s": 7200}, "a slot of 7200 s: resample"),
        ({"missing": True}, "there is no such file"),
    ],
)
def test_what_cannot_be_used_is_told_with_place_and_mend(tmp_path: Path, change: dict[str, object], said: str) -> None:
    made = {key: change.pop(key) for key in ("n_days", "step_s") if key in change}
    file = tmp_path / "gone.csv" if change.pop("missing", False) else written(tmp_path / "a.csv", **made)  # type: ignore[arg-type]
    with pytest.raises(InputError) as told:
        run_backtest(Question(file=file, **change))  # type: ignore[arg-type]
    assert said in str(told.value)


def test_days_before_the_first_origin_are_enough_for_a_week(tmp_path: Path) -> None:
    answer = run_backtest(Question(file=written(tmp_path / "a.csv"), origins=2, horizon="24h", time_zone="Europe/Berlin"))
    assert answer.series is not None
    first = answer.series.start_s + answer.tried[0].origin * answer.series.slot_s
    assert datetime.fromtimestamp(first, UTC) - datetime.fromtimestamp(MIDNIGHT_S, UTC) >= timedelta(days=8)
