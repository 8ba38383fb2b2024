from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session
from v2g.claims import claim_for, may_consent
from v2g.codec import decode, encode
from v2g.session import ChargingSession, Wishes
from v2g.site import Rules

RULES = Rules(code_consent_s=600.0)
SESSION = replace(a_session("E0"), plugged_in_at=NOW, wishes=Wishes())
SECRETS = st.text("0123456789abcdef", min_size=32, max_size=32)


def claimed(after_s: float, secret: str) -> ChargingSession:
    claim = claim_for(SESSION, secret, RULES, NOW + timedelta(seconds=after_s))
    return replace(SESSION, wishes=Wishes(claim=claim))


@given(mine=SECRETS, other=SECRETS, after_s=st.floats(0.0, 1e5), later_s=st.floats(0.0, 1e5))
def test_a_claim_is_one_phones_and_never_grows(mine: str, other: str, after_s: float, later_s: float) -> None:
    session = claimed(after_s, mine)
    again = claim_for(session, mine, RULES, NOW + timedelta(seconds=after_s + later_s))
    assert again == session.wishes.claim
    assert may_consent(session, again) == (after_s < 600.0)
    assert (claim_for(session, other, RULES, NOW) is None) == (other != mine)
    assert not may_consent(session, None)


def test_a_claim_outlives_another_name_of_its_session_and_its_keeping() -> None:
    session = claimed(0.0, "a" * 32)
    kept = decode(Wishes, encode(session.wishes))
    renamed = replace(session, session_id="E0#1", plugged_in_at=NOW + timedelta(hours=1), wishes=kept)
    assert claim_for(renamed, "a" * 32, RULES, NOW) == session.wishes.claim
    assert claim_for(renamed, "b" * 32, RULES, NOW) is None


def test_what_is_kept_tells_neither_the_secret_nor_that_two_cars_had_one_phone() -> None:
    first, second = (claim_for(replace(SESSION, session_id=name), "a" * 32, RULES, NOW) for name in ("S1", "S2"))
    assert first is not None
    assert second is not None
    assert first.digest != second.digest
    assert "a" * 8 not in first.digest


def test_wishes_kept_before_there_were_claims_are_read() -> None:
    old = {name: value for name, value in encode(Wishes(energy_kwh=9.0)).items() if name != "claim"}
    assert decode(Wishes, old) == Wishes(energy_kwh=9.0)
