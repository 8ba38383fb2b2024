from v2g.outlet_links import OutletLinks


def test_a_token_leads_to_its_outlet_and_no_other() -> None:
    links = OutletLinks(b"0" * 32, ["A", "B"])
    tokens = {evse_id: links.token(evse_id) for evse_id in ("A", "B")}
    assert len(set(tokens.values())) == 2
    assert all(token is not None and len(token) == 24 and links.outlet(token) == evse_id for evse_id, token in tokens.items())
    assert links.token("C") is None
    assert links.outlet("a" * 24) is None


def test_another_key_has_other_tokens_and_the_same_key_the_same() -> None:
    first, again, other = (OutletLinks(key, ["A"]).token("A") for key in (b"0" * 32, b"0" * 32, b"1" * 32))
    assert first == again != other
