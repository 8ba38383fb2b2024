from base64 import b64encode
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.credentials import Credentials
from adapters.ocpp.gate import Gate, station_of
from v2g.errors import InputError

OFFER = ["ocpp1.6"]


def make_gate(passwords: dict[str, str] | None = None, *, lenient: bool = True, certificates: bool = False) -> Gate:
    credentials = None if passwords is None else Credentials(passwords)
    stations = {"CP-A": "ocpp1.6", "CP-C": "ocpp1.6"} if certificates else {"CP-A": "ocpp1.6"}
    return Gate(stations, credentials, ("ocpp1.6",), lenient=lenient, certificates=certificates)


def basic(user: str, password: str) -> list[str]:
    return ["Basic " + b64encode(f"{user}:{password}".encode()).decode()]


@pytest.mark.parametrize(
    ("path", "authorization", "admitted"),
    [
        ("/CP-A", basic("CP-A", "secret:1"), True),
        ("/CP%2DA?x=1", basic("CP-A", "secret:1"), True),
        ("/CP-A", basic("CP-A", "wrong"), False),
        ("/CP-A", basic("CP-B", "secret:1"), False),
        ("/CP-B", basic("CP-B", "secret:1"), False),
        ("/CP-B", basic("CP-B", "\0"), False),
        ("/", basic("", ""), False),
        ("/CP-A", [], False),
        ("/CP-A", basic("CP-A", "secret:1") * 2, False),
        ("/CP-A", ["Bearer token"], False),
        ("/CP-A", ["Basic !!!"], False),
        ("/CP-A", ["Basic " + b64encode(b"\xff\xfe:x").decode()], False),
    ],
)
def test_only_the_station_with_its_password_is_let_in(path: str, authorization: list[str], admitted: bool) -> None:
    status = make_gate({"CP-A": "secret:1"}).refusal(path, authorization, OFFER)
    assert status == (None if admitted else HTTPStatus.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("path", "authorization", "certified", "admitted"),
    [
        ("/CP-A", basic("CP-A", "secret:1"), None, True),
        ("/CP-A", basic("CP-A", "secret:1"), {"CP-A", "a.example"}, True),
        ("/CP-A", basic("CP-A", "secret:1"), {"CP-C"}, False),
        ("/CP-A", basic("CP-A", "wrong"), {"CP-A"}, False),
        ("/CP-A", [], {"CP-A"}, False),
        ("/CP-C", [], {"CP-C"}, True),
        ("/CP-C", [], {"CP-A"}, False),
        ("/CP-C", [], set(), False),
        ("/CP-C", [], None, False),
        ("/CP-C", basic("CP-C", ""), None, False),
        ("/CP-X", [], {"CP-X"}, False),
    ],
)
def test_who_has_a_password_shows_it_who_has_none_a_certificate_in_its_name(
    path: str, authorization: list[str], certified: set[str] | None, admitted: bool
) -> None:
    status = make_gate({"CP-A": "secret:1"}, certificates=True).refusal(path, authorization, OFFER, certified)
    assert status == (None if admitted else HTTPStatus.UNAUTHORIZED)


def test_without_passwords_known_stations_are_let_in() -> None:
    assert make_gate().refusal("/CP-A", [], OFFER) is None
    assert make_gate().refusal("/CP-X", [], OFFER) == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("offered", "lenient", "status"),
    [
        (["ocpp1.6"], False, None),
        (["ocpp2.0.1, ocpp1.6"], False, None),
        (["ocpp2.0.1", "ocpp1.6"], False, None),
        (["ocpp2.0.1"], True, HTTPStatus.BAD_REQUEST),
        ([], True, None),
        ([], False, HTTPStatus.BAD_REQUEST),
        ([" , "], False, HTTPStatus.BAD_REQUEST),
    ],
)
def test_subprotocols(offered: list[str], lenient: bool, status: HTTPStatus | None) -> None:
    assert make_gate(lenient=lenient).refusal("/CP-A", [], offered) == status


@pytest.mark.parametrize(
    ("host", "safe"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("192.0.2.7", False),
        ("", False),
        ("example.org", False),
    ],
)
def test_without_passwords_only_this_machine_may_connect(host: str, safe: bool) -> None:
    make_gate({"CP-A": "secret"}).check_bind(host)
    if safe:
        make_gate().check_bind(host)
    else:
        with pytest.raises(InputError, match="give the stations passwords"):
            make_gate().check_bind(host)


def test_a_station_without_a_password_is_an_error_of_the_site_file() -> None:
    with pytest.raises(InputError, match="no password for CP-A"):
        make_gate({"CP-B": "secret"})


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=2), st.lists(st.text(max_size=30), max_size=2))
def test_no_request_breaks_the_gate(path: str, authorizations: list[str], offered: list[str]) -> None:
    status = make_gate({"CP-A": "secret"}).refusal(path, authorizations, offered)
    assert status == HTTPStatus.UNAUTHORIZED
    assert isinstance(station_of(path), str)
