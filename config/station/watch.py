"""How the parts of a running station are, each in a sentence."""

from collections.abc import Callable

from adapters.mqtt.link import MqttLink
from adapters.ocpp.central import CentralSystem
from adapters.store.store import Store
from config.station.control import Control
from v2g.bounds import fresh
from v2g.observation import Quality
from v2g.ports import Station
from v2g.site import Protocol, Site
from v2g.solution import Rung
from v2g.station import Condition, Part

Watch = Callable[[], Part]


def watched(
    site: Site, station: Station, link: MqttLink | None, central: CentralSystem | None, store: Store, control: Control
) -> tuple[Watch, ...]:
    """Return a look at each part: solver, chargers by protocol, who connects, broker, meters, database."""
    protocols = sorted({e.protocol for e in site.evses})
    return (
        lambda: _solver(control),
        *((lambda p=p: _chargers(site, station, p)) for p in protocols),
        *([lambda: _access(central), lambda: _clocks(central)] if central else []),
        *([lambda: _broker(link)] if link else []),
        *([lambda: _meters(site, station)] if site.loads else []),
        lambda: store.health,
    )


def _solver(control: Control) -> Part:
    if control.latest is None:
        return Part(name="solver", condition=Condition.DEGRADED, detail="no plan yet", detail_zh="尚无计划")
    plan = control.latest.plan
    good = plan.rung in (Rung.OPTIMAL, Rung.INCUMBENT)
    detail = f"{plan.rung} in {plan.solve_s:.2f} s" if good else f"{plan.rung}: {plan.reason}"
    return Part(name="solver", condition=Condition.OK if good else Condition.DEGRADED, detail=detail)


def _chargers(site: Site, station: Station, protocol: Protocol) -> Part:
    ours = {e.evse_id for e in site.evses if e.protocol is protocol}
    online = sum(s.online for s in station.observation().evses if s.evse_id in ours)
    condition = Condition.OK if online == len(ours) else Condition.DEGRADED if online else Condition.DOWN
    detail, detail_zh = f"{online} of {len(ours)} outlets connected", f"{len(ours)} 个车位中 {online} 个已连接"
    return Part(name=protocol, condition=condition, detail=detail, detail_zh=detail_zh)


def _access(central: CentralSystem) -> Part:
    condition = Condition.DEGRADED if central.troubles else Condition.OK
    return Part(name="access", condition=condition, detail="; ".join(central.troubles))


def _clocks(central: CentralSystem) -> Part:
    offs = [f"{station} {off_s:+.0f} s" for station, off_s in sorted(central.clocks_off_s.items())]
    return Part(name="clocks", condition=Condition.DEGRADED if offs else Condition.OK, detail=", ".join(offs))


def _broker(link: MqttLink) -> Part:
    condition = Condition.DOWN if not link.connected else Condition.DEGRADED if link.trouble else Condition.OK
    return Part(name="broker", condition=condition, detail=link.detail)


def _meters(site: Site, station: Station) -> Part:
    observation = station.observation()
    if fresh(observation.load_kw, observation, site.rules):
        return Part(name="meters", condition=Condition.OK, detail="the load meter speaks", detail_zh="负荷表正常")
    suspect = observation.load_kw is not None and observation.load_kw.quality is Quality.SUSPECT
    trouble, trouble_zh = ("shows what cannot be", "读数不可信") if suspect else ("is silent", "无读数")
    return Part(
        name="meters",
        condition=Condition.DEGRADED,
        detail=f"the load meter {trouble}: the load counts at its highest",
        detail_zh=f"负荷表{trouble_zh}：负荷按最大值计",
    )
