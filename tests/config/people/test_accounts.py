import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.audit import check, read
from adapters.store.people import LOGINS_MAX
from config.people.accounts import LINK, SEEN_ANEW, SESSION, LiveAccounts
from v2g.access import EVERYTHING, Right, Role
from v2g.errors import AccessError

NOW = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)
CHOSEN, OTHER = "correct horse battery", "staple wagon tower 7"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
async def store(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path / 'station.db'}?timeout=0.1", clock) as opened:
        yield opened


@pytest.fixture
def accounts(store: Store, clock: VirtualClock) -> LiveAccounts:
    return LiveAccounts(store, clock)


async def joined(accounts: LiveAccounts, name: str, role: Role = Role.OPERATOR) -> str:
    """Invite somebody, choose a password by the link, and return the session."""
    link = await accounts.invite(name, role, by="test")
    login = await accounts.accept(link.text, CHOSEN)
    assert login is not None
    return login.session.text


async def who(accounts: LiveAccounts, session: str) -> str | None:
    caller = await accounts.by_session(session)
    return caller.name if caller else None


async def test_the_first_start_makes_a_link_and_no_password(accounts: LiveAccounts) -> None:
    first, again = await accounts.first_link(), await accounts.first_link()
    assert first
    assert again
    assert first.text != again.text
    assert await accounts.accept(first.text, CHOSEN) is None  # only the last one printed holds
    login = await accounts.accept(again.text, CHOSEN)
    assert login
    assert login.caller.role is Role.ADMIN
    assert await accounts.first_link() is None
    assert await accounts.log_in("admin", "") is None


async def test_a_link_works_once_and_ends(accounts: LiveAccounts, clock: VirtualClock) -> None:
    link = await accounts.invite("ana", Role.VIEWER, by="test")
    assert await accounts.accept(link.text, CHOSEN)
    assert await accounts.accept(link.text, OTHER) is None
    late = await accounts.invite("bo", Role.VIEWER, by="test")
    await clock.sleep(LINK.total_seconds())
    assert await accounts.accept(late.text, CHOSEN) is None


async def test_logging_in_takes_the_right_name_and_password(accounts: LiveAccounts) -> None:
    await joined(accounts, "ana")
    login = await accounts.log_in("ana", CHOSEN)
    assert login
    assert await who(accounts, login.session.text) == "ana"
    for name, password in (("ana", OTHER), ("nobody", CHOSEN), ("", ""), ("ana'--", CHOSEN)):
        assert await accounts.log_in(name, password) is None
    await accounts.log_out(login.session.text)
    assert await who(accounts, login.session.text) is None


async def test_sessions_end_by_the_clock(accounts: LiveAccounts, clock: VirtualClock) -> None:
    session = await joined(accounts, "ana")
    await clock.sleep(SESSION.total_seconds() - 1)
    assert await who(accounts, session) == "ana"
    await clock.sleep(1)
    assert await who(accounts, session) is None


async def test_a_new_password_ends_all_sessions(accounts: LiveAccounts) -> None:
    session = await joined(accounts, "ana")
    assert not await accounts.change_password("ana", OTHER, OTHER)
    assert await who(accounts, session) == "ana"
    assert await accounts.change_password("ana", CHOSEN, OTHER)
    assert await who(accounts, session) is None
    assert await accounts.log_in("ana", OTHER)


async def test_a_person_has_so_many_sessions_at_once(accounts: LiveAccounts, clock: VirtualClock, store: Store) -> None:
    oldest = await joined(accounts, "ana")
    for _ in range(LOGINS_MAX):
        await clock.sleep(1)
        await accounts._session("ana")
    assert await who(accounts, oldest) is None
    assert await store.run(lambda c: c.exec_driver_sql("SELECT count(*) FROM logins").scalar_one()) == LOGINS_MAX


@pytest.mark.parametrize("poor", ["", "short", "aaaaaaaaaaaaaaaa", "x" * 257])
async def test_a_poor_password_is_refused_and_the_link_stays(accounts: LiveAccounts, poor: str) -> None:
    link = await accounts.invite("ana", Role.VIEWER, by="test")
    with pytest.raises(AccessError):
        await accounts.accept(link.text, poor)
    assert await accounts.accept(link.text, CHOSEN)


async def test_somebody_can_always_administer(accounts: LiveAccounts) -> None:
    await joined(accounts, "ana", Role.ADMIN)
    await accounts.invite("bo", Role.ADMIN, by="ana")  # has no password yet: cannot administer
    with pytest.raises(AccessError, match="nobody would be left"):
        await accounts.remove("ana", by="ana")
    with pytest.raises(AccessError, match="nobody would be left"):
        await accounts.set_role("ana", Role.VIEWER, by="ana")
    await joined(accounts, "cy", Role.ADMIN)
    assert await accounts.set_role("ana", Role.VIEWER, by="cy")
    assert await accounts.remove("ana", by="cy")
    assert not await accounts.remove("ana", by="cy")
    assert [person.name for person in await accounts.people()] == ["bo", "cy"]


async def test_who_is_removed_or_lowered_is_so_at_once(accounts: LiveAccounts) -> None:
    session = await joined(accounts, "ana")
    await accounts.set_role("ana", Role.VIEWER, by="test")
    caller = await accounts.by_session(session)
    assert caller
    assert not caller.may(Right.STEER)
    await accounts.remove("ana", by="test")
    assert await who(accounts, session) is None


async def test_what_another_process_changed_is_in_force_soon(accounts: LiveAccounts, store: Store, clock: VirtualClock) -> None:
    session = await joined(accounts, "ana")
    assert await who(accounts, session) == "ana"
    await LiveAccounts(store, clock).remove("ana", by="test")
    assert await who(accounts, session) == "ana"
    await clock.sleep(SEEN_ANEW.total_seconds())
    assert await who(accounts, session) is None


async def test_a_machine_is_known_by_its_token_until_it_ends(accounts: LiveAccounts, clock: VirtualClock) -> None:
    rights = frozenset({Right.READ, Right.SIGNAL, Right.PEOPLE})
    machine, token = await accounts.issue(name="vtn", role=Role.ADMIN, rights=rights, days=30, by="ana")
    caller = await accounts.by_token(token.text)
    assert caller
    assert caller.rights == {Right.READ, Right.SIGNAL}
    assert await accounts.check(machine.machine_id, token.text) == caller
    assert await accounts.check("other", token.text) is None
    assert await accounts.check(machine.machine_id, "guess") is None
    assert await accounts.by_token("guess") is None
    await clock.sleep(timedelta(days=30).total_seconds())
    assert await accounts.by_token(token.text) is None
    assert await accounts.check(machine.machine_id, token.text) is None
    assert await accounts.machines() == ()


async def test_a_revoked_token_opens_nothing(accounts: LiveAccounts) -> None:
    machine, token = await accounts.issue(name="vtn", role=Role.VIEWER, rights=EVERYTHING, days=1, by="ana")
    assert await accounts.by_token(token.text)
    assert await accounts.revoke(machine.machine_id, by="ana")
    assert await accounts.by_token(token.text) is None
    assert not await accounts.revoke(machine.machine_id, by="ana")


async def test_who_is_logged_in_still_is_while_the_database_is_away(
    accounts: LiveAccounts, store: Store, clock: VirtualClock, tmp_path: Path
) -> None:
    session = await joined(accounts, "ana")
    assert await who(accounts, session) == "ana"
    await clock.sleep(60)
    store._writer._engine.dispose()
    (tmp_path / "station.db").rename(tmp_path / "away.db")
    (tmp_path / "station.db").mkdir()
    assert await who(accounts, session) == "ana"


async def test_all_deeds_are_in_the_audit_log_and_no_secret_is_in_the_database(
    accounts: LiveAccounts, store: Store, tmp_path: Path
) -> None:
    session = await joined(accounts, "ana", Role.ADMIN)
    machine, token = await accounts.issue(name="vtn", role=Role.VIEWER, rights=EVERYTHING, days=1, by="ana")
    await accounts.set_role("ana", Role.ADMIN, by="ana")
    await accounts.revoke(machine.machine_id, by="ana")
    await accounts.log_out(session)
    entries = await store.run(lambda c: [json.loads(row.entry) for row in read(c)])
    told = [entry["facts"]["deed"] for entry in entries]
    assert told == ["invited", "chose a password", "logged in", "issued", "role", "revoked", "logged out"]
    assert all(entry["facts"]["by"] in {"ana", "test"} for entry in entries)
    assert (await store.run(check)).broken == ""
    content = (tmp_path / "station.db").read_bytes() + (tmp_path / "station.db-wal").read_bytes()
    assert content.count(b"argon2id") >= 1
    assert not any(secret.encode() in content for secret in (CHOSEN, session, token.text))
