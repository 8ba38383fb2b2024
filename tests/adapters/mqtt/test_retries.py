from adapters.mqtt.retries import FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_S, Retries


def test_waits_grow_up_to_the_longest_and_begin_anew_after_a_steady_connection() -> None:
    retries = Retries()
    waits = [retries.lost(None) for _ in range(8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert retries.lost(STEADY_S - 1.0) == LONGEST_WAIT_S, "a connection that breaks at once is no reason to hurry"
    assert retries.lost(STEADY_S) == FIRST_WAIT_S


def test_a_broker_that_is_away_is_no_flapping_but_connections_that_break_again_and_again_are() -> None:
    retries = Retries()
    for _ in range(10):
        retries.lost(None)
    assert retries.trouble == ""
    for _ in range(3):
        assert retries.trouble == ""
        retries.lost(1.0)
    assert retries.trouble == "lost 3 times soon after it was made"
    retries.lost(STEADY_S)
    assert retries.trouble == ""


def test_whoever_has_a_rival_gives_way_and_says_so_until_it_was_left_alone() -> None:
    retries = Retries()
    retries.meet_rival()
    assert retries.lost(1.0) == LONGEST_WAIT_S
    assert "second daemon" in retries.trouble
    retries.lost(STEADY_S - 1.0)
    assert "second daemon" in retries.trouble
    assert retries.lost(STEADY_S) == FIRST_WAIT_S
    assert retries.trouble == ""
