"""docs/kernels.md: its example works, and no kernel is left out."""

import doctest
from pathlib import Path

import tinygen.optim
from tinygen import kernels
from tinygen.kernels import conv
from tinygen.kernels.select import PAIRS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kernels.md"


def test_the_example_of_the_page():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried >= 6 and not failed


def test_every_kernel_and_every_algorithm_is_on_the_page():
    assert tinygen.optim  # whose kernel is declared on import
    text = PAGE.read_text()
    convolutions = {name for name in PAIRS if name.startswith("conv2d")}
    assert len(convolutions) == 3
    for name in PAIRS.keys() - convolutions:
        assert f"| `{name}` |" in text
    algorithms = [a for a in vars(conv).values() if hasattr(a, "conv2d_weight_grad")]
    assert len(algorithms) == 6  # one of them the definition
    for algorithm in algorithms:
        name = algorithm.__name__.rpartition(".")[2]
        assert name == "conv_reference" or f"| `{name}` |" in text


def test_the_switch_is_where_the_page_says():
    assert kernels.use is kernels.select.use
