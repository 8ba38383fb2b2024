"""A made-up past behind the port `Records`: a month of results, forecasts that nearly came true, a log that can break."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from tests.support.fake_station import FakeStation
from v2g.records import AuditChain, AuditEntry, AuditPage, Expected, Results
from v2g.results import Period, Result, Side, by_period, total
from v2g.standing import ForecastScore

N_ENTRIES = 120


class FakeRecords:
    """Fills `v2g.records.Records`; nothing is known of the days before `since`."""

    def __init__(self, station: FakeStation) -> None:
        self.station = station
        self.since = (station.now() - timedelta(days=40)).date()
        self.broken = ""
        self.kept = True

    async def results(self, first: date, last: date, by: Period) -> Results:
        begin = max(first, self.since)
        days = [a_day(begin + timedelta(days=i)) for i in range((last - begin).days + 1)] if self.kept else []
        return Results(rows=by_period(days, by), total=total(days, days[0].start) if days else None)

    async def expected(self, at: datetime) -> Expected | None:
        record = self.station.latest()
        if record is None or not self.kept:
            return None
        return Expected(made_at=at, outlook=replace(record.outlook, grid=replace(record.outlook.grid, start=at)))

    async def scores(self, since: datetime) -> tuple[ForecastScore, ...]:
        if not self.kept:
            return ()
        days = (since + timedelta(days=i) for i in range(1, (self.station.now() - since).days + 1))
        return tuple(
            ForecastScore(
                signal=signal, at=at, n=96, inside=0.74 + 0.01 * (at.day % 9), loss=2.0 + 0.1 * (at.day % 5), baseline_loss=2.9
            )
            for at in days
            for signal in ("load", "pv")
        )

    async def audit(self, *, kind: str, text: str, before: int | None, most: int) -> AuditPage:
        newest = [an_entry(n, self.station.now()) for n in range(N_ENTRIES, 0, -1) if before is None or n < before]
        found = [e for e in newest if kind in ("", e.kind) and text.lower() in str(e.facts).lower()]
        return AuditPage(entries=tuple(found[:most]), older=found[most - 1].number if len(found) > most else None)

    async def audit_chain(self) -> AuditChain:
        return AuditChain(n=N_ENTRIES, head="ab" * 32, broken=self.broken, whole=True)

    async def audit_lines(self) -> AsyncIterator[str]:
        for number in range(1, N_ENTRIES + 1):
            yield f'{{"entry":{{"id":{number}}},"hash":"{number:064x}"}}\n'


def a_day(day: date) -> Result:
    more = day.toordinal() % 7
    return Result(
        start=day,
        charged_kwh=420.0 + 15 * more,
        discharged_kwh=38.0 + 4 * more,
        pv_kwh=95.0,
        valley_kwh=281.0 + 9 * more,
        wear_cost=1.6,
        visits=24 + more,
        asked=20,
        kept=20 - (more == 3),
        actual=Side(import_kwh=760.0, export_kwh=12.0, peak_kw=104.0 + more, energy_cost=402.0 + 5 * more, carbon_kg=410.0),
        uncontrolled=Side(import_kwh=742.0, export_kwh=0.0, peak_kw=171.0, energy_cost=561.0 + 8 * more, carbon_kg=423.0),
    )


def an_entry(number: int, now: datetime) -> AuditEntry:
    kinds = ("plan", "setpoints", "signal", "wishes")
    kind = kinds[number % len(kinds)]
    facts = {"tick": number, "note": f"<b>{kind}</b> of A{number % 9:02}"}
    return AuditEntry(
        number=number, at=now - timedelta(minutes=5 * (N_ENTRIES - number)), kind=kind, facts=facts, hash=f"{number:064x}"
    )
