"""Whether what the central system acknowledged was kept, once: its own words on the wire against the rows in its database."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOLERANCE_KWH = 1e-6
TELLING = ("StartTransaction", "StopTransaction", "TransactionEvent")


class Witness:
    """Listens to every frame, and remembers which beginnings and ends of transactions were acknowledged."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        self._begun: dict[tuple[str, int], dict[str, Any]] = {}
        self._ended: dict[tuple[str, int], dict[str, Any]] = {}
        self._events: dict[tuple[str, str], set[str]] = {}

    def hear(self, station: str, frame: list[Any], *, from_station: bool) -> None:
        """Take in one frame as it is sent."""
        match frame:
            case [2, str(message_id), str(action), dict(payload)] if from_station:
                self._asked[station, message_id] = action, payload
            case [3, str(message_id), dict(answer)] if not from_station:
                action, payload = self._asked.get((station, message_id), ("", {}))
                self._acknowledged(station, action, payload, answer)

    def _acknowledged(self, station: str, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
        match action:
            case "StartTransaction":
                self._begun[station, answer["transactionId"]] = payload
            case "StopTransaction":
                self._ended[station, payload["transactionId"]] = payload
            case "TransactionEvent":
                name = payload["transactionInfo"]["transactionId"]
                self._events.setdefault((station, name), set()).add(payload["eventType"])

    @property
    def n_acknowledged(self) -> int:
        """How many beginnings and ends were acknowledged."""
        return len(self._begun) + len(self._ended) + sum(len(types - {"Updated"}) for types in self._events.values())

    def check(self, database: Path) -> Iterator[str]:
        """Yield a sentence for each record that is lost, wrong, or there twice."""
        with sqlite3.connect(database) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute("SELECT * FROM transactions").fetchall()
        by_id = {row["transaction_id"]: row for row in rows}
        for (station, transaction_id), payload in self._begun.items():
            row = by_id.get(transaction_id)
            if row is None or row["station_id"] != station or _differs(row["meter_start_kwh"], payload["meterStart"]):
                yield f"the beginning of {station}'s transaction {transaction_id} is lost"
        for (station, transaction_id), payload in self._ended.items():
            row = by_id.get(transaction_id)
            if row is None or row["station_id"] != station:  # it said an end of what nobody began, which changes nothing
                continue
            if row["ended_at"] is None or _differs(row["meter_stop_kwh"], payload["meterStop"]):
                yield f"the end of {station}'s transaction {transaction_id} is lost"
        by_name = {(row["station_id"], row["reference"]): row for row in rows if row["reference"]}
        for (station, name), types in self._events.items():
            row = by_name.get((station, name))
            if row is None or ("Ended" in types and row["ended_at"] is None):
                yield f"what {station} told of its transaction {name} ({', '.join(sorted(types))}) is lost"
        facts = Counter(
            (r["station_id"], r["reference"] or (r["connector_id"], r["driver"], r["meter_start_kwh"], r["began_at"])) for r in rows
        )
        for fact, n in facts.items():
            if n > 1:
                yield f"{fact} is kept {n} times"


def frame_of(text: str) -> list[Any]:
    """Return the frame in a message that may tell of a transaction or answer who does, else an empty one: to read all is slow."""
    if not (text.startswith("[3") or any(action in text for action in TELLING)):
        return []
    frame = json.loads(text)
    assert isinstance(frame, list)
    return frame


def _differs(kept_kwh: float | None, told_wh: float) -> bool:
    return kept_kwh is None or abs(kept_kwh - told_wh / 1000.0) > TOLERANCE_KWH
