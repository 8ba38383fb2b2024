"""What a site file says of chargers' access, and what it must say."""

import re
import ssl
import subprocess
from pathlib import Path

import pytest

from config.farm.farm import farm_tls
from config.site.access import access_faults, credentials_of, tls_of
from config.site.file import OcppFile, OcppTlsFile
from config.site.load import load_site
from v2g.errors import SiteError

DEMO = Path(__file__).parents[3] / "config" / "sites" / "demo.yaml"
DOCS = Path(__file__).parents[3] / "docs" / "ocpp.md"
TLS = OcppTlsFile(certificate="central.crt", key="central.key")


def test_to_need_no_password_is_chosen_in_so_many_words() -> None:
    for ocpp in (OcppFile(), OcppFile(tls=TLS)):
        with pytest.raises(SiteError, match="without_passwords: true"):
            credentials_of(ocpp)
    assert credentials_of(OcppFile(without_passwords=True)) is None


def test_passwords_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORDS", '{"CP-1": "secret"}')
    monkeypatch.setenv("PEPPER", "pepper")
    for pepper_env in (None, "PEPPER"):
        credentials = credentials_of(OcppFile(passwords_env="PASSWORDS", pepper_env=pepper_env))
        assert credentials is not None
        assert credentials.right("CP-1", b"secret")


@pytest.mark.parametrize(
    ("ocpp", "place"),
    [
        (OcppFile(pepper_env="PEPPER"), "pepper_env"),
        (OcppFile(passwords_env="PASSWORDS", without_passwords=True), "without_passwords"),
        (OcppFile(tls=TLS.model_copy(update={"client_ca": "ca.crt"}), without_passwords=True), "without_passwords"),
        (OcppFile(without_passwords=True), ""),
        (OcppFile(passwords_env="PASSWORDS", pepper_env="PEPPER"), ""),
    ],
)
def test_what_contradicts_itself_is_told(ocpp: OcppFile, place: str) -> None:
    found = [fault.place for fault in access_faults(load_site(DEMO).file.model_copy(update={"ocpp": ocpp}))]
    assert found == ([("ocpp", place)] if place else [])


def test_the_certificates_of_the_documentation_work(tmp_path: Path) -> None:
    (script,) = re.findall(r"```sh\n(openssl req.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    subprocess.run(["sh", "-ec", script], check=True, capture_output=True, cwd=tmp_path)
    files = {"certificate": tmp_path / "central.crt", "key": tmp_path / "central.key", "client_ca": tmp_path / "ca.crt"}
    for passwords_env, mode in ((None, ssl.CERT_REQUIRED), ("PASSWORDS", ssl.CERT_OPTIONAL)):
        tls = tls_of(OcppFile(tls=OcppTlsFile(**{k: str(v) for k, v in files.items()}), passwords_env=passwords_env))
        assert tls is not None
        assert tls.context.verify_mode == mode
    client = farm_tls(tmp_path / "ca.crt", tmp_path)("CP-1")
    assert client is not None
    shaken(client, tls.context, "central.example")
    with pytest.raises(SiteError, match="CP-2"):
        farm_tls(tmp_path / "ca.crt", tmp_path)("CP-2")


def shaken(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """Let the two shake hands in memory."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = client.wrap_bio(back, there, server_hostname=name)
    called = server.wrap_bio(there, back, server_side=True)
    for end in (caller, called, caller):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    called.do_handshake()
    assert "CP-1" in str(called.getpeercert())
