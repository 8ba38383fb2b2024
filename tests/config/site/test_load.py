from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from config.site.load import load_site, read_site
from v2g.errors import SiteError
from v2g.site import NO_LIMIT, Protocol

Write = Callable[[str], Path]
SITES = sorted(Path("config/sites").glob("*.yaml"))
GOOD = """\
id: home
time_zone: Asia/Shanghai
grid: {import_limit_kw: 40, phase_limit_a: 63}
circuits:
  - {id: hall, phase_limit_a: 32}
chargers:
  - {id: CP, count: 2, connectors: 2, protocol: ocpp1.6, circuit: hall, charge_max_kw: 11}
load: {base_kw: 2, peak_kw: 9}
tariff: {base_price_per_kwh: 0.6, periods: [{start_h: 0, end_h: 8, price_per_kwh: 0.3}]}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_text(text: str) -> Path:
        path = tmp_path / "site.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


def errors_of(path: Path) -> str:
    _, errors = read_site(path)
    return "\n".join(str(e) for e in errors)


@pytest.mark.parametrize("path", SITES, ids=lambda p: p.stem)
def test_every_example_site_is_in_order(path: Path) -> None:
    assert load_site(path).site.evses


def test_a_site_is_built_as_written(write: Write) -> None:
    site = load_site(write(GOOD)).site
    assert [e.evse_id for e in site.evses] == ["CP-1.1", "CP-1.2", "CP-2.1", "CP-2.2"]
    assert {(e.station_id, e.connector_id) for e in site.evses} == {("CP-1", 1), ("CP-1", 2), ("CP-2", 1), ("CP-2", 2)}
    assert site.evses[0].charge_min_kw == pytest.approx(4.14)
    assert site.evses[0].protocol is Protocol.OCPP16
    assert [(c.circuit_id, c.parent_id, c.import_limit_kw) for c in site.circuits] == [
        ("grid", None, 40),
        ("hall", "grid", NO_LIMIT),
    ]
    assert site.tariff.periods[0].price_per_kwh == 0.3


@pytest.mark.parametrize(
    "said",
    ["ocpp2.0.1", "ocpp2.1", "ocpp2.1, discharge_max_kw: 5", "ocpp2.0.1, discharge_max_kw: 5, negative_limits: true"],
)
def test_every_version_of_ocpp_can_be_named(write: Write, said: str) -> None:
    site = load_site(write(GOOD.replace("ocpp1.6", said))).site
    assert {str(evse.protocol) for evse in site.evses} == {said.partition(",")[0]}
    assert all(evse.protocol.is_ocpp and evse.negative_limits == ("negative" in said) for evse in site.evses)


@pytest.mark.parametrize(
    ("old", "new", "line", "place", "mend"),
    [
        ("import_limit_kw: 40", "import_limit_kw: -40", 3, "grid.import_limit_kw", ""),
        ("import_limit_kw: 40", "import_limit_kw: .nan", 3, "grid.import_limit_kw", ""),
        ("import_limit_kw: 40", "import_limit: 40", 3, "grid.import_limit", "spelling"),
        ("Asia/Shanghai", "Mars/Olympus", 2, "time_zone", "IANA"),
        ("circuit: hall", "circuit: hell", 7, "chargers[0].circuit", "one of"),
        ("{id: hall, ", "{id: hall, parent: hall, ", 5, "circuits[0].parent", "hang it below"),
        ("charge_max_kw: 11", "charge_max_kw: 3", 7, "chargers[0].min_current_a", "fewer phases"),
        ("charge_max_kw: 11", "charge_max_kw: 11, discharge_max_kw: 5", 7, "chargers[0].discharge_max_kw", "mqtt"),
        ("ocpp1.6", "ocpp2.0.1, discharge_max_kw: 5", 7, "chargers[0].discharge_max_kw", "negative_limits"),
        ("charge_max_kw: 11", "charge_max_kw: 11, fallback_kw: 11", 3, "grid.import_limit_kw", "fallback"),
        ("protocol: ocpp1.6", "protocol: mqtt", 7, "chargers[0].protocol", "mqtt:"),
        ("load:", "mqtt: {tls: true}\nload:", 8, "mqtt.tls", "fields"),
        ("load:", "mqtt: {password_env: P}\nload:", 8, "mqtt.password_env", "add user"),
        ("load:", "mqtt: {tls: {certificate: a.crt}}\nload:", 8, "mqtt.tls", "give both"),
        ("load:", "mqtt: {tls: {key: a.key}}\nload:", 8, "mqtt.tls", "give both"),
        ("base_kw: 2", "base_kw: 20", 8, "load.base_kw", "≤"),
        ("charge_max_kw: 11", "charge_max_kw: 11, fallback_kw: 6", 4, "circuits.hall.phase_limit_a", "fallback"),
        ("id: home", "id: home\nid: away", 2, "id", "keep one"),
        ("import_limit_kw: 40", "import_limit_kw: true", 3, "grid.import_limit_kw", "without quotes"),
        ("import_limit_kw: 40", "import_limit_kw: 4e1", 3, "grid.import_limit_kw", "a point and a sign"),
        ("Asia/Shanghai", "Asia", 2, "time_zone", "IANA"),
        ("end_h: 8", "end_h: 0", 9, "tariff.periods[0].end_h", "midnight"),
        ("price_per_kwh: 0.3", "price_per_kwh: cheap", 9, "tariff.periods[0].price_per_kwh", ""),
        ("kwh: 0.6,", "kwh: 0.6, contracted_kw: 30,", 9, "tariff.contracted_kw", "overage_price_per_kw"),
        ("kwh: 0.6,", "kwh: 0.6, block_price: 640,", 9, "tariff.block_price", "contracted_kw"),
        ("kwh: 0.6,", "kwh: 0.6, contracted_kw: 9, overage_price_per_kw: 1, block_kw: 5,", 9, "tariff.block_kw", "max_blocks"),
        ("kwh: 0.6,", "kwh: 0.6, max_blocks: 1.5,", 9, "tariff.max_blocks", "whole"),
        ("kwh: 0.6,", "kwh: 0.6, carbon_price_per_kg: -1,", 9, "tariff.carbon_price_per_kg", "larger"),
        ("id: home", "rules: {v2g_life_h: -4000}\nid: home", 1, "rules.v2g_life_h", "larger"),
        ("id: home", "rules: {target_probability: 0.99}\nid: home", 1, "rules.target_probability", "smaller"),
    ],
)
def test_every_error_names_line_place_and_mend(write: Write, old: str, new: str, line: int, place: str, mend: str) -> None:
    assert GOOD.count(old) == 1
    path = write(GOOD.replace(old, new))
    said = errors_of(path)
    assert f"site.yaml:{line} {place}: " in said
    assert mend in said
    with pytest.raises(SiteError):
        load_site(path)


@pytest.mark.parametrize(
    "text", ["", "- 1", "a: [", "\t", "id: x", "{}", "id: &a [*a]", "\x00", "id: 2026-13-45", "[" * 3000, "id: !!int x"]
)
def test_what_is_no_site_is_refused_in_words(write: Write, text: str) -> None:
    assert "site.yaml" in errors_of(write(text))


def test_nested_aliases_are_refused_before_they_multiply(write: Write) -> None:
    """Nine levels of nine aliases would be 9⁹ values."""
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)]
    said = errors_of(write("a0: &a0 [x]\n" + "".join(levels) + GOOD))
    assert "site.yaml:2: this cannot be read as YAML: the alias *a0 cannot stand here (write the value out)" in said


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    assert "cannot be read" in errors_of(tmp_path / "none.yaml")


def test_all_errors_are_told_at_once(write: Write) -> None:
    content = yaml.safe_load(GOOD) | {"colour": "red", "time_zone": "nowhere"}
    content["rules"] = {"soc_floor_frac": 20}
    assert errors_of(write(yaml.safe_dump(content))).count("\n") == 2
