import pytest

from config.reading.secrets import passwords, pseudonyms, secret
from v2g.errors import SiteError


def test_a_secret_comes_from_the_environment_or_is_missed_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V2G_TEST", "hush")
    assert secret("V2G_TEST", "web.token_env") == "hush"
    assert secret(None, "web.token_env") is None
    with pytest.raises(SiteError, match=r"web\.token_env.*V2G_NONE is not set"):
        secret("V2G_NONE", "web.token_env")


@pytest.mark.parametrize("text", ["{", "[]", '{"CP": 1}'])
def test_passwords_that_are_no_object_of_texts_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("V2G_TEST", text)
    with pytest.raises(SiteError, match="V2G_TEST"):
        passwords("V2G_TEST", "ocpp.passwords_env")


def test_pseudonyms_are_stable_by_key_and_tell_nothing_of_the_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V2G_TEST", "key-1")
    one, again = pseudonyms("V2G_TEST", "x"), pseudonyms("V2G_TEST", "x")
    monkeypatch.setenv("V2G_TEST", "key-2")
    other = pseudonyms("V2G_TEST", "x")
    assert one("TAG") == again("TAG") != other("TAG")
    assert "TAG" not in one("TAG")
    assert one("TAG") != one("TAG2")
