"""Frames that are nearly right: real ones of every version with places replaced, dropped or doubled, or with their text damaged."""

import json
import random
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from ocpp.messages import MessageType
from ocpp.v16.enums import Action as Action16
from ocpp.v21.enums import Action as Action21
from ocpp.v201.enums import Action as Action201

from tests.adapters.ocpp.charger2 import sampled
from tests.adapters.ocpp.instances import STAMP, instance

ACTIONS = {
    "1.6": sorted(map(str, Action16)),
    "2.0.1": sorted(map(str, Action201)),
    "2.1": sorted(map(str, Action21)),
}
METER = [
    {
        "timestamp": STAMP,
        "sampledValue": [
            sampled(7000, "Power.Active.Import"),
            sampled(7000, "Power.Active.Export", phase="L1"),
            sampled(1.5, "Energy.Active.Import.Register", "kWh"),
            sampled(2, "Energy.Active.Export.Register", "Wh", unitOfMeasure={"unit": "Wh", "multiplier": 3}),
            sampled(55, "SoC", "Percent"),
        ],
    }
]
LIVELY: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "1.6": [
        ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}),
        ("StartTransaction", {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": STAMP}),
        ("StopTransaction", {"transactionId": 1, "meterStop": 10, "timestamp": STAMP}),
        ("StopTransaction", {"transactionId": 2, "meterStop": 10, "timestamp": STAMP}),
        ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}),
    ],
    "2.0.1": [
        ("BootNotification", {"chargingStation": {"vendorName": "V", "model": "M"}, "reason": "PowerUp"}),
        ("StatusNotification", {"timestamp": STAMP, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}),
        *(
            (
                "TransactionEvent",
                {
                    "eventType": kind,
                    "timestamp": STAMP,
                    "triggerReason": "Trigger",
                    "seqNo": 1,
                    "transactionInfo": {"transactionId": name, "chargingState": "Charging"},
                    "evse": {"id": 1},
                    "idToken": {"idToken": "TAG", "type": "ISO14443"},
                    "meterValue": METER,
                },
            )
            for kind in ("Started", "Updated", "Ended")
            for name in ("tx-1", "other")
        ),
    ],
}
LIVELY["2.1"] = [
    *LIVELY["2.0.1"],
    ("PullDynamicScheduleUpdate", {"chargingProfileId": 1013}),
    ("NotifyPriorityCharging", {"transactionId": "tx-1", "activated": True}),
]
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    10**17,
    -(10**17),
    1e308,
    -1e308,
    1e-320,
    0.1,
    "",
    "NaN",
    "-1e12",
    "1e400",
    "banana",
    "\u0000",
    "\ud800",
    "x" * 300,
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "../../etc",
    [],
    {},
    [[]],
    {"a": None},
]


def place_of(value: Any, dice: random.Random) -> tuple[Any, Any] | None:
    """Return a random container within `value` and one of its keys, None where there is none."""
    places: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        here = stack.pop()
        keys = list(here) if isinstance(here, dict) else list(range(len(here))) if isinstance(here, list) else []
        places += [(here, key) for key in keys]
        stack += [here[key] for key in keys]
    return dice.choice(places) if places else None


def mutated(frame: Any, dice: random.Random) -> Any:
    """Return a copy of `frame` with one to four places changed."""
    copy = json.loads(json.dumps(frame))
    for _ in range(dice.randint(1, 4)):
        place = place_of(copy, dice)
        if place is None:
            break
        container, key = place
        match dice.randrange(5):
            case 0 if isinstance(container, dict):
                del container[key]
            case 1 if isinstance(container, dict):
                container[dice.choice(["x", "", "customData", str(key).upper()])] = container[key]
            case 2 if isinstance(container[key], list):
                container[key] = container[key] * dice.choice([0, 2, 30])
            case 3 if isinstance(container[key], (int, float)):
                container[key] = container[key] * dice.choice([-1, 1000, 0.5]) if dice.random() < 0.5 else str(container[key])
            case _:
                container[key] = deepcopy(dice.choice(ODD))
    return copy


def damaged(text: str, dice: random.Random) -> str | bytes:
    """Return `text` cut, doubled, with characters replaced, as bytes, or something else altogether."""
    at = dice.randrange(len(text) + 1)
    ways: list[Callable[[], str | bytes]] = [
        lambda: text[:at],
        lambda: text[:at] + dice.choice(['"', "{", "}", "[", "]", ",", "\\", "9" * 400, "\x00", "NaN"]) + text[at:],
        lambda: text + text,
        lambda: text.encode("utf-8", "replace"),
        lambda: dice.randbytes(at),
        lambda: "[" * dice.choice([5, 19, 21, 3000]),
        lambda: f'[2,"d","Heartbeat",{"{" * 1}"a":{"[" * 30}{"]" * 30}}}]',
    ]
    return dice.choice(ways)()


@cache
def requests(version: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the requests of a version, the least and the whole of each, and those that move something more often."""
    kinds = [
        (action, instance(MessageType.Call, action, version, whole=whole)) for action in ACTIONS[version] for whole in (False, True)
    ]
    return kinds + LIVELY[version] * 20


@cache
def reply(action: str, version: str, *, whole: bool) -> dict[str, Any]:
    """Return an answer that fits."""
    return instance(MessageType.CallResult, action, version, whole=whole)


class Source:
    """An endless supply of a version's frames, the same for the same seed; some stations are sounder than others."""

    def __init__(self, version: str, seed: int) -> None:
        self.dice, self.version = random.Random(seed), version
        self._requests = requests(version)
        self._sound = self.dice.choice([0.25, 0.5, 0.9])
        self._count = 0

    def text(self) -> str | bytes:
        """Return one frame: right, nearly right, or damaged."""
        self._count += 1
        action, payload = self.dice.choice(self._requests)
        frame = [self.dice.choice([2, 2, 2, 2, 2, 2, 3, 4, 5, 6, 7]), f"m{self._count}", action, payload]
        chance = self.dice.random()
        if chance < self._sound:
            return json.dumps([2, *frame[1:]])
        text = json.dumps(mutated(frame, self.dice))
        return text if self.dice.random() < 0.8 else damaged(text, self.dice)

    def answer(self, action: str, message_id: str) -> str | bytes:
        """Return an answer to a request of the central system's: right, nearly right, or none of it."""
        payload = reply(action, self.version, whole=self.dice.random() < 0.5)
        frame = [3, message_id, payload] if self.dice.random() < 0.9 else [4, message_id, "InternalError", "", {}]
        chance = self.dice.random()
        if chance < self._sound:
            return json.dumps(frame)
        return json.dumps(mutated(frame, self.dice)) if self.dice.random() < 0.8 else damaged(json.dumps(frame), self.dice)
