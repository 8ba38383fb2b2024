"""What a site file in order still lacks on this machine is told before the daemon is started."""

from pathlib import Path
from typing import Any

import pytest

from config.site.file import SiteFile
from config.station.refused import refused

CHARGERS = [{"id": "A", "protocol": "ocpp2.0.1", "charge_max_kw": 11.0}]
FILE: dict[str, Any] = {
    "id": "s",
    "time_zone": "Europe/Berlin",
    "grid": {"import_limit_kw": 30.0},
    "chargers": CHARGERS,
    "tariff": {"base_price_per_kwh": 0.3},
}


def places(**more: Any) -> list[str]:
    return [error.place for error in refused(SiteFile.model_validate(FILE | more))]


def test_chargers_that_need_not_prove_who_they_are_are_refused_unless_that_was_chosen() -> None:
    assert places() == ["ocpp"]
    assert places(ocpp={"without_passwords": True}) == []


def test_missing_secrets_and_certificates_are_told_all_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PASSWORDS", '{"A": "long enough a password"}')
    monkeypatch.delenv("KEY", raising=False)
    nowhere = str(tmp_path / "none.pem")
    tls = {"certificate": nowhere, "key": nowhere}
    found = places(
        ocpp={"passwords_env": "PASSWORDS", "pseudonym_key_env": "KEY", "tls": tls},
        mqtt={"host": "mqtt://broker", "port": 1883},
        web={"token_env": "KEY"},
    )
    assert [place.split(".")[0] for place in found] == ["ocpp", "ocpp", "mqtt", "web"]
    monkeypatch.setenv("KEY", "a secret")
    assert places(ocpp={"passwords_env": "PASSWORDS", "pseudonym_key_env": "KEY"}, web={"token_env": "KEY"}) == []


def test_a_station_of_mqtt_alone_needs_nothing_of_ocpp() -> None:
    assert places(chargers=[{"id": "A", "protocol": "mqtt", "charge_max_kw": 11.0}], mqtt={"port": 1883}) == []
