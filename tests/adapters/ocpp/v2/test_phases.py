"""Which phase a car on one is put on: said only where the outlet can choose."""

from dataclasses import replace

import pytest

from tests.adapters.ocpp.charger2 import Charger2
from tests.adapters.ocpp.conftest import START, make_bench, make_site
from tests.adapters.ocpp.peers import peer
from tests.adapters.ocpp.test_contract import setpoint
from v2g.setpoint import Applied
from v2g.site import Protocol


@pytest.mark.parametrize("protocol", [Protocol.OCPP201, Protocol.OCPP21])
@pytest.mark.parametrize(
    ("phases", "can", "said"),
    [
        ((2,), "true", {"numberPhases": 1, "phaseToUse": 2}),
        ((2,), "false", {}),
        ((2,), None, {}),
        ((1, 2, 3), "true", {}),
    ],
)
async def test_a_phase_is_said_only_where_there_is_a_choice(
    protocol: Protocol, phases: tuple[int, ...], can: str | None, said: dict[str, int]
) -> None:
    site = make_site(protocol)
    site = replace(site, evses=tuple(replace(evse, phases=phases, charge_min_kw=1.4) for evse in site.evses))
    bench = make_bench(site=site)
    async with bench.central.serve() as listener, peer(protocol, listener.url, "CP-B") as car:
        assert isinstance(car.raw, Charger2)
        if can is not None:
            car.raw.variables["SmartChargingCtrlr", "ACPhaseSwitchingSupported"] = can
        await car.boot()
        await car.raw.until(lambda: len(bench.changes) >= 2)
        await car.begin(START)
        (outcome,) = await bench.central.apply([setpoint("b", 3.0)])
        assert isinstance(outcome, Applied)
        (period,) = car.raw.profiles("TxProfile")[-1]["chargingSchedule"][0]["chargingSchedulePeriod"]
        assert {key: value for key, value in period.items() if key in {"numberPhases", "phaseToUse"}} == said
        assert ("ACPhaseSwitchingSupported" in str(car.raw.payloads("GetVariables"))) == (len(phases) == 1)
