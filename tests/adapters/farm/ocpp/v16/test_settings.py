import pytest

from adapters.farm.ocpp.v16.settings import Settings


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "30", "Accepted"),
        ("MeterValueSampleInterval", "-3", "Rejected"),
        ("MeterValuesSampledData", "SoC, Power.Active.Import", "Accepted"),
        ("MeterValuesSampledData", "Voltage", "Rejected"),
        ("NumberOfConnectors", "7", "Rejected"),
        ("Colour", "blue", "NotSupported"),
    ],
)
def test_changes_are_judged_key_by_key(key: str, value: str, status: str) -> None:
    assert Settings(2, 60.0).change(key, value) == status


def test_what_was_changed_holds() -> None:
    settings = Settings(2, 60.0)
    settings.change("MeterValueSampleInterval", "30")
    settings.change("MeterValuesSampledData", "SoC, Power.Active.Import")
    assert settings.seconds("MeterValueSampleInterval") == 30.0
    assert settings.measurands == ("SoC", "Power.Active.Import")


def test_keys_are_listed_and_unknown_ones_named() -> None:
    settings = Settings(2, 60.0)
    answer = settings.listing(["NumberOfConnectors", "Colour"])
    assert answer == {
        "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "2"}],
        "unknownKey": ["Colour"],
    }
    assert len(settings.listing([])["configurationKey"]) > 8
