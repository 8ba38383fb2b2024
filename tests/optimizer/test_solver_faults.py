from tests.support.faulty_solver import FAULTS
from tests.support.solver_faults import befall


async def test_whatever_becomes_of_the_solver_the_next_rung_answers_and_says_why() -> None:
    """`make solver-faults` does the same with more faults. How long it takes is told there, not here."""
    answers = [answer async for answer in befall(len(FAULTS), seed=7)]
    assert {answer.fault for answer in answers} == set(FAULTS)
    for answer in answers:
        assert (answer.rung.value in {"previous", "rule"}, answer.wrong, answer.recovered) == (True, (), True), answer
        assert answer.reason
