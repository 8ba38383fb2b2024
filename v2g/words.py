"""Explanations in words, Chinese and English."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from v2g.plan import Plan
from v2g.site import Site
from v2g.timegrid import Array
from v2g.why import Explanation, Why

WORTH_SAYING = 0.005
"""Prices below this [currency/kWh], and costs below this [currency], are not told."""
ENGLISH: Mapping[Why, str] = {
    Why.AWAY: "No car here.",
    Why.DONE: "Has what it needs; waits for its driver.",
    Why.FLOOR: "Charges at once: its battery is below its floor.",
    Why.TARGET: "Charges now at {price}: it needs the time to be ready when it leaves.",
    Why.SURPLUS: "Charges from the site's own sun.",
    Why.CHEAP: "Charges now: {price} is cheap here.",
    Why.WAITS: "Waits{until}; there is time enough.",
    Why.RESTS: "Rests: there is nothing to gain now.",
    Why.LIMIT: "Held back by the limit of {limit}{limit_price}.",
    Why.WEAR: "Keeps its energy: giving back now would earn less than the wear costs.",
    Why.EVENT: "Follows a call of the grid.",
    Why.RESERVE: "Keeps energy ready for a reserve that was promised to the grid.",
    Why.PEAK: "Gives back to hold the station's peak, which is billed by the month.",
    Why.DISCHARGE: "Gives back at {price}{until}; it will be ready in time.",
    Why.UNCONTROLLED: "Does not take orders; charges as it likes.",
    Why.FALLBACK: "Out of reach; follows its fallback.",
}
CHINESE: Mapping[Why, str] = {
    Why.AWAY: "没有车辆。",
    Why.DONE: "电量已够，等待车主。",
    Why.FLOOR: "立即充电：电量低于下限。",
    Why.TARGET: "现在充电（{price}）：要在离开前充好，需要这段时间。",
    Why.SURPLUS: "用站内光伏余电充电。",
    Why.CHEAP: "现在充电：此处电价低（{price}）。",
    Why.WAITS: "等待{until}，时间充足。",
    Why.RESTS: "静置：现在充放电都没有收益。",
    Why.LIMIT: "受 {limit} 限额约束{limit_price}。",
    Why.WEAR: "保留电量：现在放电的收益低于电池损耗。",
    Why.EVENT: "响应电网调用。",
    Why.RESERVE: "保留电量，备用容量已承诺给电网。",
    Why.PEAK: "向站内供电，压低按月计费的最大需量。",
    Why.DISCHARGE: "以 {price} 向站内供电{until}；不影响按时完成。",
    Why.UNCONTROLLED: "不接受调度，自行充电。",
    Why.FALLBACK: "无法联系，按后备功率运行。",
}
PARTS = {
    "en": {
        "until": " until {at}, when a kWh costs {later}",
        "back": ", and takes it back from {at} at {later}",
        "limit_price": ", which adds {extra} here",
        "promise": "Being ready in time costs at most {cost}.",
    },
    "zh": {
        "until": " {at}，届时电价 {later}",
        "back": "，{at} 起以 {later} 补回",
        "limit_price": "（此处加价 {extra}）",
        "promise": "按时充好的代价最多 {cost}。",
    },
}
SENTENCES = {"en": ENGLISH, "zh": CHINESE}
LANGUAGES = tuple(SENTENCES)


def in_words(explanation: Explanation, plan: Plan, site: Site, language: str) -> str:
    """Return why the unit does what it does now, and what its promise costs, in `language` ("en" or "zh")."""
    sentence, parts = SENTENCES[language][explanation.why[0]], PARTS[language]
    row = plan.unit_ids.index(explanation.unit_id)
    later = _next_charge(plan.power_kw[row])
    until = ""
    if later is not None:
        kind = "back" if explanation.why[0] is Why.DISCHARGE else "until"
        at = _local(plan.grid.starts[later], site)
        until = parts[kind].format(at=at, later=_price(explanation.price_per_kwh[later], site))
    extra = explanation.limit_price_per_kwh[0]
    said = sentence.format(
        price=_price(explanation.price_per_kwh[0], site),
        until=until,
        limit=explanation.limit[0] or site.circuits[0].circuit_id,
        limit_price=parts["limit_price"].format(extra=_price(extra, site)) if extra > WORTH_SAYING else "",
    )
    if explanation.promise_cost <= WORTH_SAYING or not np.isfinite(explanation.promise_cost):
        return said
    cost = f"{explanation.promise_cost:.2f} {site.currency}"
    return said + (" " if language == "en" else "") + parts["promise"].format(cost=cost)


def _next_charge(power_kw: Array) -> int | None:
    later = np.flatnonzero(power_kw[1:] > 0)
    return int(later[0]) + 1 if len(later) else None


def _local(instant: datetime, site: Site) -> str:
    return f"{instant.astimezone(ZoneInfo(site.time_zone)):%H:%M}"


def _price(price_per_kwh: float, site: Site) -> str:
    return f"{price_per_kwh:.3f} {site.currency}/kWh"
