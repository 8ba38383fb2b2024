"""Outlets that confirm and do not follow: found by measurement, told again, counted at their worst, and trusted again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.builders import NOW, a_site, an_observation, an_outlook
from v2g.alarm import AlarmCode
from v2g.conduct import OBEYS_AGAIN_S, REACTION_S, TRIES, Conduct, believed, breach_alarms, n_to_tell, told_again, watch
from v2g.limits import limits_now
from v2g.observation import BreachKind, EvseState, Observation, Quality, Reading
from v2g.projection import project
from v2g.setpoint import Applied, Setpoint
from v2g.site import Site

LEASE = timedelta(hours=9)
STEP_S = 30.0


class Watched:
    """One outlet of a site, looked at every `STEP_S`; it follows `obeys`, or does what it likes."""

    def __init__(self, site: Site | None = None) -> None:
        self.site = site or a_site(1)
        self.base = an_observation(self.site)
        self.at = NOW
        self.told_kw: float | None = None
        self.power_kw = 0.0
        self.quality = Quality.GOOD
        self.conducts: dict[str, Conduct] = {}

    def tell(self, power_kw: float) -> None:
        self.told_kw = power_kw
        setpoint = Setpoint(unit_id="E0", power_kw=power_kw, valid_until=self.at + LEASE)
        self.conducts = told_again(self.conducts, [Applied(setpoint=setpoint, at=self.at)], self.at)

    def state(self) -> EvseState:
        reading = Reading(value=self.power_kw, at=self.at, quality=self.quality)
        lease = None if self.told_kw is None else self.at + LEASE
        return replace(self.base.evses[0], power_kw=reading, acknowledged_kw=self.told_kw, lease_until=lease)

    def observation(self) -> Observation:
        return replace(self.base, at=self.at, evses=(self.state(), *self.base.evses[1:]))

    def look(self, power_kw: float, for_s: float = 0.0) -> EvseState:
        """Let the outlet do `power_kw` for a while, looking at it; return it as it is believed."""
        end = self.at + timedelta(seconds=for_s)
        while True:
            self.power_kw = power_kw
            self.conducts = watch(self.conducts, self.observation())
            if self.at >= end:
                return believed(self.observation(), self.conducts).evses[0]
            self.at += timedelta(seconds=STEP_S)

    def counted_kw(self) -> float:
        """Return what the outlet takes of the import limit whatever it is told."""
        seen = believed(self.observation(), self.conducts)
        return limits_now(self.site, seen, an_outlook(self.site), ()).units[0].unconfirmed_kw


def settled(power_kw: float, told_kw: float) -> Watched:
    """Return an outlet that was told to do `told_kw`, and has done `power_kw` for long enough to know."""
    watched = Watched()
    watched.tell(told_kw)
    watched.look(power_kw, 3 * REACTION_S)
    return watched


@pytest.mark.parametrize(
    ("told_kw", "power_kw", "kind"),
    [
        (6.0, 6.0, None),
        (6.0, 0.0, None),
        (6.0, 6.4, None),
        (11.0, 12.0, None),
        (6.0, 7.4, BreachKind.DRAWS),
        (0.0, 3.7, BreachKind.DRAWS),
        (-5.0, 7.4, BreachKind.DRAWS),
        (-5.0, -5.0, None),
        (-5.0, -3.0, None),
        (-5.0, 0.0, BreachKind.WITHHOLDS),
        (-5.0, -7.0, BreachKind.GIVES),
        (6.0, -2.0, BreachKind.GIVES),
    ],
)
def test_what_is_measured_is_held_against_what_was_confirmed(told_kw: float, power_kw: float, kind: BreachKind | None) -> None:
    breach = settled(power_kw, told_kw).look(power_kw).breach
    assert (breach and breach.kind) == kind
    if breach:
        assert (breach.told_kw, breach.measured_kw) == (told_kw, power_kw)


def test_a_lowering_has_its_time_and_changing_setpoints_hide_nothing() -> None:
    watched = settled(11.0, 11.0)
    watched.tell(0.0)
    assert watched.look(11.0, REACTION_S - STEP_S).breach is None
    assert watched.look(11.0, STEP_S).breach is not None
    flickering = settled(11.0, 11.0)
    for told_kw in (2.0, 1.0) * 4:
        flickering.tell(told_kw)
        flickering.look(11.0, STEP_S)
    assert flickering.look(11.0).breach is not None


def test_silent_and_stale_meters_and_empty_outlets_are_not_judged() -> None:
    watched = Watched()
    watched.tell(0.0)
    watched.quality = Quality.STALE
    assert watched.look(11.0, 600).breach is None
    gone = replace(
        watched.observation(), evses=(replace(watched.state(), session=None, power_kw=Reading(value=11.0, at=watched.at)),)
    )
    assert watch(watched.conducts, gone)["E0"].breach is None
    mute = replace(watched.observation(), evses=(replace(watched.state(), power_kw=None),))
    assert watch(watched.conducts, mute)["E0"].breach is None


def test_it_is_told_again_in_other_ways_then_counts_at_its_rating_and_is_trusted_after_minutes() -> None:
    watched = settled(7.4, 0.0)
    assert watched.look(7.4).acknowledged_kw is None, "what it said counts for nothing"
    assert watched.counted_kw() == pytest.approx(7.4)
    for tries in range(TRIES):
        state = watched.look(7.4)
        assert state.breach is not None
        assert n_to_tell(watched.conducts) == 1
        assert state.breach.tries == tries
        assert [a.code for a in breach_alarms(believed(watched.observation(), watched.conducts))] == [AlarmCode.IGNORES]
        watched.tell(0.0)
        assert n_to_tell(watched.conducts) == 0
        watched.look(7.4, REACTION_S)
    (alarm,) = breach_alarms(believed(watched.observation(), watched.conducts))
    assert (alarm.code, alarm.unit_id, alarm.detail) == (AlarmCode.DISTRUSTED, "E0", "7.4 / 0.0 kW")
    assert watched.counted_kw() == watched.site.evses[0].charge_max_kw

    watched.tell(0.0)
    assert watched.look(0.0, OBEYS_AGAIN_S).breach is not None, "not at once"
    assert watched.look(7.4, REACTION_S).breach is not None
    trusted = watched.look(0.0, REACTION_S + OBEYS_AGAIN_S + STEP_S)
    assert (trusted.breach, trusted.acknowledged_kw) == (None, 0.0)
    assert watched.counted_kw() == 0.0


def test_it_is_told_the_same_again_and_not_what_it_does_anyway() -> None:
    watched = settled(11.0, 6.0)
    seen = believed(watched.observation(), watched.conducts)
    limits = limits_now(watched.site, seen, an_outlook(watched.site), ())
    (again,) = project({"E0": 11.0}, (), limits, watched.at + LEASE, {})
    assert (again.power_kw, again.bound_by) == (6.0, ("ignores",))


def test_once_told_again_it_has_its_time_before_it_is_judged_anew() -> None:
    watched = settled(7.4, 0.0)
    watched.tell(0.0)
    for _ in range(2):
        state = watched.look(7.4, STEP_S)
        watched.tell(0.0)
        assert state.breach is not None
        assert state.breach.tries == 0


def test_a_charger_that_confirms_nothing_counts_no_less_for_being_in_breach() -> None:
    watched = settled(7.4, 0.0)
    watched.told_kw = None
    watched.look(7.4)
    assert watched.counted_kw() == watched.site.evses[0].charge_max_kw


def test_a_car_that_gives_back_nothing_is_taken_for_unable_until_it_leaves() -> None:
    watched = settled(0.0, -5.0)
    for _ in range(TRIES):
        watched.tell(-5.0)
        watched.look(0.0, REACTION_S)
    state = watched.look(0.0)
    assert state.session is not None
    assert state.session.vehicle.discharge_max_kw == 0.0
    assert state.acknowledged_kw == -5.0
    assert watched.counted_kw() == 0.0, "it harms nobody"
    watched.tell(0.0)
    assert watched.look(0.0, 2 * OBEYS_AGAIN_S).breach is not None, "who is not asked proves nothing"
    assert watched.base.evses[0].session is not None
    other = replace(watched.base.evses[0].session, session_id="another")
    watched.base = replace(watched.base, evses=(replace(watched.base.evses[0], session=other),))
    assert watched.look(0.0).breach is None


def test_a_meter_that_tells_less_than_the_word_may_lie() -> None:
    counts = {}
    for told_kw, power_kw in ((-5.0, 0.0), (-5.0, 7.4), (6.0, -2.0)):
        watched = settled(power_kw, told_kw)
        seen = believed(watched.observation(), watched.conducts)
        (unit,) = limits_now(watched.site, seen, an_outlook(watched.site), ()).units
        counts[told_kw, power_kw] = unit.unconfirmed_kw, unit.unconfirmed_give_kw
    assert counts == {(-5.0, 0.0): (0.0, 5.0), (-5.0, 7.4): (7.4, 5.0), (6.0, -2.0): (6.0, 0.0)}


def test_what_is_given_back_beyond_the_word_takes_room_at_the_export_limit() -> None:
    watched = settled(-7.0, 0.0)
    site, outlook = watched.site, an_outlook(watched.site)
    room_kw = limits_now(site, watched.observation(), outlook, ()).export_room_kw[0]
    seen = believed(watched.observation(), watched.conducts)
    assert limits_now(site, seen, outlook, ()).export_room_kw[0] == pytest.approx(max(room_kw - 7.0, 0.0))


class Conducts(RuleBasedStateMachine):
    """Two outlets behind one limit; the first obeys or not, and it is told whatever the projection allows."""

    @initialize()
    def begin(self) -> None:
        self.watched = Watched(a_site(2, limit_kw=30.0))
        self.obeys = True
        self.defied_at: datetime | None = None
        self.sent_at = NOW
        self.tell(11.0)

    @rule(wanted_kw=st.sampled_from([0.0, 4.2, 7.0, 11.0]))
    def tell(self, wanted_kw: float) -> None:
        """Tell the first what fits of `wanted_kw`."""
        watched = self.watched
        seen = believed(watched.observation(), watched.conducts)
        limits = limits_now(watched.site, seen, an_outlook(watched.site), ())
        first, second = project({"E0": wanted_kw, "E1": 11.0}, ("E0", "E1"), limits, watched.at + LEASE, {})
        kept_kw = max(limits.units[0].unconfirmed_kw, first.power_kw)
        assert kept_kw + max(second.power_kw, 0.0) <= max(limits.import_room_kw[0], kept_kw) + 1e-6
        watched.tell(first.power_kw)
        self.sent_at = watched.at

    @rule(obeys=st.booleans())
    def turn(self, obeys: bool) -> None:
        """Let it obey from now on, or draw all it can."""
        self.obeys = obeys

    @rule(seconds=st.sampled_from([30.0, 60.0, 120.0, 600.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        told_kw = self.watched.told_kw or 0.0
        self.watched.look(told_kw if self.obeys else 11.0, seconds)
        if not self.obeys and seconds >= 2 * REACTION_S and told_kw < 10.0:
            assert self.watched.look(11.0).breach is not None, "it is found"
        if self.obeys and seconds >= REACTION_S + OBEYS_AGAIN_S + 2 * STEP_S:
            assert self.watched.look(told_kw).breach is None, "it is trusted again"

    @invariant()
    def it_counts_at_least_at_what_it_does_against_its_word(self) -> None:
        """Whoever is known not to keep its word takes what it draws of the limit."""
        conduct = self.watched.conducts.get("E0")
        if conduct and conduct.breach and conduct.breach.kind is BreachKind.DRAWS:
            worst_kw = self.watched.site.evses[0].charge_max_kw if conduct.breach.tries >= TRIES else self.watched.power_kw
            assert self.watched.counted_kw() >= worst_kw - 1e-9


Conducts.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestConducts = Conducts.TestCase
