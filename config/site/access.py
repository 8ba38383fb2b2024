"""How chargers prove who they are, as the site file's `ocpp` says."""

from collections.abc import Iterator
from pathlib import Path

import structlog

from adapters.ocpp.credentials import Credentials
from adapters.ocpp.gate import is_here
from adapters.ocpp.tls import Tls, TlsFiles
from config.reading.fault import Fault
from config.reading.secrets import passwords, secret
from config.site.file import OcppFile, SiteFile
from v2g.errors import SiteError

log = structlog.get_logger(__name__)


def access_faults(file: SiteFile) -> Iterator[Fault]:
    """Return what contradicts itself."""
    ocpp = file.ocpp
    if ocpp.pepper_env is not None and ocpp.passwords_env is None:
        yield Fault(place=("ocpp", "pepper_env"), message="there are no passwords", mend="add passwords_env: …")
    if ocpp.without_passwords and _proves(ocpp):
        mend = "remove it, or the passwords and client_ca"
        yield Fault(place=("ocpp", "without_passwords"), message="chargers have passwords or certificates", mend=mend)


def credentials_of(ocpp: OcppFile) -> Credentials | None:
    """Return the chargers' passwords, None if they have none. Raises `SiteError` if that was not chosen, or a secret is missing."""
    if not _proves(ocpp) and not ocpp.without_passwords:
        mend = "add passwords_env: … or tls: {…, client_ca: …}; for trials on this machine alone, without_passwords: true"
        raise SiteError("chargers need not prove who they are", place="ocpp", mend=mend)
    known = passwords(ocpp.passwords_env, "ocpp.passwords_env")
    if known is None:
        return None
    if ocpp.tls is None and not is_here(ocpp.host):
        log.warning("ocpp_passwords_in_clear", host=ocpp.host, mend="add ocpp.tls, so that nobody on the way can read them")
    return Credentials(known, secret(ocpp.pepper_env, "ocpp.pepper_env"))


def tls_of(ocpp: OcppFile) -> Tls | None:
    """Return how connections are encrypted, None if they are not. Raises `InputError` if a file cannot be used."""
    if ocpp.tls is None:
        return None
    client_ca = Path(ocpp.tls.client_ca) if ocpp.tls.client_ca is not None else None
    files = TlsFiles(certificate=Path(ocpp.tls.certificate), key=Path(ocpp.tls.key), client_ca=client_ca)
    return Tls(files, demand=client_ca is not None and ocpp.passwords_env is None)


def _proves(ocpp: OcppFile) -> bool:
    return ocpp.passwords_env is not None or (ocpp.tls is not None and ocpp.tls.client_ca is not None)
