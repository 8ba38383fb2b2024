from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.credentials import KEPT, Credentials, kept
from v2g.errors import InputError

HEX = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"  # the example of OCPP-J 1.6, 6.2.1


@given(st.text(max_size=40), st.binary(max_size=40))
def test_only_the_password_is_right(password: str, guess: bytes) -> None:
    credentials = Credentials({"CP-A": password, "CP-B": "another"})
    assert credentials.right("CP-A", password.encode())
    accepted = {password.encode()}
    with suppress(ValueError):
        accepted.add(bytes.fromhex(password))
    assert credentials.right("CP-A", guess) == (guess in accepted)
    assert not credentials.right("CP-X", guess)


def test_a_key_in_hexadecimal_may_come_as_its_bytes() -> None:
    credentials = Credentials({"CP-A": HEX})
    assert credentials.right("CP-A", bytes.fromhex(HEX))
    assert credentials.right("CP-A", HEX.encode())
    assert not credentials.right("CP-A", HEX.lower().encode())


def test_digests_do_for_passwords_under_their_pepper_and_for_their_station_alone() -> None:
    digest = kept("pepper", "CP-A", "right")
    assert digest.startswith(KEPT)
    assert "right" not in digest
    known = {"CP-A": digest, "CP-B": digest, "CP-C": KEPT + "nonsense"}
    credentials = Credentials(known, "pepper")
    assert credentials.right("CP-A", b"right")
    assert not credentials.right("CP-A", digest.encode())
    assert not credentials.right("CP-B", b"right"), "nobody else's"
    assert not any(credentials.right("CP-C", guess) for guess in (b"", b"nonsense"))
    assert not Credentials(known, "salt").right("CP-A", b"right")
    with pytest.raises(InputError, match="no pepper"):
        Credentials(known)


def test_nothing_of_a_password_is_kept() -> None:
    credentials = Credentials({"CP-A": "a-long-secret-password"})
    assert "a-long-secret-password" not in repr(vars(credentials))
