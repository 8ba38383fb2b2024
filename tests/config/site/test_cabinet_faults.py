from pathlib import Path

import pytest

from config.site.load import load_site, read_site

SITE = """\
id: plaza
time_zone: Asia/Shanghai
grid: {{import_limit_kw: 1000}}
circuits: [{circuit}]
chargers: [{{id: G, connectors: 3, protocol: mqtt, circuit: C, charge_max_kw: 480, min_current_a: 0, fallback_kw: {fallback}}}]
{more}
tariff: {{base_price_per_kwh: 0.7}}
mqtt: {{host: 127.0.0.1}}
"""
CABINET = "{id: C, modules: 16, module_kw: 30}"


def written(folder: Path, *, circuit: str = CABINET, fallback: float = 0.0, more: str = "") -> Path:
    path = folder / "site.yaml"
    path.write_text(SITE.format(circuit=circuit, fallback=fallback, more=more), encoding="utf-8")
    return path


def test_a_cabinet_is_a_circuit_with_modules_that_set_its_limits(tmp_path: Path) -> None:
    circuit = load_site(written(tmp_path)).site.circuits[1]
    assert (circuit.module_kw, circuit.n_modules) == (30.0, 16)
    assert (circuit.import_limit_kw, circuit.export_limit_kw) == (480.0, 480.0)


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"circuit": "{id: C, modules: 16}"}, "circuits[0]", "modules of one size"),
        ({"circuit": "{id: C, module_kw: 30}"}, "circuits[0]", "modules of one size"),
        ({"circuit": "{id: C, modules: 16, module_kw: 30, import_limit_kw: 400}"}, "circuits[0].import_limit_kw", "modules"),
        ({"more": "load: {circuit: C, peak_kw: 5}"}, "circuits[0]", "feeds chargers only, not load"),
        ({"circuit": CABINET + ", {id: D, parent: C}"}, "circuits[0]", "feeds chargers only, not D"),
        ({"circuit": "{id: C, modules: 1, module_kw: 500}"}, "circuits[0].module_kw", "at most 480"),
        ({"fallback": 151.0}, "circuits[0].modules", "hold 18 modules, of 16"),
    ],
)
def test_what_is_wrong_with_a_cabinet_is_said_with_its_place(
    tmp_path: Path, changes: dict[str, object], place: str, words: str
) -> None:
    _, errors = read_site(written(tmp_path, **changes))  # type: ignore[arg-type]  # one test for fields of several types
    assert any(place in str(error) and words in str(error) for error in errors)
