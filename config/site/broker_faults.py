"""What the fields of a site file's `mqtt` cannot say by themselves."""

from collections.abc import Iterator

from config.reading.fault import Fault
from config.site.file import SiteFile


def broker_faults(file: SiteFile) -> Iterator[Fault]:
    """Return halves of pairs: a password without its user, a certificate without its key."""
    mqtt = file.mqtt
    if mqtt is None:
        return
    if mqtt.password_env is not None and mqtt.user is None:
        yield Fault(place=("mqtt", "password_env"), message="whose password this is is not said", mend="add user: …")
    if mqtt.tls is not None and (mqtt.tls.certificate is None) != (mqtt.tls.key is None):
        missing = "key" if mqtt.tls.key is None else "certificate"
        yield Fault(place=("mqtt", "tls"), message=f"there is no {missing}", mend="give both, certificate and key, or neither")
