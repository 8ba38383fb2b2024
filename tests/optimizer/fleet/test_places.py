import numpy as np

from optimizer.fleet.places import find_places, outline
from tests.optimizer.builders import with_storages
from tests.optimizer.instances import small


def test_units_share_a_place_just_if_they_share_circuit_and_phases() -> None:
    for seed in range(40):
        problem = small(seed)
        s, places = problem.storages, find_places(problem)
        for i in range(s.n_units):
            assert problem.circuits.circuit_ids[places.circuit[places.of[i]]] == s.circuit_ids[i]
            assert (places.share[places.of[i]] == s.phase_share[i]).all()
            for j in range(i):
                same = s.circuit_ids[i] == s.circuit_ids[j] and (s.phase_share[i] == s.phase_share[j]).all()
                assert same == (places.of[i] == places.of[j])
        assert sorted(set(places.of.tolist())) == list(range(places.n_places))


def test_an_outline_is_as_strong_as_all_units() -> None:
    problem = small(7)
    places = find_places(problem)
    whole = outline(problem, places)
    assert np.allclose(whole.storages.charge_max_kw.sum(axis=0), problem.storages.charge_max_kw.sum(axis=0))
    assert np.allclose(whole.membership() @ whole.storages.charge_max_kw, problem.membership() @ problem.storages.charge_max_kw)


def test_broadcast_tables_are_summed_too() -> None:
    problem = small(7)
    n, T = problem.shape
    flat = with_storages(problem, charge_max_kw=np.broadcast_to(3.0, (n, T)))
    assert find_places(flat).sums(flat.storages.charge_max_kw).sum() == 3.0 * n * T
