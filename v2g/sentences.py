"""The sentence of each reason, in English and Chinese: one for all kinds of units, and own ones where those do not fit.

Holes: {price} is that of the bill now, {until} and {back} say when the unit moves next and what a kWh costs then, {limit} is the
limit that binds and {limit_price} what it adds. `v2g.words` fills them.
"""

from collections.abc import Mapping

from v2g.storages import StorageKind
from v2g.why import Why

Sentences = Mapping[Why, str]

ENGLISH: Sentences = {
    Why.AWAY: "Not available now.",
    Why.DONE: "Has what it needs.",
    Why.FLOOR: "Charges at once: it holds less than it must keep.",
    Why.TARGET: "Charges now at {price}: its target is due soon.",
    Why.SURPLUS: "Charges from the site's own sun.",
    Why.CHEAP: "Charges now: {price} is cheap.",
    Why.WAITS: "Waits{until}.",
    Why.RESTS: "Rests: there is nothing to gain now.",
    Why.LIMIT: "Held back by the limit of {limit}{limit_price}.",
    Why.WEAR: "Keeps its energy: giving back now would earn less than the wear costs.",
    Why.EVENT: "Follows a call of the grid.",
    Why.RESERVE: "Stands ready for a reserve promised to the grid.",
    Why.PEAK: "Gives back to hold the station's peak, which is billed by the month.",
    Why.DISCHARGE: "Gives back at {price}{back}.",
}
CHINESE: Sentences = {
    Why.AWAY: "当前不可用。",
    Why.DONE: "电量已够。",
    Why.FLOOR: "立即充电：电量低于须保留的下限。",
    Why.TARGET: "现在充电（{price}）：目标即将到期。",
    Why.SURPLUS: "用站内光伏余电充电。",
    Why.CHEAP: "现在充电：电价低（{price}）。",
    Why.WAITS: "等待{until}。",
    Why.RESTS: "静置：现在充放电都没有收益。",
    Why.LIMIT: "受 {limit} 限额约束{limit_price}。",
    Why.WEAR: "保留电量：现在放电的收益低于电池损耗。",
    Why.EVENT: "响应电网调用。",
    Why.RESERVE: "为已承诺给电网的备用容量待命。",
    Why.PEAK: "向站内供电，压低按月计费的最大需量。",
    Why.DISCHARGE: "以 {price} 向站内供电{back}。",
}
OWN_ENGLISH: Mapping[StorageKind, Sentences] = {
    StorageKind.EV: {
        Why.AWAY: "No car here.",
        Why.DONE: "Has what it needs; waits for its driver.",
        Why.FLOOR: "Charges at once: its battery is below its floor.",
        Why.TARGET: "Charges now at {price}: it needs the time to be ready when it leaves.",
        Why.WAITS: "Waits{until}; there is time enough.",
        Why.DISCHARGE: "Gives back at {price}{back}; it will be ready in time.",
    },
    StorageKind.PV: {
        Why.AWAY: "No sun now.",
        Why.LIMIT: "Makes less than it could: the limit of {limit} leaves no room.",
        Why.CHEAP: "Makes less than it could: a kWh more is worth {price} now.",
        Why.EVENT: "Makes less than it could: a call of the grid.",
        Why.RESTS: "Makes all it can.",
    },
    StorageKind.SWAP: {
        Why.FLOOR: "Charges at once: full packs must be ready for the swaps expected.",
        Why.RESTS: "Rests: enough packs are full.",
        Why.DISCHARGE: "Its packs give back at {price}{back}.",
        Why.PEAK: "Its packs give back to hold the station's peak, which is billed by the month.",
    },
    StorageKind.ELECTROLYSER: {
        Why.DONE: "The hydrogen it owes is made.",
        Why.TARGET: "Runs now at {price}: today's hydrogen needs the time.",
        Why.SURPLUS: "Runs on the site's own sun.",
        Why.CHEAP: "Runs now: {price} is cheap.",
        Why.WAITS: "Waits{until}; there is time enough for today's hydrogen.",
        Why.RESTS: "Stands still: no hydrogen is needed now.",
    },
    StorageKind.FLEXIBLE_LOAD: {
        Why.FLOOR: "Draws more at once: it is behind as far as it may be.",
        Why.TARGET: "Draws more now at {price}: it makes up for what was put off.",
        Why.SURPLUS: "Draws more now, from the site's own sun.",
        Why.CHEAP: "Draws more now: {price} is cheap.",
        Why.WAITS: "Runs as usual{until}.",
        Why.RESTS: "Runs as usual: shifting would gain nothing now.",
        Why.PEAK: "Draws less to hold the station's peak, which is billed by the month.",
        Why.DISCHARGE: "Draws less now at {price}{back}.",
    },
}
OWN_CHINESE: Mapping[StorageKind, Sentences] = {
    StorageKind.EV: {
        Why.AWAY: "没有车辆。",
        Why.DONE: "电量已够，等待车主。",
        Why.FLOOR: "立即充电：电量低于下限。",
        Why.TARGET: "现在充电（{price}）：要在离开前充好，需要这段时间。",
        Why.WAITS: "等待{until}，时间充足。",
        Why.DISCHARGE: "以 {price} 向站内供电{back}；不影响按时完成。",
    },
    StorageKind.PV: {
        Why.AWAY: "现在没有阳光。",
        Why.LIMIT: "少发电：受 {limit} 限额约束，没有余量。",
        Why.CHEAP: "少发电：现在多发一度电只值 {price}。",
        Why.EVENT: "少发电：响应电网调用。",
        Why.RESTS: "满发。",
    },
    StorageKind.SWAP: {
        Why.FLOOR: "立即充电：须为预计的换电备足满电电池。",
        Why.RESTS: "静置：满电电池已够。",
        Why.DISCHARGE: "电池以 {price} 向站内供电{back}。",
        Why.PEAK: "电池向站内供电，压低按月计费的最大需量。",
    },
    StorageKind.ELECTROLYSER: {
        Why.DONE: "应产的氢气已产足。",
        Why.TARGET: "现在制氢（{price}）：完成今日产量需要这段时间。",
        Why.SURPLUS: "用站内光伏余电制氢。",
        Why.CHEAP: "现在制氢：电价低（{price}）。",
        Why.WAITS: "等待{until}，今日产量来得及完成。",
        Why.RESTS: "停机：现在不需要氢气。",
    },
    StorageKind.FLEXIBLE_LOAD: {
        Why.FLOOR: "立即多用电：推迟的用电已到上限。",
        Why.TARGET: "现在多用电（{price}）：补回推迟的用电。",
        Why.SURPLUS: "用站内光伏余电多用电。",
        Why.CHEAP: "现在多用电：电价低（{price}）。",
        Why.WAITS: "照常用电{until}。",
        Why.RESTS: "照常用电：现在移峰没有收益。",
        Why.PEAK: "少用电，压低按月计费的最大需量。",
        Why.DISCHARGE: "现在少用电（{price}）{back}。",
    },
}
PARTS = {
    "en": {
        "until": " until {at}, when a kWh costs {later}",
        "back": ", and takes it back from {at} at {later}",
        "limit_price": ", which adds {extra} here",
    },
    "zh": {
        "until": "至 {at}，届时电价 {later}",
        "back": "，{at} 起以 {later} 补回",
        "limit_price": "（此处加价 {extra}）",
    },
}
PROMISES: Mapping[str, Mapping[StorageKind, str]] = {
    "en": {
        StorageKind.EV: "Being ready in time costs at most {cost}.",
        StorageKind.ELECTROLYSER: "The hydrogen still owed costs at most {cost}.",
    },
    "zh": {
        StorageKind.EV: "按时充好的代价最多 {cost}。",
        StorageKind.ELECTROLYSER: "尚欠的氢气代价最多 {cost}。",
    },
}
COMMON = {"en": ENGLISH, "zh": CHINESE}
OWN = {"en": OWN_ENGLISH, "zh": OWN_CHINESE}
LANGUAGES = tuple(COMMON)


def sentence_of(kind: StorageKind, why: Why, language: str) -> str:
    """Return the sentence of a reason of a unit of `kind`, with holes."""
    return OWN[language].get(kind, {}).get(why, COMMON[language][why])
