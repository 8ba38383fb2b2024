"""The broker that a site file names, with its secrets and certificates."""

import ipaddress
import ssl

import structlog
from aiomqtt import ProtocolVersion

from adapters.mqtt_client import Broker
from config.reading.secrets import secret
from config.site.file import MqttFile, MqttTlsFile
from v2g.errors import SiteError

log = structlog.get_logger(__name__)
VERSIONS = {"5.0": ProtocolVersion.V5, "3.1.1": ProtocolVersion.V311}


def broker_of(mqtt: MqttFile) -> Broker:
    """Return where to connect, and as whom.

    Raises `SiteError` if the place is none, a secret is missing, or a file of `tls` cannot be used.
    """
    if not mqtt.host.strip() or "/" in mqtt.host:
        raise SiteError(f"{mqtt.host!r} is no host", place="mqtt.host", mend="give a name or an address, without mqtt://")
    if mqtt.port == 0:
        raise SiteError("no broker has port 0: only the demo brings its own", place="mqtt.port", mend="mostly 1883, with TLS 8883")
    password = secret(mqtt.password_env, "mqtt.password_env")
    if password is not None and mqtt.tls is None and not _is_here(mqtt.host):
        log.warning("mqtt_password_in_clear", host=mqtt.host, mend="add mqtt.tls, so that nobody on the way can read it")
    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.user,
        password=password,
        tls=None if mqtt.tls is None else tls_context(mqtt.tls),
        version=VERSIONS[mqtt.version],
    )


def tls_context(tls: MqttTlsFile, place: str = "mqtt.tls") -> ssl.SSLContext:
    """Return how to check a server's certificate and how to show our own. Raises `SiteError` if a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except (OSError, ssl.SSLError) as error:
        mend = "give a PEM file with the authority's certificate"
        raise SiteError(f"{tls.ca} cannot be used: {_words(error)}", place=f"{place}.ca", mend=mend) from error
    if tls.certificate is not None:
        try:
            context.load_cert_chain(tls.certificate, tls.key, password=_no_passphrase)
        except (OSError, ssl.SSLError) as error:
            mend = "give PEM files that belong together, the key without a passphrase"
            message = f"{tls.certificate} with {tls.key} cannot be used: {_words(error)}"
            raise SiteError(message, place=f"{place}.certificate", mend=mend) from error
    return context


def _words(error: OSError) -> str:
    return error.strerror or str(error)


def _no_passphrase() -> str:
    """Answer for the library, which would ask at the terminal and wait."""
    return ""


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
