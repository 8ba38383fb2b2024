import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.topics import Topics
from v2g.errors import SiteError


def test_topics_are_those_of_the_contract() -> None:
    topics = Topics("S1")
    assert topics.station_status("CP1") == "v2g/v1/S1/station/CP1/status"
    assert topics.evse("CP1", 2, "setpoint") == "v2g/v1/S1/station/CP1/evse/2/setpoint"
    assert topics.battery("BAT", "ack") == "v2g/v1/S1/battery/BAT/ack"
    assert topics.meter("pv") == "v2g/v1/S1/meter/pv"
    assert topics.daemon_status == "v2g/v1/S1/daemon/status"
    assert topics.plan == "v2g/v1/S1/plan"


@given(st.text(max_size=5), st.sampled_from(["/", "+", "#", "\0"]), st.text(max_size=5))
def test_an_id_that_would_escape_its_level_is_refused(before: str, bad: str, after: str) -> None:
    with pytest.raises(SiteError):
        Topics(before + bad + after)
    with pytest.raises(SiteError):
        Topics("S1").station_status(before + bad + after)


def test_an_empty_id_is_refused() -> None:
    with pytest.raises(SiteError, match="cannot be part of an MQTT topic"):
        Topics("")


@pytest.mark.parametrize(
    ("topic", "version"),
    [
        ("v2g/v1/S.1/station/CP1/status", None),
        ("v2g/v2/S.1/station/CP1/status", "v2"),
        ("v2g//S.1/x", None),
        ("v2g/v2/S21/station/CP1/status", None),
        ("v2g/v2/a/S.1/status", None),
    ],
)
def test_a_topic_of_another_version_is_known_as_such(topic: str, version: str | None) -> None:
    assert Topics("S.1").other_version(topic) == version
