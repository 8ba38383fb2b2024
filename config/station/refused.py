"""What `v2g run` would refuse here and now in a site file that is in order: secrets, certificates, who may come in."""

from collections.abc import Callable, Iterator

from config.reading.secrets import secret
from config.site.access import credentials_of, tls_of
from config.site.file import SiteFile
from config.station.broker import broker_of
from v2g.errors import InputError
from v2g.site import Protocol


def refused(file: SiteFile) -> Iterator[InputError]:
    """Yield the errors with which the daemon would not start on this machine; databases, ports and networks are not tried."""
    for look in _looks(file):
        try:
            look()
        except InputError as error:
            yield error


def _looks(file: SiteFile) -> Iterator[Callable[[], object]]:
    ocpp, mqtt, web, ven, vtn = file.ocpp, file.mqtt, file.web, file.openadr, file.openadr_vtn
    if any(Protocol(charger.protocol).is_ocpp for charger in file.chargers):
        yield lambda: credentials_of(ocpp)
        yield lambda: tls_of(ocpp)
        yield lambda: secret(ocpp.pseudonym_key_env, "ocpp.pseudonym_key_env")
    if mqtt is not None:
        yield lambda: broker_of(mqtt)
    yield lambda: secret(web.token_env, "web.token_env")
    if ven is not None:
        yield lambda: secret(ven.client_secret_env, "openadr.client_secret_env")
    if vtn is not None:
        yield lambda: secret(vtn.client_secret_env, "openadr_vtn.client_secret_env")
