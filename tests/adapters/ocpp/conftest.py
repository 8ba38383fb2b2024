"""A small site, its central system on a free port, and a clock that the test moves."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.clock import VirtualClock
from adapters.ocpp.central import CentralSystem
from adapters.ocpp.credentials import Credentials
from tests.support.transactions import MemoryTransactions
from v2g.observation import EvseState
from v2g.session import ChargingSession
from v2g.site import Circuit, Evse, Protocol, Site, Tariff

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
PASSWORDS = {"CP-A": "alpha-secret-alpha", "CP-B": "beta-secret-beta"}


def make_evse(
    evse_id: str, station_id: str, connector_id: int = 1, protocol: Protocol = Protocol.OCPP16, discharge_max_kw: float = 0.0
) -> Evse:
    return Evse(
        evse_id=evse_id,
        station_id=station_id,
        connector_id=connector_id,
        protocol=protocol,
        circuit_id="grid",
        charge_max_kw=22.0,
        discharge_max_kw=discharge_max_kw,
        charge_min_kw=4.14,
        fallback_kw=4.2,
    )


def make_site(protocol: Protocol = Protocol.OCPP16, discharge_max_kw: float = 0.0) -> Site:
    return Site(
        site_id="test",
        name="Test",
        time_zone="UTC",
        currency="EUR",
        circuits=(Circuit(circuit_id="grid"),),
        evses=(
            make_evse("a1", "CP-A", 1, protocol, discharge_max_kw),
            make_evse("m", "CP-M", 1, Protocol.MQTT),
            make_evse("b", "CP-B", 1, protocol, discharge_max_kw),
            make_evse("a2", "CP-A", 2, protocol, discharge_max_kw),
        ),
        tariff=Tariff(base_price_per_kwh=0.2),
    )


@dataclass
class Bench:
    """A central system under test, and what surrounds it."""

    central: CentralSystem
    clock: VirtualClock
    transactions: MemoryTransactions
    url: str = ""
    changes: list[datetime] = field(default_factory=list)

    def state(self, evse_id: str) -> EvseState:
        return next(state for state in self.central.states(self.clock.now()) if state.evse_id == evse_id)

    def session(self, evse_id: str) -> ChargingSession:
        session = self.state(evse_id).session
        assert session is not None
        return session


def make_bench(transactions: MemoryTransactions | None = None, *, site: Site | None = None, **options: object) -> Bench:
    clock = VirtualClock(START)
    transactions = transactions or MemoryTransactions()
    changes: list[datetime] = []
    central = CentralSystem(
        site or make_site(),
        clock,
        transactions,
        pseudonym=lambda tag: f"driver-{tag.lower()}",
        on_change=lambda: changes.append(clock.now()),
        **options,  # type: ignore[arg-type]
    )
    return Bench(central=central, clock=clock, transactions=transactions, changes=changes)


@pytest.fixture
async def guarded() -> AsyncIterator[Bench]:
    """Return a bench whose chargers need `PASSWORDS`."""
    made = make_bench(credentials=Credentials(PASSWORDS))
    async with made.central.serve() as listener:
        made.url = listener.url
        yield made


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = make_bench()
    async with made.central.serve() as listener:
        made.url = listener.url
        yield made
