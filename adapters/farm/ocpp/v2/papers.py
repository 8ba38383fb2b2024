"""What a station keeps for its operator: the local list of tokens, certificates, grid codes (OCPP 2.0.1, D and M; 2.1, R)."""

from hashlib import sha256

from adapters.farm.ocpp.link import Payload


class Papers:
    """The local authorisation list with its version, and installed root certificates by the serial number they are given.

    `controls` are the controls of distributed energy resources by their id, as sent.
    """

    def __init__(self) -> None:
        self.list_version = 0
        self.controls: dict[str, Payload] = {}
        self._tokens: dict[str, Payload] = {}
        self._certificates: dict[str, tuple[str, Payload]] = {}

    def send_list(self, payload: Payload) -> str:
        """Take a SendLocalList; return the SendLocalListStatusEnumType."""
        full, version = payload["updateType"] == "Full", payload["versionNumber"]
        if not full and version <= self.list_version:
            return "VersionMismatch"
        tokens: dict[str, Payload] = {} if full else dict(self._tokens)
        for entry in payload.get("localAuthorizationList", []):
            token = entry["idToken"]["idToken"]
            tokens.pop(token, None)
            if "idTokenInfo" in entry:
                tokens[token] = entry["idTokenInfo"]
        self._tokens, self.list_version = tokens, version
        return "Accepted"

    def refuses(self, token: str) -> bool:
        """Return whether the local list knows the token and does not accept it: what counts while nobody can be asked."""
        return token in self._tokens and bool(self._tokens[token]["status"] != "Accepted")

    def install_certificate(self, kind: str, certificate: str) -> None:
        """Keep a root certificate. It is not read: its digest stands for its hashes and its number."""
        digest = sha256(certificate.encode()).hexdigest()
        data = {"hashAlgorithm": "SHA256", "issuerNameHash": digest, "issuerKeyHash": digest, "serialNumber": digest[:40]}
        self._certificates[digest[:40]] = (kind, data)

    def delete_certificate(self, data: Payload) -> bool:
        """Forget a certificate by its hash data; False if there is none."""
        return self._certificates.pop(data["serialNumber"], None) is not None

    def certificates(self, kinds: list[str]) -> list[Payload]:
        """Return the certificateHashDataChain of those kinds, of all if none are named."""
        kept = self._certificates.values()
        return [{"certificateType": kind, "certificateHashData": data} for kind, data in kept if not kinds or kind in kinds]
