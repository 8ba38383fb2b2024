import pytest
from aiomqtt import ProtocolVersion
from structlog.testing import capture_logs

from adapters.mqtt_client import Broker
from config.site.file import MqttFile, MqttTlsFile
from config.station.broker import broker_of
from v2g.errors import SiteError

GIVEN, NAME = "for tests only", "V2G_TEST_PASSWORD"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, GIVEN)


def test_a_broker_is_as_written_with_its_password_from_the_environment() -> None:
    file = MqttFile(host="localhost", port=1884, version="3.1.1", user="daemon", password_env=NAME)
    with capture_logs() as events:
        broker = broker_of(file)
    assert broker == Broker(host="localhost", port=1884, username="daemon", password=GIVEN, tls=None, version=ProtocolVersion.V311)
    assert not events


def test_a_password_that_is_not_there_is_told_with_its_place_and_mend() -> None:
    with pytest.raises(SiteError, match=r"mqtt\.password_env: .*V2G_TEST_PASSWORD_NOT is not set \(export"):
        broker_of(MqttFile(user="daemon", password_env=NAME + "_NOT"))


@pytest.mark.parametrize(
    ("host", "tls", "warned"),
    [
        ("broker.example", None, True),
        ("192.0.2.1", None, True),
        ("broker.example", MqttTlsFile(), False),
        ("127.0.0.2", None, False),
        ("::1", None, False),
    ],
)
def test_a_password_that_others_could_read_on_its_way_is_warned_of_but_not_shown(
    host: str, tls: MqttTlsFile | None, *, warned: bool
) -> None:
    with capture_logs() as events:
        broker_of(MqttFile(host=host, tls=tls, user="daemon", password_env=NAME))
    assert [event["event"] for event in events] == ["mqtt_password_in_clear"] * warned
    assert GIVEN not in str(events)


@pytest.mark.parametrize(("file", "place"), [(MqttFile(port=0), "mqtt.port"), (MqttFile(host="mqtt://127.0.0.1"), "mqtt.host")])
def test_a_place_where_no_broker_can_be_is_told_before_anything_starts(file: MqttFile, place: str) -> None:
    with pytest.raises(SiteError) as told:
        broker_of(file)
    assert (told.value.place, bool(told.value.mend)) == (place, True)
