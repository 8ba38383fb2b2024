"""Certificates for tests, made by `trustme`, and what is done with them."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

from adapters.ocpp.tls import Tls, TlsFiles


def keep(certificate: trustme.LeafCert, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate and its key; return where."""
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    for blob in certificate.cert_chain_pems[:1]:
        blob.write_to_path(paths[0])
    certificate.private_key_pem.write_to_path(paths[1])
    return paths


@dataclass(frozen=True)
class Authority:
    """Who signs certificates, and a folder for them."""

    ca: trustme.CA
    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        folder.mkdir(exist_ok=True)
        made = cls(ca=trustme.CA(), folder=folder)
        made.ca.cert_pem.write_to_path(folder / "ca.crt")
        return made

    @property
    def trust(self) -> Path:
        return self.folder / "ca.crt"

    def files(self, *, client_ca: bool = False) -> TlsFiles:
        """Return those of a server on this machine."""
        certificate, key = keep(self.ca.issue_cert("127.0.0.1", common_name="central"), self.folder, "central")
        return TlsFiles(certificate=certificate, key=key, client_ca=self.trust if client_ca else None)

    def tls(self, *, client_ca: bool = False, demand: bool = False) -> Tls:
        return Tls(self.files(client_ca=client_ca), demand=demand)

    def client(self, certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
        """Return the TLS of a client that trusts this authority and shows `certificate`."""
        context = ssl.create_default_context(cafile=self.trust)
        if certificate is not None:
            certificate.configure_cert(context)
        return context

    def station(self, name: str, **options: object) -> ssl.SSLContext:
        """Return the TLS of a station with a certificate in its name."""
        return self.client(self.ca.issue_cert(common_name=name, **options))  # type: ignore[arg-type]
