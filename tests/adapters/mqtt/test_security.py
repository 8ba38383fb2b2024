"""TLS, passwords, certificates and the access list of examples/mosquitto, on a real Mosquitto."""

import asyncio
import gc
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from getpass import getuser
from pathlib import Path

import pytest
from aiomqtt import Client, MqttError

from adapters.clock import AcceleratedClock, RealClock
from adapters.farm.live import LiveFarm
from adapters.mqtt.broker import EmbeddedBroker, Mosquitto, find_mosquitto
from adapters.mqtt.link import MqttLink
from adapters.mqtt_client import Broker
from config.site.file import MqttFile, MqttTlsFile
from config.station.broker import broker_of, tls_context
from tests.adapters.farm.stations import START, always, outlet, station, stay
from tests.adapters.mqtt.support import a_site, evse_state, until
from v2g.errors import SiteError
from v2g.session import Wishes

pytestmark = pytest.mark.skipif(
    not (find_mosquitto() and shutil.which("openssl") and shutil.which("mosquitto_passwd")), reason="needs Mosquitto and openssl"
)
GUESS = "my-guess"
EXAMPLE = Path(__file__).parents[3] / "examples" / "mosquitto"
PASSWORDS = {"daemon": "d-secret", "CP1": "1-secret", "CP2": "2-secret", "meters": "m-secret"}
NEW_KEY = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
CP1, CP2 = "v2g/v1/S1/station/CP1", "v2g/v1/S1/station/CP2"


def openssl(folder: Path, command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)


def certify(folder: Path, name: str, more: str = "") -> None:
    openssl(folder, f"{NEW_KEY} -subj /CN={name} -keyout {name}.key -out {name}.csr")
    openssl(folder, f"openssl x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2{more} -out {name}.crt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as the README of the example makes it, for the site S1."""
    made = tmp_path_factory.mktemp("mosquitto")
    openssl(made, f"{NEW_KEY} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.crt")
    (made / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    certify(made, "broker", " -extfile names")
    for user in PASSWORDS:
        certify(made, user)
    (made / "passwords").touch(mode=0o600)
    for user, password in PASSWORDS.items():
        subprocess.run(["mosquitto_passwd", "-b", made / "passwords", user, password], check=True)
    (made / "access").write_text((EXAMPLE / "access").read_text("utf-8").replace("SITE", "S1"), "utf-8")
    return made


def configuration(folder: Path) -> str:
    written = (EXAMPLE / "mosquitto.conf").read_text("utf-8").replace("/etc/mosquitto", str(folder))
    assert "listener 8883\n" in written
    written = written.replace("listener 8883", "listener {port} {host}").replace("persistence true", "persistence false")
    return f"{written}\nuser {getuser()}\nlog_dest stderr\n"


def with_certificates(folder: Path) -> str:
    """Return the configuration as its comment says for certificates instead of passwords."""
    lines = configuration(folder).splitlines()
    told = [line.removeprefix("#   ") for line in lines if line.startswith("#   ")]
    assert len(told) == 3
    return "\n".join([line for line in lines if not line.startswith("password_file")] + told) + "\n"


@asynccontextmanager
async def serving(config: str) -> AsyncIterator[int]:
    async with EmbeddedBroker(server=Mosquitto(find_mosquitto() or "", config=config)) as broker:
        yield broker.port


@pytest.fixture
async def broker(folder: Path) -> AsyncIterator[Broker]:
    """Serve by the example, and return where, as nobody."""
    async with serving(configuration(folder)) as port:
        yield Broker(host="127.0.0.1", port=port, tls=tls_context(MqttTlsFile(ca=str(folder / "ca.crt"))))


def named(broker: Broker, user: str) -> Broker:
    return replace(broker, username=user, password=PASSWORDS[user])


def client_of(broker: Broker, **options: str) -> Client:
    return Client(
        broker.host, broker.port, username=broker.username, password=broker.password, tls_context=broker.tls,
        protocol=broker.version, **options,
    )  # fmt: skip


def link_of(broker: Broker) -> MqttLink:
    return MqttLink(a_site(), RealClock(), broker=broker, on_change=lambda: None)


@asynccontextmanager
async def running(link: MqttLink) -> AsyncIterator[None]:
    task = asyncio.create_task(link.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def test_no_device_writes_for_another(broker: Broker) -> None:
    link = link_of(named(broker, "daemon"))
    async with running(link), client_of(named(broker, "CP1")) as one, client_of(named(broker, "CP2")) as two:
        await until(lambda: link.connected)
        state, forged = (json.dumps(evse_state(session_id=session_id)) for session_id in ("mine", "forged"))
        await one.publish(f"{CP1}/evse/1/state", state, qos=1)
        await two.publish(f"{CP1}/evse/1/state", forged, qos=1)
        await two.publish(f"{CP1}/status", '{"online": true}', qos=1)
        await two.publish("v2g/v1/S1/meter/site", json.dumps({"at": "2026-01-01T12:00:00Z", "power_kw": -99.0}), qos=1)
        await two.publish(f"{CP2}/evse/1/state", forged, qos=1)
        await until(lambda: "C" in link.inbox.evses)
        session = link.inbox.evses["A"].session
        assert session is not None
        assert session.session_id == "mine"
        assert not link.inbox.is_online(f"{CP1}/status")
        assert link.inbox.meters == {}
        assert not link.inbox.refused


async def test_no_device_hears_what_is_for_another_nor_commands_it_nor_itself(broker: Broker) -> None:
    link = link_of(named(broker, "daemon"))
    async with running(link), client_of(named(broker, "CP1")) as one, client_of(named(broker, "CP2")) as two:
        await until(lambda: link.connected)
        for topic in ("#", "v2g/v1/S1/#", f"{CP1}/evse/+/setpoint", f"{CP2}/evse/+/setpoint"):
            await one.subscribe(topic, qos=1)
        await two.publish(f"{CP2}/evse/1/state", json.dumps(evse_state()), qos=1, retain=True)
        await one.publish(f"{CP1}/evse/1/setpoint", b"forged", qos=1)
        await two.publish(f"{CP1}/evse/1/setpoint", b"forged", qos=1)
        await link.publish(f"{CP2}/evse/1/setpoint", b"for the other", retain=True)
        await link.publish(f"{CP1}/evse/1/setpoint", b"for me")
        async with asyncio.timeout(30.0):
            heard = await anext(aiter(one.messages))
        assert (heard.topic.value, heard.payload) == (f"{CP1}/evse/1/setpoint", b"for me")


async def test_no_client_pushes_another_out_by_its_name(broker: Broker) -> None:
    async with (
        client_of(named(broker, "CP1"), identifier="mine") as one,
        client_of(named(broker, "CP2"), identifier="mine") as two,
    ):
        await two.publish(f"{CP2}/status", b"{}", qos=1)
        await one.publish(f"{CP1}/status", b"{}", qos=1)


async def test_an_anonymous_client_gets_nothing(broker: Broker) -> None:
    for strangers in (broker, replace(broker, username="CP1"), replace(named(broker, "CP2"), username="CP1")):
        with pytest.raises(MqttError, match="Not authorized"):
            await client_of(strangers).__aenter__()


async def test_a_farm_speaks_as_each_of_its_devices(broker: Broker) -> None:
    site = station(outlet("A", station_id="CP1"), site_id="S1")
    link = MqttLink(site, AcceleratedClock(START, 300.0), broker=named(broker, "daemon"), on_change=lambda: None)
    farm = LiveFarm(
        site, [stay()], load_kw=always(30.0), pv_kw=always(0.0), clock=link.clock, ocpp_url="ws://127.0.0.1:9",
        broker=named(broker, "meters"), tell_wishes=_nobody, ocpp_passwords=PASSWORDS,
    )  # fmt: skip
    async with running(link), farm:
        await until(lambda: link.inbox.evses and link.inbox.meters and link.inbox.is_online(f"{CP1}/status"))


async def _nobody(evse_id: str, wishes: Wishes) -> bool:
    raise AssertionError((evse_id, wishes))


async def refusal(link: MqttLink, said: str) -> str:
    """Run `link` until its detail has `said`; return the detail."""
    async with running(link):
        await until(lambda: said in link.detail)
        assert not link.connected
    return link.detail


async def test_a_wrong_password_is_said_but_not_shown(broker: Broker) -> None:
    assert GUESS not in await refusal(link_of(replace(broker, username="daemon", password=GUESS)), "Not authorized")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_with_a_strange_certificate_is_not_trusted(broker: Broker) -> None:
    await refusal(link_of(replace(named(broker, "daemon"), tls=tls_context(MqttTlsFile()))), "CERTIFICATE_VERIFY_FAILED")
    gc.collect()  # paho leaves the socket of a failed TLS handshake to the collector, which warns: here, not in a later test


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_certificate_stands_for_a_password_and_without_one_nobody_comes_in(folder: Path) -> None:
    def file(port: int, user: str | None) -> MqttFile:
        own = {"certificate": f"{folder}/{user}.crt", "key": f"{folder}/{user}.key"} if user else {}
        return MqttFile(port=port, tls=MqttTlsFile(ca=f"{folder}/ca.crt", **own))

    async with serving(with_certificates(folder)) as port:
        link = link_of(broker_of(file(port, "daemon")))
        async with running(link), client_of(broker_of(file(port, "CP1"))) as one:
            await until(lambda: link.connected)
            await one.publish(f"{CP2}/evse/1/state", json.dumps(evse_state()), qos=1)
            await one.publish(f"{CP1}/evse/1/state", json.dumps(evse_state()), qos=1)
            await until(lambda: link.inbox.evses)
            assert set(link.inbox.evses) == {"A"}
        await refusal(link_of(broker_of(file(port, None))), "not connected")
    gc.collect()


@pytest.mark.parametrize(
    ("said", "place", "told"),
    [
        ({"ca": "missing.crt"}, "mqtt.tls.ca", "missing.crt cannot be used: No such file"),
        ({"ca": "names"}, "mqtt.tls.ca", "names cannot be used"),
        ({"certificate": "missing.crt", "key": "CP1.key"}, "mqtt.tls.certificate", "No such file"),
        ({"certificate": "CP1.crt", "key": "CP2.key"}, "mqtt.tls.certificate", "KEY_VALUES_MISMATCH"),
        ({"certificate": "CP1.crt", "key": "locked.key"}, "mqtt.tls.certificate", "locked.key cannot be used"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_place_and_nobody_is_asked_at_the_terminal(
    folder: Path, said: dict[str, str], place: str, told: str
) -> None:
    openssl(folder, "openssl ec -in CP1.key -aes256 -passout pass:secret -out locked.key")
    with pytest.raises(SiteError) as caught:
        tls_context(MqttTlsFile(**{field: f"{folder}/{name}" for field, name in said.items()}))
    assert told in str(caught.value)
    assert caught.value.place == place
    assert caught.value.mend
