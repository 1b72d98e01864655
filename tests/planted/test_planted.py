"""The tests are tested: every planted bug must be found by the tests mapped to it.

A few run by default; all of them with `pytest tests/planted -m "slow or not slow"`.
"""

import pytest
from bugs import MUTANTS
from runner import Copy, belongs, is_assertion

QUICK = (
    "1 the second operand's gradient is not summed",
    "22 softmax: no gradient at all, as weights of one would accept",
    "43 a reused tensor keeps only its last gradient",
    "50 second derivative of silu: sign",
    "52 no_grad is not undone by an exception",
)


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("planted"))


def of(names):
    """Mutants as parameters; slow unless they are among the quick ones."""
    return [
        pytest.param(MUTANTS[n], id=n, marks=() if n in QUICK else pytest.mark.slow)
        for n in names
    ]


@pytest.mark.parametrize(
    "names", [QUICK, pytest.param(tuple(MUTANTS), marks=pytest.mark.slow)], ids=len
)
def test_without_a_bug_all_mapped_tests_pass(copy, names):
    """The control: a test that fails anyway would find every bug."""
    tests = sorted({test for name in names for test in MUTANTS[name].tests})
    found = copy.run(tests)
    assert not [name for name, message in found.items() if message is not None]
    for test in tests:
        assert any(belongs(name, test) for name in found), f"{test} did not run"


@pytest.mark.parametrize("mutant", of(MUTANTS))
def test_bug_is_found(copy, mutant):
    """Each of the mapped tests fails, by an assertion."""
    before = copy.plant(mutant)
    try:
        found = copy.run(mutant.tests)
        for test in mutant.tests:
            own = (message for name, message in found.items() if belongs(name, test))
            failures = [message for message in own if message is not None]
            assert failures, f"{test} passes in spite of: {mutant.name}"
            wrong = [text for text in failures if not is_assertion(text)]
            assert len(wrong) < len(failures), f"{test} fails otherwise: {wrong}"
    finally:
        copy.restore(mutant, before)
