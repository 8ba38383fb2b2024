"""Certificates of the central system: what is wrong with them is said, and a renewed one is used at once."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from adapters.ocpp.credentials import Credentials
from adapters.ocpp.tls import NO_CHECK_TIME, Tls, TlsFiles, names_of
from tests.adapters.ocpp.authority import Authority, keep
from tests.adapters.ocpp.charger import charger
from tests.adapters.ocpp.conftest import PASSWORDS, make_bench
from v2g.errors import InputError

NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.made(tmp_path)


def lasting(authority: Authority, until: datetime) -> TlsFiles:
    """Return files with a certificate that lasts `until`."""
    begin = min(NOW, until) - timedelta(days=30)
    made = authority.ca.issue_cert("127.0.0.1", not_before=begin, not_after=until)
    certificate, key = keep(made, authority.folder, "central")
    return TlsFiles(certificate=certificate, key=key)


@pytest.mark.parametrize(("days", "said"), [(-1, "the certificate expired on "), (13, "the certificate expires on "), (15, "")])
def test_a_certificate_that_runs_out_is_told(authority: Authority, days: int, said: str) -> None:
    until = NOW + timedelta(days=days)
    trouble = Tls(lasting(authority, until)).trouble(NOW)
    assert trouble == (f"{said}{until:%Y-%m-%d}" if said else "")


async def test_a_renewed_certificate_is_shown_to_newcomers_and_disturbs_nobody(authority: Authority) -> None:
    tls = Tls(lasting(authority, NOW + timedelta(days=1)))
    bench = make_bench(credentials=Credentials(PASSWORDS), tls=tls)
    client = authority.client()
    async with (
        bench.central.serve() as listener,
        charger(listener.url, "CP-A", password=PASSWORDS["CP-A"], ssl=client) as before,
    ):
        lasting(authority, NOW + timedelta(days=90))
        tls.renew()
        assert tls.trouble(NOW) == ""
        async with charger(listener.url, "CP-B", password=PASSWORDS["CP-B"], ssl=client) as after:
            shown = [peer.socket.transport.get_extra_info("peercert")["notAfter"] for peer in (before, after)]
        expiries = [datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC) for told in shown]
        assert (expiries[1] - expiries[0]).days == 89
        await before.boot()


def test_half_a_renewal_is_told_and_the_old_pair_stays_until_the_other_half_is_there(authority: Authority) -> None:
    tls = Tls(lasting(authority, NOW + timedelta(days=60)))
    other = trustme.CA().issue_cert("127.0.0.1")
    key = authority.folder / "central.key"
    old = key.read_bytes()
    other.private_key_pem.write_to_path(key)
    tls.renew()
    assert "KEY_VALUES_MISMATCH" in tls.trouble(NOW)
    key.write_bytes(old)
    tls.renew()
    assert tls.trouble(NOW) == ""
    key.unlink()
    tls.renew()
    assert "central.key cannot be read" in tls.trouble(NOW)


def missing_certificate(folder: Path) -> TlsFiles:
    return TlsFiles(certificate=folder / "none.crt", key=folder / "central.key")


def foreign_key(folder: Path) -> TlsFiles:
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(folder / "other.key")
    return TlsFiles(certificate=folder / "central.crt", key=folder / "other.key")


def nonsense(folder: Path) -> TlsFiles:
    (folder / "nonsense.crt").write_text("no certificate")
    return TlsFiles(certificate=folder / "nonsense.crt", key=folder / "central.key")


def no_authority(folder: Path) -> TlsFiles:
    return TlsFiles(certificate=folder / "central.crt", key=folder / "central.key", client_ca=folder / "none.crt")


@pytest.mark.parametrize(
    ("files", "place", "said"),
    [
        (missing_certificate, "ocpp.tls", "none.crt cannot be read: No such file"),
        (foreign_key, "ocpp.tls.certificate", "KEY_VALUES_MISMATCH"),
        (nonsense, "ocpp.tls.certificate", "nonsense.crt with"),
        (no_authority, "ocpp.tls.client_ca", "none.crt cannot be used: No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_place(
    authority: Authority, files: Callable[[Path], TlsFiles], place: str, said: str
) -> None:
    authority.files()
    with pytest.raises(InputError) as caught:
        Tls(files(authority.folder))
    assert said in str(caught.value)
    assert caught.value.place == place
    assert caught.value.mend


def test_a_certificate_speaks_for_its_common_name_and_its_dns_names() -> None:
    subject = ((("organizationName", "Acme"),), (("commonName", "CP-A"),))
    told = {"subject": subject, "subjectAltName": (("DNS", "cp-a.example"), ("IP Address", "192.0.2.7"), ("URI", "x:y"))}
    assert names_of(told) == {"CP-A", "cp-a.example"}
    assert names_of({}) == frozenset()


def test_ciphers_are_those_of_the_standard(authority: Authority) -> None:
    context = authority.tls().context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    older = {cipher["name"] for cipher in context.get_ciphers() if not cipher["name"].startswith("TLS_")}
    demanded = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "AES128-GCM-SHA256", "AES256-GCM-SHA384"}
    assert demanded <= older
    assert all("GCM" in name for name in older)
    assert not context.verify_flags & NO_CHECK_TIME, "chargers' certificates do run out"
