"""What a person's or a machine's name may be is the same to the server and to whoever reads the API's description."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from adapters.web.people.models import PersonName
from v2g.accounts import NAME, check_name
from v2g.errors import AccessError

NAMES: TypeAdapter[str] = TypeAdapter(PersonName)
COMBINING, INVISIBLE = "\u036f", "\u200b"


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(f"aZ0_.@ -\n{COMBINING}{INVISIBLE}电")), max_size=5))
def test_the_server_takes_what_the_pattern_says(name: str) -> None:
    taken = False
    with suppress(ValidationError):
        taken = NAMES.validate_python(name) == name
    assert taken is (re.search(rf"{NAME[:-1]}\Z", name) is not None)


@pytest.mark.parametrize("name", ["李雷", "Jörg Müller", "Ольга", "佐藤", "홍길동", "a.b@c-d", "x" * 60])
def test_names_of_all_scripts_are_taken(name: str) -> None:
    assert NAMES.validate_python(name) == name


@pytest.mark.parametrize("name", ["", " a", "a ", "a\n", "o'x", "<b>", f"a{INVISIBLE}b", "\u202ea", "x" * 61, ".", "..", "-"])
def test_what_hides_or_ends_a_line_is_not(name: str) -> None:
    with pytest.raises(ValidationError):
        NAMES.validate_python(name)
    with pytest.raises(AccessError, match="use letters"):
        check_name(name)
