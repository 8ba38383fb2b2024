import random

import pytest
from ocpp.messages import MessageType
from ocpp.v16.enums import Action
from ocpp.v21.enums import Action as Action21

from adapters.ocpp.frames import BadFrameError, ErrorCode, Payload
from adapters.ocpp.schemas import Schemas
from tests.adapters.ocpp.instances import official
from tests.adapters.ocpp.mutants import mutated, requests
from tests.adapters.ocpp.strategies import REQUESTS

SCHEMAS = Schemas("1.6", Action)
START = REQUESTS["StartTransaction"]


@pytest.mark.parametrize("action", sorted(REQUESTS.keys() & {str(action) for action in Action}))
def test_real_requests_fit(action: str) -> None:
    SCHEMAS.check_request(action, REQUESTS[action])


@pytest.mark.parametrize(
    ("payload", "code", "place", "says"),
    [
        (START | {"meterStart": "0"}, ErrorCode.TYPE, "$.meterStart", "type: integer"),
        (START | {"idTag": "SECRET-" * 9}, ErrorCode.PROPERTY, "$.idTag", "maxLength: 20"),
        ({"connectorId": 1}, ErrorCode.PROTOCOL, "$", "required"),
        (START | {"colour": "red"}, ErrorCode.FORMATION, "$", "'colour'"),
    ],
)
def test_what_does_not_fit_names_place_rule_and_mend_but_no_value(payload: Payload, code: str, place: str, says: str) -> None:
    with pytest.raises(BadFrameError) as caught:
        SCHEMAS.check_request("StartTransaction", payload)
    assert (caught.value.code, caught.value.place) == (code, place)
    assert says in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("action", ["MakeCoffee", "", "../v201/schemas/HeartbeatRequest", "BootNotificationResponse"])
def test_only_actions_of_the_version_are_looked_up(action: str) -> None:
    with pytest.raises(BadFrameError) as caught:
        SCHEMAS.check_request(action, {})
    assert caught.value.code == ErrorCode.NOT_IMPLEMENTED


def test_answers_are_checked_against_their_own_schema() -> None:
    SCHEMAS.check_response("SetChargingProfile", {"status": "Accepted"})
    with pytest.raises(BadFrameError):
        SCHEMAS.check_response("SetChargingProfile", {"status": "Perhaps"})


@pytest.mark.parametrize(("version", "actions"), [("1.6", list(Action)), ("2.1", list(Action21))])
def test_two_libraries_agree_on_what_fits(version: str, actions: list[str]) -> None:
    """The quick one alone takes a message: what it takes, the exact one must take."""
    schemas, dice, taken = Schemas(version, actions), random.Random(1), 0
    for action, payload in requests(version):
        for _ in range(10):
            mutant = mutated([payload], dice)[0]
            if isinstance(mutant, dict) and schemas._read(MessageType.Call, action).fit(mutant):
                broken = {error.validator for error in official(MessageType.Call, action, version).iter_errors(mutant)}
                assert broken <= {"multipleOf"}, (action, mutant)  # of floats, 10.1 is no multiple of 0.1
                taken += 1
    assert taken > 30
