"""That the comparison with the text of OpenADR sees what differs."""

import copy
from typing import Any

import pytest

from tests.adapters.openadr.comparing import Comparison, mend, served_part

NAME = {"type": "string", "minLength": 1}
THING = {"type": "object", "required": ["name"], "properties": {"name": NAME, "at": {"type": "string", "format": "date-time"}}}
ANSWER = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/thing"}}}}


def a_text() -> dict[str, Any]:
    call = {
        "security": [{"oAuth2ClientCredentials": ["write"]}],
        "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}}],
        "requestBody": ANSWER,
        "responses": {"201": ANSWER},
    }
    paths = {"/things": {"post": call}, "/things/{thingID}": {"get": {"responses": {"200": ANSWER}}}}
    return {"paths": paths, "components": {"schemas": {"thing": copy.deepcopy(THING)}}}


def test_the_same_is_the_same_whatever_ids_are_called() -> None:
    ours = a_text()
    ours["paths"]["/things/{objectID}"] = ours["paths"].pop("/things/{thingID}")
    compared = Comparison(a_text(), ours)
    assert (compared.wrong, compared.narrower) == ([], set())
    assert compared.n_fields == 10


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda o: o["paths"]["/things"]["post"].update(security=[]), "scopes ['write']"),
        (lambda o: o["paths"]["/things"]["post"]["parameters"].clear(), "?limit: missing"),
        (lambda o: o["paths"]["/things"]["post"]["parameters"][0]["schema"].update(maximum=9), "maximum 9, not 50"),
        (lambda o: o["paths"]["/things"]["post"]["parameters"][0]["schema"].update(type="string"), "string, not integer"),
        (lambda o: o["components"]["schemas"]["thing"].update(required=[]), "required otherwise ['name']"),
        (lambda o: o["components"]["schemas"]["thing"]["properties"].pop("at"), ".at: missing"),
        (lambda o: o["components"]["schemas"]["thing"]["properties"]["at"].pop("format"), "format None, not date-time"),
        (
            lambda o: o["components"]["schemas"]["thing"]["properties"].update(name={"type": "string", "enum": ["a"]}),
            "one of ['a']",
        ),
    ],
)
def test_what_differs_is_seen(change: Any, why: str) -> None:
    ours = a_text()
    change(ours)
    assert any(why in said for said in Comparison(a_text(), ours).wrong)


def test_what_takes_less_than_the_text_allows_is_told_apart() -> None:
    ours = a_text()
    ours["components"]["schemas"]["thing"]["properties"]["name"] = NAME | {"maxLength": 9}
    compared = Comparison(a_text(), ours)
    assert (compared.wrong, compared.narrower) == ([], {"name: maxLength 9"})


def test_only_what_is_served_is_compared() -> None:
    ours = a_text()
    del ours["paths"]["/things/{thingID}"]
    part, left_out = served_part(a_text(), ours)
    assert (list(part["paths"]), left_out) == (["/things"], ["GET /things/{thingID}"])


def test_a_kept_ven_need_not_be_a_request_as_well() -> None:
    text = a_text()
    asked = {"required": ["objectType", "name"], "properties": {"objectType": {"enum": ["BL_VEN_REQUEST"]}, "name": NAME}}
    text["components"]["schemas"] |= {"ven": {}, "BlVenRequest": asked}
    mend(text)
    assert text["components"]["schemas"]["ven"]["allOf"][1] == {"required": ["name"], "properties": {"name": NAME}}
