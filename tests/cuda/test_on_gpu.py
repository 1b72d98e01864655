"""What must hold on a GPU: the registry, the recipes, graphs; here on the stand-in too.

    pytest tests/cuda -m gpu

Every test runs by default on the stand-in, so that it is known to work, and with `-m
gpu` on the card that is there.
"""

import numpy as np
import pytest
from test_ops_on_cuda import CASES, results

import tinygen as tg
from tinygen import backend, files, plot
from tinygen.cli import main
from tinygen.errors import OutOfMemory
from tinygen.kernels import cublas
from tinygen.recipes import RECIPES
from tinygen.testing.checks import apart
from tinygen.train import checkpoint
from tinygen.train.graph import graphs_of

SMALL = {"batch_size": 8, "sampling_steps": 3, "steps": 100}
STEPS = 3
EXACT = {"float64": 1e-12, "float32": 1e-5}
FEW = "gan", "vae", "vq-vae"  # for the others on the stand-in: test_graph
CALM = {"r1_every": 2, "warmup": 0}


def made(name, device, **options):
    """A recipe with small options, those of them that it has, on a device."""
    kind = RECIPES[name]
    small = SMALL | options
    small = {key: value for key, value in small.items() if hasattr(kind.Config, key)}
    return kind(kind.Config(device=device, **small))


def calmed(recipe):
    """The recipe with a larger eps in Adam.

    A bias before a batch norm has a gradient of 0 but for rounding, which Adam divides
    by its own size: without this, two runs of one machine would differ by full steps.
    """
    for optimizer in recipe.optimizers().values():
        for group in optimizer.param_groups:
            group["eps"] = 1e-3
    return recipe


def stepped(recipe, k):
    """The losses of one training step."""
    with backend.device(recipe.config.device):
        return recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))


def state(recipe):
    """Every array that a checkpoint would hold, on the host."""
    parts = {**recipe.modules(), **{f"o{k}": v for k, v in recipe.optimizers().items()}}
    parts |= {f"e{key}": value for key, value in recipe.averages().items()}
    return {
        f"{key}.{name}": value
        for key, part in parts.items()
        for name, value in part.state_dict().items()
    }


def assert_same(found, wanted):
    """Every array, bit for bit."""
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert np.array_equal(found[name], array), name


def weights(recipe) -> np.ndarray:
    """All floating-point parameters and buffers as one vector."""
    states = [module.state_dict() for module in recipe.modules().values()]
    arrays = [x for state in states for x in state.values() if x.dtype.kind == "f"]
    return np.concatenate([x.ravel().astype(float) for x in arrays])


def distance(found, wanted) -> float:
    """How far a vector is from another, relatively."""
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


# -- ops ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.spec.name}-{c.number}")
def test_a_sample_is_that_of_numpy(case, device):
    """Forward, first and second order; relative to the largest number of an array."""
    for dtype, rtol in EXACT.items():
        typed = case.as_type(dtype)
        with np.errstate(all="ignore"):
            difference = apart(results(typed, "cuda"), results(typed, "cpu"), rtol)
        assert not difference, f"{dtype}: {difference}"


# -- recipes -----------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPES)
def test_steps_are_those_of_the_cpu(name, device):
    """The same weights and order, so the same run: 1e-4 after three steps.

    Of the way that the weights went, a hundredth: a unit that is within rounding of the
    kink of a ReLU may fall on either side, and its pixel's gradient is then another.
    """
    cpu, gpu = (calmed(made(name, device)) for device in ("cpu", "cuda"))
    assert_same(state(gpu), state(cpu))
    start = weights(cpu)
    for k in range(STEPS):
        wanted, found = stepped(cpu, k), stepped(gpu, k)
        for key, loss in wanted.items():
            assert found[key].device == "cuda"
            assert found[key].item() == pytest.approx(loss.item(), rel=1e-4)
    assert distance(weights(gpu), weights(cpu)) < 1e-4
    assert distance(weights(gpu) - start, weights(cpu) - start) < 1e-2


@pytest.mark.parametrize(
    "device, name",
    [("stand-in", name) for name in FEW]
    + [pytest.param("gpu", name, marks=pytest.mark.gpu) for name in RECIPES],
    indirect=["device"],
)
def test_graphs_take_the_steps_of_the_eager(name, device):
    """Six steps: the first of each kind is eager, then there are graphs."""
    first = 200 if name == "vq-vae" else 0
    one, other = (calmed(made(name, "cuda", **CALM)) for _ in range(2))
    start = weights(one)
    with backend.device("cuda"):
        graphs = graphs_of(other)
        for k in range(first, first + 6):
            wanted = stepped(one, k)
            with graphs.on():
                found = {key: x.item() for key, x in graphs.step(k).items()}
            for key, loss in wanted.items():
                assert found[key] == pytest.approx(loss.item(), rel=1e-4)
    assert all(kind.graph is not None for kind in graphs.kinds) and graphs.kinds
    assert distance(weights(other), weights(one)) < 1e-4
    assert distance(weights(other) - start, weights(one) - start) < 1e-2


@pytest.mark.parametrize("name", ["gan", "vae", "ddpm-plane"])
def test_batches_and_samples_are_those_of_the_cpu(name, device):
    recipes = [made(name, where) for where in ("cpu", "cuda")]
    for k in (0, 1, 2000):
        batches = []
        for recipe in recipes:
            with backend.device(recipe.config.device):
                batches.append(recipe.data.batch(k).x.numpy())
        assert np.abs(batches[0] - batches[1]).max() < 1e-6
    drawn = [recipe.draw(4) for recipe in recipes]
    assert np.abs(drawn[0] - drawn[1]).max() < 1e-5


@pytest.mark.parametrize("name", ["gan", "vae"])
def test_a_checkpoint_knows_no_device(name, device, tmp_path):
    """Saved on the device, it goes on on the CPU, and back."""
    trained = made(name, "cuda")
    stepped(trained, 0)
    checkpoint.save(tmp_path, trained, 1)
    for where in ("cpu", "cuda"):
        recipe = made(name, where)
        checkpoint.restore(recipe, checkpoint.load(checkpoint.find(tmp_path)))
        assert_same(state(recipe), state(trained))
        for module in recipe.modules().values():
            assert {p.device for p in module.parameters()} == {where}
        stepped(recipe, 1)


@pytest.mark.parametrize("graph", [[], ["--graph"]], ids=["eager", "graph"])
def test_a_run_from_the_command_line(graph, device, tmp_path, monkeypatch):
    """Trained, resumed, sampled on the CPU."""
    monkeypatch.setattr(plot, "save_figure", lambda path, *_: files.write(path, b""))
    options = ["--out", str(tmp_path / "run"), "--steps", "6"]
    small = ["--set", "hidden=8", "--batch-size", "8", "--device", "cuda", *graph]
    assert main(["train", "gan-ring", *options, *small]) == 0
    assert main(["train", "gan-ring", *options[:-1], "9", "--resume"]) == 0
    assert checkpoint.load(checkpoint.find(tmp_path / "run")).step == 9
    sampled = ["sample", str(tmp_path / "run"), "-n", "4", "--device", "cpu"]
    assert main([*sampled, "--out", str(tmp_path / "points.npz")]) == 0


# -- what is told of the card ------------------------------------------------------


def test_products_by_the_library_of_the_card(device):
    """cuBLAS, called as graphs call it, and CuPy's own products."""
    xp, rng = backend.module("cuda"), np.random.default_rng(0)
    stream = xp.cuda.Stream(non_blocking=True)
    shapes = [((65, 33), (33, 17)), ((4, 5, 6), (4, 6, 7)), ((3, 1, 5, 6), (2, 6, 7))]
    with stream:
        product = cublas.Product(xp, stream)
        for shape, other in shapes:
            a, b = rng.standard_normal(shape), rng.standard_normal(other)
            there = [xp.asarray(x) for x in (a, b)]
            turned = [xp.asarray(x.swapaxes(-1, -2).copy()) for x in (a, b)]
            for x, y in (there, [x.swapaxes(-1, -2) for x in turned]):
                found = backend.to_host(product(x, y))
                assert not apart([found], [a @ b], 1e-12)


@pytest.mark.parametrize(
    "device", [pytest.param("gpu", marks=pytest.mark.gpu)], indirect=True
)
def test_memory_runs_out_with_numbers(device):
    with pytest.raises(OutOfMemory, match=r"the GPU has .* is free\. Fix: a smaller"):
        tg.exp(tg.ones((2**20, 1), device="cuda") + tg.ones((1, 2**24), device="cuda"))
