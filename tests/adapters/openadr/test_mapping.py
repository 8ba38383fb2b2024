from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.openadr.mapping import Mapped, Terms, in_order, mapped
from adapters.openadr.reading import FOR_EVER, Event, read_event
from adapters.openadr.wanting import wants
from tests.adapters.openadr.double import an_event
from tests.support.fake_world import World
from v2g.errors import SignalError
from v2g.signals import Interval, SignalKind

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
SIX = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITE = World(NOW).site
TERMS = Terms(source="openadr", prefix="oa-", ven_name="station-1", names=frozenset({"station-1"}), priority=100)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def read(raw: Any, now: datetime = NOW) -> Event:
    return read_event(raw, now=now, seen_at=now, zone=ZoneInfo("Asia/Shanghai"))


def meant(raw: Any, terms: Terms = TERMS) -> Mapped:
    return mapped(read(raw), terms, SITE)


def payloads(kind: str, *values: Any) -> list[dict[str, Any]]:
    return [{"id": i, "payloads": [{"type": kind, "values": [value]}]} for i, value in enumerate(values)]


def test_a_price_curve_becomes_intervals_one_after_the_other() -> None:
    (signal,) = meant(an_event()).signals
    assert (signal.kind, signal.priority, signal.reason, signal.source) == (SignalKind.PRICE, 5, "tomorrow", "openadr")
    assert [(i.start - SIX, i.end - SIX, i.value) for i in signal.intervals] == [
        (0 * HOUR, HOUR, 0.5),
        (HOUR, 2 * HOUR, 0.9),
        (2 * HOUR, 3 * HOUR, 0.4),
    ]
    assert signal.issued_at == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def test_an_intervals_own_period_goes_before_the_events() -> None:
    raw = an_event(intervals=payloads("PRICE", 0.5, 0.9))
    raw["intervals"][1]["intervalPeriod"] = {"start": "2026-03-04T09:00:00Z", "duration": "PT30M"}
    (signal,) = meant(raw).signals
    assert [(i.start, i.end) for i in signal.intervals] == [(SIX, SIX + HOUR), (SIX + 3 * HOUR, SIX + 3.5 * HOUR)]


def test_an_event_for_ever_from_now() -> None:
    raw = an_event(
        intervalPeriod={"start": "0001-01-01T00:00:00", "duration": "P9999Y"}, intervals=payloads("IMPORT_CAPACITY_LIMIT", 80)
    )
    (signal,) = meant(raw).signals
    assert signal.intervals == (Interval(start=datetime(2026, 3, 4, 5, tzinfo=UTC), end=FOR_EVER, value=80.0),)


def test_an_events_own_duration_repeats_its_intervals() -> None:
    raw = an_event(duration="P9999Y", intervalPeriod={"start": "2026-01-01T00:00:00Z", "duration": "PT12H"})
    raw["intervals"] = payloads("PRICE", 0.3, 0.6)
    (signal,) = meant(raw).signals
    assert signal.intervals[0].start <= NOW < NOW + timedelta(days=7) < signal.intervals[-1].end
    assert {(i.start.hour, i.value) for i in signal.intervals} == {(0, 0.3), (12, 0.6)}
    assert meant(raw) == mapped(read(raw, NOW + HOUR), TERMS, SITE)


def test_randomised_starts_stay_the_same_and_within_their_range() -> None:
    raw = an_event(intervalPeriod={"start": "2026-03-04T06:00:00Z", "duration": "PT1H", "randomizeStart": "PT10M"})
    starts = {meant(raw | {"id": f"e{i}"}).signals[0].intervals[0].start - SIX for i in range(40)}
    assert all(timedelta(0) <= start < timedelta(minutes=10) for start in starts)
    assert len(starts) > 30
    assert meant(raw) == meant(raw)


@pytest.mark.parametrize(
    ("units", "value", "meaning"), [("KWH", 0.5, 0.5), ("MWH", 500, 0.5), ("", 0.5, 0.5), ("kwh", "0.5", 0.5), ("WH", 0.0005, 0.5)]
)
def test_prices_are_per_kwh_whatever_their_unit(units: str, value: Any, meaning: float) -> None:
    descriptor = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": units, "currency": SITE.currency}
    (signal,) = meant(an_event(intervals=payloads("PRICE", value), payloadDescriptors=[descriptor])).signals
    assert signal.intervals[0].value == pytest.approx(meaning)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"intervals": payloads("PRICE", 0.5, 1e9)}, "out of bounds"),
        ({"intervals": payloads("PRICE", "NaN")}, "no number"),
        ({"intervals": payloads("PRICE", "dear")}, "no number"),
        ({"intervals": payloads("PRICE", True)}, "number"),
        ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1, 2]}]}]}, "2 values"),
        ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE"}]}]}, "0 values"),
        ({"intervals": payloads("IMPORT_CAPACITY_LIMIT", -1)}, "out of bounds"),
        ({"intervals": payloads("SIMPLE", 2)}, "simple_kw"),
        ({"intervals": payloads("DISPATCH_SETPOINT", 20)}, "dispatch_penalty_per_kwh"),
        ({"payloadDescriptors": [{"payloadType": "PRICE", "currency": "XXX"}]}, "XXX"),
        ({"payloadDescriptors": [{"payloadType": "PRICE", "units": "THERM"}]}, "THERM"),
        ({"intervalPeriod": {"start": "soon", "duration": "PT1H"}}, "no instant"),
        ({"intervalPeriod": {"start": "2026-03-04T06:00:00Z", "duration": "1h"}}, "no duration"),
    ],
)
def test_nonsense_is_refused_with_words(said: dict[str, Any], why: str) -> None:
    result = meant(an_event(**said))
    assert not result.signals
    assert any(why in str(error) for error in result.refused)
    assert all(error.place == "e1" for error in result.refused)


def test_of_a_limit_what_can_be_used_holds_and_the_rest_is_told() -> None:
    result = meant(an_event(intervals=payloads("IMPORT_CAPACITY_LIMIT", 50, "NaN", 60)))
    (signal,) = result.signals
    assert [i.value for i in signal.intervals] == [50.0, 60.0]
    assert len(result.refused) == 1


def test_levels_and_emergencies_are_the_site_files_limits() -> None:
    terms = Terms(source="s", prefix="p", ven_name="v", simple_kw=(80.0, 40.0, 10.0), emergency_kw=5.0)
    (signal,) = meant(an_event(intervals=payloads("SIMPLE", 0, 1, 3)), terms).signals
    assert [(i.start, i.value) for i in signal.intervals] == [(SIX + HOUR, 80.0), (SIX + 2 * HOUR, 10.0)]
    result = meant(an_event(intervals=payloads("ALERT_GRID_EMERGENCY", "shed now")), terms)
    assert result.signals[0].intervals[0].value == 5.0
    assert result.notes == ("ALERT_GRID_EMERGENCY: shed now",)
    assert not meant(an_event(intervals=payloads("ALERT_FLEX_ALERT", "hot")), terms).signals


def test_a_dispatch_has_the_site_files_penalty() -> None:
    terms = Terms(source="s", prefix="p", ven_name="v", dispatch_penalty_per_kwh=1.5)
    (signal,) = meant(an_event(intervals=payloads("DISPATCH_SETPOINT", 20)), terms).signals
    assert signal.contract is not None
    assert signal.contract.penalty == 1.5


def test_unknown_payloads_are_noted_and_change_nothing() -> None:
    raw = an_event()
    raw["intervals"][0]["payloads"].append({"type": "VENDOR_MAGIC", "values": [{"x": 1, "y": 2}]})
    assert len(meant(raw).signals) == 1
    assert meant(raw).notes == ("VENDOR_MAGIC means nothing here",)


@pytest.mark.parametrize(("targets", "ours"), [(["station-1"], True), (["other"], False), ([], True), (None, True)])
def test_only_events_for_this_station_count(targets: list[str] | None, ours: bool) -> None:
    assert bool(wants([read(an_event(targets=targets))], TERMS, SITE).signals) is ours
    older = None if targets is None else [{"type": "VEN_NAME", "values": targets}] if targets else []
    assert bool(wants([read(an_event(targets=older))], TERMS, SITE).signals) is ours


def test_reservations_add_to_what_was_subscribed() -> None:
    base = read(
        an_event("a", intervalPeriod={"start": "2026-03-04T06:00:00Z"}, intervals=payloads("IMPORT_CAPACITY_SUBSCRIPTION", 60))
    )
    more = read(an_event("b", intervals=payloads("IMPORT_CAPACITY_RESERVATION", 25)))
    (signal,) = wants([base, more], TERMS, SITE).signals.values()
    assert [(i.start, i.end, i.value) for i in signal.intervals] == [(SIX, SIX + HOUR, 85.0), (SIX + HOUR, FOR_EVER, 60.0)]
    assert not wants([more], TERMS, SITE).signals


def test_a_strong_priority_is_held_back_by_the_site_file() -> None:
    terms = Terms(source="s", prefix="p", ven_name="v", strongest=50)
    assert meant(an_event(priority=0), terms).signals[0].priority == 50
    assert meant(an_event(priority=10**6), terms).signals[0].priority == 1000
    assert meant(an_event(priority=None), terms).signals[0].priority == 100


@given(st.from_regex(r"-?P\d{1,9}DT\d{1,12}S", fullmatch=True), st.sampled_from(["PT1H", "P9999Y", "-PT1H", "PT0S"]))
def test_lots_of_any_length_leave_intervals_in_time(lots: str, length: str) -> None:
    period = {"start": "2026-03-04T06:00:00Z", "duration": length, "randomizeStart": lots}
    for signal in meant(an_event(intervalPeriod=period)).signals:
        assert all(abs(i.start - SIX) <= timedelta(hours=27) for i in signal.intervals[:1])


@given(st.dictionaries(st.sampled_from(sorted(an_event())), JSON, max_size=4), JSON)
def test_whatever_a_vtn_sends_is_read_or_refused(said: dict[str, Any], interval: Any) -> None:
    raw = an_event() | said
    if isinstance(raw.get("intervals"), list):
        raw["intervals"] = [
            *raw["intervals"],
            interval,
            {"payloads": [interval]},
            {"payloads": [{"type": "PRICE", "values": interval}]},
        ]
    try:
        event = read(raw)
    except SignalError:
        return
    for signal in mapped(event, TERMS, SITE).signals:
        assert all(i.start < i.end for i in signal.intervals)
        assert all(a.end <= b.start for a, b in pairwise(signal.intervals))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10), st.floats(0, 9)), max_size=12), st.booleans())
def test_order_says_at_each_instant_what_the_list_says(raw: list[tuple[int, int, float]], least: bool) -> None:
    intervals = [Interval(start=SIX + a * HOUR, end=SIX + (a + n) * HOUR, value=v) for a, n, v in raw]
    result = list(in_order(intervals, least=least))
    assert all(a.end <= b.start for a, b in pairwise(result))
    for hour in range(45):
        at = SIX + (hour + 0.5) * HOUR
        speaking = [i for i in intervals if i.start <= at < i.end]
        told = [i.value for i in result if i.start <= at < i.end]
        if not speaking:
            assert not told
        elif least:
            assert told == [min(i.value for i in speaking)]
        else:
            latest = max(i.start for i in speaking)
            assert told[0] in {i.value for i in speaking if i.start == latest}


@given(st.lists(st.sampled_from([15, 30, 60, 1440]), min_size=1, max_size=20))
def test_intervals_without_starts_close_up(minutes: list[int]) -> None:
    raw = an_event(intervals=payloads("PRICE", *(0.1 * (i + 1) for i in range(len(minutes)))))
    for interval, length in zip(raw["intervals"], minutes, strict=True):
        interval["intervalPeriod"] = {"duration": f"PT{length}M"}
    (signal,) = meant(raw).signals
    assert [i.end - i.start for i in signal.intervals] == [timedelta(minutes=m) for m in minutes]
    assert all(a.end == b.start for a, b in pairwise(signal.intervals))
