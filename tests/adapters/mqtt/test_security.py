"""TLS, passwords and the access list of docs/mqtt.md, on a real Mosquitto."""

import asyncio
import gc
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import pytest
from aiomqtt import Client, ProtocolVersion

from adapters.clock import RealClock
from adapters.mqtt.broker import EmbeddedBroker, Mosquitto, find_mosquitto
from adapters.mqtt.link import MqttLink
from adapters.mqtt_client import Broker
from tests.adapters.mqtt.support import PAGE, a_site, evse_state, until

pytestmark = pytest.mark.skipif(
    not (find_mosquitto() and shutil.which("openssl") and shutil.which("mosquitto_passwd")), reason="needs Mosquitto and openssl"
)
PASSWORDS = {"daemon": "d-secret", "CP1": "1-secret", "CP2": "2-secret"}


@dataclass(frozen=True)
class Guarded:
    """A broker that asks who is there, and what a client needs to trust it."""

    port: int
    tls: ssl.SSLContext

    def client(self, user: str) -> Client:
        return Client(
            "127.0.0.1", self.port, username=user, password=PASSWORDS[user], tls_context=self.tls, protocol=ProtocolVersion.V5
        )

    def link(self, password: str, tls: ssl.SSLContext | None) -> MqttLink:
        return MqttLink(
            a_site(), RealClock(), broker=Broker(host="127.0.0.1", port=self.port, username="daemon", password=password, tls=tls),
            on_change=lambda: None,
        )  # fmt: skip


CERTIFY = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker -addext subjectAltName=IP:127.0.0.1"
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Return a configuration with a new certificate, passwords, and the access list of the page."""
    subprocess.run(
        [*CERTIFY.split(), "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True
    )
    (tmp_path / "users").touch()
    for user, password in PASSWORDS.items():
        subprocess.run(["mosquitto_passwd", "-b", tmp_path / "users", user, password], check=True)
    (access,) = re.findall(r"```\n(user daemon.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "access").write_text(access.replace("SITE", "S1"), "utf-8")
    return f"""\
listener {{port}} {{host}}
certfile {tmp_path}/cert.pem
keyfile {tmp_path}/key.pem
allow_anonymous false
password_file {tmp_path}/users
acl_file {tmp_path}/access
user {getuser()}
"""


@pytest.fixture
async def guarded(config: str, tmp_path: Path) -> AsyncIterator[Guarded]:
    async with EmbeddedBroker(server=Mosquitto(find_mosquitto() or "", config=config)) as broker:
        yield Guarded(port=broker.port, tls=ssl.create_default_context(cafile=str(tmp_path / "cert.pem")))


async def test_each_device_speaks_for_itself_only(guarded: Guarded) -> None:
    link = guarded.link("d-secret", guarded.tls)
    running = asyncio.create_task(link.run())
    async with guarded.client("CP1") as one, guarded.client("CP2") as two:
        await until(lambda: link.connected)
        state, other = (json.dumps(evse_state(session_id=session_id)) for session_id in ("mine", "forged"))
        await one.publish("v2g/v1/S1/station/CP1/evse/1/state", state, qos=1)
        await two.publish("v2g/v1/S1/station/CP1/evse/1/state", other, qos=1)
        await two.publish("v2g/v1/S1/meter/site", json.dumps({"at": "2026-01-01T12:00:00Z", "power_kw": -99.0}), qos=1)
        await two.publish("v2g/v1/S1/station/CP2/evse/1/state", other, qos=1)
        await until(lambda: "C" in link.inbox.evses)
        session = link.inbox.evses["A"].session
        assert session is not None
        assert session.session_id == "mine"
        assert link.inbox.meters == {}

        await one.subscribe("v2g/v1/S1/#", qos=1)
        await link.publish("v2g/v1/S1/station/CP2/evse/1/setpoint", b"{}")
        await link.publish("v2g/v1/S1/station/CP1/evse/1/setpoint", b"{}")
        async with asyncio.timeout(5.0):
            heard = await anext(aiter(one.messages))
        assert heard.topic.value == "v2g/v1/S1/station/CP1/evse/1/setpoint"
    running.cancel()
    await asyncio.wait([running])


async def refusal(link: MqttLink, said: str) -> str:
    """Run `link` until its detail has `said`; return the detail."""
    running = asyncio.create_task(link.run())
    await until(lambda: said in link.detail)
    assert not link.connected
    running.cancel()
    await asyncio.wait([running])
    return link.detail


async def test_a_wrong_password_is_said_but_not_shown(guarded: Guarded) -> None:
    assert "my-guess" not in await refusal(guarded.link("my-guess", guarded.tls), "Not authorized")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_with_a_strange_certificate_is_not_trusted(guarded: Guarded) -> None:
    await refusal(guarded.link("d-secret", ssl.create_default_context()), "CERTIFICATE_VERIFY_FAILED")
    gc.collect()  # paho leaves the socket of a failed TLS handshake to the collector, which warns: here, not in a later test
