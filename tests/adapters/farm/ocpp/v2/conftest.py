from collections.abc import AsyncIterator

import pytest

from tests.adapters.farm.ocpp.central import Central


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
async def central(request: pytest.FixtureRequest) -> AsyncIterator[Central]:
    async with Central(request.param) as server:
        yield server
