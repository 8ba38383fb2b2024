"""TLS as OCPP's security profiles 2 and 3 want it, with a certificate that can be renewed while chargers stay connected."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from v2g.errors import InputError

log = structlog.get_logger()

CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"
    "AES256-GCM-SHA384:AES128-GCM-SHA256"
)
"""Of TLS 1.2: those that OCPP 2.0.1 (A00.FR.318) demands, its two without forward secrecy last; 1.3 brings its own."""
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: what has expired is read, too
LOOK_EVERY_WALL_S = 60.0
WARN_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Files in PEM: our certificate with its chain and key; `client_ca` signs the stations' certificates, None for none."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class Tls:
    """The server's side of TLS.

    A station's certificate is checked where it shows one; with `demand`, none comes in without.
    Raises `InputError` if a file cannot be used, with its place in the site file.
    """

    def __init__(self, files: TlsFiles, *, demand: bool = False) -> None:
        self._files, self._problem = files, ""
        self._stamp = _stamp(files)
        self._expires_at = _read(files)
        self.context = _context(files)
        self.asks_certificates = files.client_ca is not None
        if files.client_ca is not None:
            self.context.verify_mode = ssl.CERT_REQUIRED if demand else ssl.CERT_OPTIONAL
            _trust(self.context, files.client_ca)

    def trouble(self, now: datetime) -> str:
        """Return what an operator should do something about, "" if nothing."""
        if self._problem:
            return self._problem
        if now >= self._expires_at:
            return f"the certificate expired on {self._expires_at:%Y-%m-%d}"
        if now >= self._expires_at - WARN_BEFORE:
            return f"the certificate expires on {self._expires_at:%Y-%m-%d}"
        return ""

    async def keep_fresh(self) -> None:
        """Look now and then whether the certificate was renewed; for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_WALL_S)
            self.renew()

    def renew(self) -> None:
        """Use the files as they are now, for connections to come; if they cannot be used, say so and go on with the old."""
        try:
            stamp = _stamp(self._files)
            if stamp != self._stamp:
                self._expires_at = _read(self._files)
                _load(self.context, self._files)
                log.info("certificate_renewed", expires_at=self._expires_at.isoformat())
        except InputError as error:
            self._problem = str(error)
            log.warning("certificate_not_renewed", reason=self._problem)
        else:
            self._stamp, self._problem = stamp, ""


def names_of(certificate: Any) -> frozenset[str]:
    """Return whom a checked certificate, as `ssl` tells it, speaks for: its common name and DNS names."""
    subject = {value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"}
    return frozenset(subject | {value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"})


def _context(files: TlsFiles) -> ssl.SSLContext:
    """Return a server's context. Raises `InputError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0  # every connection shows its certificate anew
    _load(context, files)
    return context


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    """Let a context show our certificate. Raises `InputError`."""
    try:
        context.load_cert_chain(files.certificate, files.key, _no_passphrase)
    except (OSError, ssl.SSLError) as error:
        mend = "give PEM files that belong together, the key without a passphrase"
        message = f"{files.certificate} with {files.key} cannot be used: {_words(error)}"
        raise InputError(message, place="ocpp.tls.certificate", mend=mend) from error


def _trust(context: ssl.SSLContext, client_ca: Path) -> None:
    try:
        context.load_verify_locations(client_ca)
    except (OSError, ssl.SSLError) as error:
        mend = "give a PEM file with the authority that signs the stations' certificates"
        raise InputError(f"{client_ca} cannot be used: {_words(error)}", place="ocpp.tls.client_ca", mend=mend) from error


def _read(files: TlsFiles) -> datetime:
    """Return when our certificate expires, by a handshake with ourselves in memory. Raises `InputError` if it cannot be used."""
    server, client = _context(files), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(NO_CHECK_TIME)
    client.load_verify_locations(files.certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller, called = client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)
    try:
        for end in (caller, called, caller, called):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
        expires = (caller.getpeercert() or {})["notAfter"]
    except ssl.SSLError as error:
        mend = "give a certificate for a server, RSA of 2048 bits or an elliptic curve"
        message = f"{files.certificate} cannot be used: {_words(error)}"
        raise InputError(message, place="ocpp.tls.certificate", mend=mend) from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(expires)), UTC)


def _stamp(files: TlsFiles) -> tuple[int, ...]:
    """Return what changes when our files do. Raises `InputError` if one is missing."""
    try:
        return tuple(path.stat().st_mtime_ns for path in (files.certificate, files.key))
    except OSError as error:
        message = f"{error.filename} cannot be read: {_words(error)}"
        raise InputError(message, place="ocpp.tls", mend="give the path of a PEM file") from error


def _words(error: OSError) -> str:
    return error.strerror or str(error)


def _no_passphrase() -> str:
    """Answer for the library, which would ask at the terminal and wait."""
    return ""
