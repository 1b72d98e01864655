"""A training step as a graph, on the stand-in: captured, replayed, equal to the eager.

The stand-in undoes at the end of a capture all that was computed in it, and leaves
rubbish in new memory; during a capture it refuses copies from the host, reads, products
by CuPy, and memory of the default pool.  So what is equal here was replayed.
"""

import numpy as np
import pytest
from strict_cupy import ndarray, xp
from test_on_gpu import assert_same, state

import tinygen as tg
from tinygen import backend, files, plot
from tinygen.cli import main
from tinygen.errors import ConfigError, DeviceError, NonFiniteError
from tinygen.kernels import cublas, gemm
from tinygen.recipes import RECIPES
from tinygen.train import checkpoint
from tinygen.train.graph import graphs_of
from tinygen.train.loop import train

SMALL = {
    "batch_size": 8,
    "sampling_steps": 3,
    "steps": 100,
    "r1_every": 2,
    "learn": 203,
}
SMALL |= {"warmup": 3, "width": 8, "widths": (8, 16), "codes": 8, "channels": 8}
STEPS = 6
FIRST = {"vq-vae": 200}  # the step from which on the step size stays
VARIED = [
    ("gan", {"d_steps": 2, "objective": "wasserstein", "clip": 0.01, "r1": 0.0}),
    ("gan", {"objective": "wasserstein", "gp": 10.0, "r1": 0.0}),
    ("gan", {"objective": "hinge", "spectral": True}),
    ("gan-ring", {"ema": 0.0, "r1": 1.0}),
    ("vae", {"beta": 4.0, "free_bits": 0.1}),
    ("vae", {"importance": 2, "pixels": "fixed", "warmup": 0}),
    ("vae", {"likelihood": "gaussian", "shift": 1}),
    ("denoising-ae", {"masked": 0.5, "noise": 0.3, "warmup": 2}),
]


def made(name, **options):
    kind = RECIPES[name]
    small = {key: value for key, value in SMALL.items() if hasattr(kind.Config, key)}
    return kind(kind.Config(**{"device": "cuda", **small, **options}))


def eager(recipe, steps):
    """The losses of steps that are taken as usual, but for the library of products."""
    found, product = [], cublas.Product(xp, xp.cuda.Stream(non_blocking=True))
    with gemm.computed_by(product):
        for k in steps:
            losses = recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))
            found.append({name: x.item() for name, x in losses.items()})
    return found


def replayed(recipe, steps, cuda):
    """The losses of steps that are taken by graphs, and the graphs."""
    graphs, found = graphs_of(recipe), []
    with graphs.on():
        for k in steps:
            with cuda.no_sync():
                losses = graphs.step(k)
            found.append({name: x.item() for name, x in losses.items()})
    return found, graphs


def check(name, cuda, **options):
    first = FIRST.get(name, 0)
    steps = range(first, first + STEPS)
    with backend.device("cuda"):
        one, other = made(name, **options), made(name, **options)
        wanted = eager(one, steps)
        found, graphs = replayed(other, steps, cuda)
    assert cuda.launches["graph"] >= 2
    assert found == wanted
    assert_same(state(other), state(one))
    return graphs


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_replayed_is_the_recipe(name, cuda):
    check(name, cuda)


@pytest.mark.parametrize("name, options", VARIED, ids=str)
def test_options_too(name, options, cuda):
    check(name, cuda, **options)


def test_a_replay_is_one_copy_and_one_launch(cuda):
    recipe = made("gan")
    with backend.device("cuda"):
        graphs = graphs_of(recipe)
        with graphs.on():
            for k in range(4):
                graphs.step(k)
            cuda.reset()
            with cuda.no_sync():
                graphs.step(4)
    assert (cuda.copies, cuda.launched, cuda.launches["graph"]) == (1, 1, 1)


def test_there_is_a_graph_for_each_kind_of_step(cuda):
    """With and without the penalty; and steps while the codes learn, and after."""
    with backend.device("cuda"):
        _, graphs = replayed(made("gan"), range(6), cuda)
        assert [kind.graph is not None for kind in graphs.kinds] == [True, True]
        recipe = made("vae", warmup=4)
        _, graphs = replayed(recipe, range(7), cuda)
        assert cuda.launches["graph"] == 4 + 2  # those before step 5 need their number
        assert len(graphs.kinds) == 1


# -- what cannot be captured -------------------------------------------------------


class Reading(RECIPES["gan"]):
    """It reads a loss in each step."""

    def train_step(self, batch, step, rng):
        losses = super().train_step(batch, step, rng)
        self.seen = losses["G"].item()
        return losses


class Drawing(RECIPES["gan"]):
    """It draws noise that no graph could draw again."""

    def noise(self, n, rng):
        return tg.tensor(rng.standard_normal((n, self.config.latent), "float32"))


class Knowing(RECIPES["gan"]):
    """Its step size falls with the number of the step."""

    def train_step(self, batch, step, rng):
        self.optim_G.lr = self.config.lr * float(0.99**step)
        return super().train_step(batch, step, rng)


def of_kind(kind, **options):
    return kind(kind.Config(device="cuda", batch_size=8, r1=0.0, **options))


@pytest.mark.parametrize(
    "kind, text",
    [
        (Reading, r"recipe gan: .*item waits|recipe gan: .*item: a copy to the host"),
        (Drawing, r"recipe gan draws from stream 'z'.*backend\.given"),
    ],
)
def test_what_cannot_be_captured_is_refused(kind, text, cuda):
    recipe = of_kind(kind)
    with backend.device("cuda"):
        graphs = graphs_of(recipe)
        with graphs.on(), pytest.raises(ConfigError, match=text):
            for k in range(3):
                graphs.step(k)
    assert cuda.tape is None


def test_a_step_that_needs_its_number_is_taken_as_usual(cuda):
    one, other = of_kind(Knowing), of_kind(Knowing)
    with backend.device("cuda"):
        wanted = eager(one, range(4))
        found, graphs = replayed(other, range(4), cuda)
    assert found == wanted and not graphs.kinds
    assert_same(state(other), state(one))


def test_there_are_no_graphs_on_a_cpu(tmp_path, capsys):
    assert main(["train", "gan-ring", "--graph", "--out", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err
    assert "graph=true on device cpu" in told and "Fix: device=cuda" in told
    assert not (tmp_path / "run").exists()


# -- runs --------------------------------------------------------------------------

QUICK = ["--set", "hidden=8", "--batch-size", "8", "--device", "cuda", "--set", "ema=0"]


def test_a_run_by_graphs_is_the_run_without(cuda, tmp_path, monkeypatch):
    """Stopped and resumed, too."""
    monkeypatch.setattr(plot, "save_figure", lambda path, *_: files.write(path, b""))
    runs = {
        "eager": [["--steps", "9"]],
        "graph": [["--steps", "9", "--graph"]],
        "resumed": [["--steps", "5", "--graph"], ["--steps", "9", "--resume"]],
    }
    found = {}
    for name, parts in runs.items():
        folder = tmp_path / name
        for part in parts:
            given = [] if "--resume" in part else QUICK
            code = main(["train", "gan-ring", "--out", str(folder), *given, *part])
            assert code == 0
        found[name] = checkpoint.load(checkpoint.find(folder)).tensors
    assert cuda.launches["graph"] == 8 + 4 + 3  # all but the first of each
    assert_same(found["graph"], found["eager"])
    assert_same(found["resumed"], found["eager"])


def test_nan_in_a_graph_is_traced(cuda, tmp_path, monkeypatch):
    """The step is repeated without graphs, with every op looked at."""
    monkeypatch.setattr(plot, "save_figure", lambda path, *_: files.write(path, b""))
    kind = RECIPES["gan-ring"]
    options = {"hidden": 8, "batch_size": 8, "steps": 8, "log_every": 4, "lr": 1e18}
    recipe = kind(kind.Config(device="cuda", graph=True, **options))
    with pytest.raises(NonFiniteError, match=r"First to give NaN or infinity: \w+\("):
        train(recipe, tmp_path / "run", progress=False)


# -- products, and the stand-in itself ---------------------------------------------

SHAPES = [
    ((3, 4), (4, 5)),
    ((4,), (4, 5)),
    ((3, 4), (4,)),
    ((1, 4), (4, 1)),
    ((3, 1), (1, 5)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((6, 2, 3, 4), (4, 5)),
    ((3, 0), (0, 2)),
    ((0, 3), (3, 2)),
]
ORDERS = {
    "as they are": lambda x: x,
    "transposed": lambda x: np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2),
    "cut": lambda x: np.concatenate([x, x], -1)[..., : x.shape[-1]],
    "every second": lambda x: np.repeat(x, 2, -1)[..., ::2],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_products_by_the_library(shapes, order, dtype, cuda):
    """Every layout that operands come in, with the sizes that cuBLAS checks."""
    rng = np.random.default_rng(0)
    laid = lambda x: ORDERS[order](x) if x.ndim > 1 else x
    a, b = (laid(rng.standard_normal(shape).astype(dtype)) for shape in shapes)
    product = cublas.Product(xp, xp.cuda.Stream(non_blocking=True))
    y = product(ndarray.of(a), ndarray.of(b))
    assert (y.shape, y.dtype) == ((a @ b).shape, dtype)
    np.testing.assert_allclose(y.a, a @ b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("asked, mode", [("0", 0), ("1", 3)])
def test_tf32_is_the_users_choice(asked, mode, cuda, monkeypatch):
    monkeypatch.setenv("CUPY_TF32", asked)
    product = cublas.Product(xp, xp.cuda.Stream(non_blocking=True))
    assert product.cublas.mode == mode
    assert product.cublas.workspace == (product.workspace.data.ptr, cublas.WORKSPACE)


def test_an_error_of_the_library_is_told(cuda):
    product = cublas.Product(xp, xp.cuda.Stream(non_blocking=True))
    with pytest.raises(DeviceError, match="cublasSgemm_v2: cuBLAS status 13"):
        product.cublas.cublasSgemm_v2 = lambda *_: 13
        product(xp.ones((2, 2), "float32"), xp.ones((2, 2), "float32"))


def test_the_stand_ins_capture_computes_nothing(cuda):
    """It is undone; a replay then does it, from what lies there at that time."""
    stream, pool = xp.cuda.Stream(non_blocking=True), xp.cuda.MemoryPool()
    x = xp.asarray(np.ones(3))
    with stream, xp.cuda.using_allocator(pool.malloc):
        stream.begin_capture()
        y = x + 1.0
        x[...] = y * 2.0
        graph = stream.end_capture()
    assert x.a.tolist() == [1.0] * 3 and np.isnan(y.a).all()
    x.set(np.full(3, 4.0))
    graph.launch()
    assert x.a.tolist() == [10.0] * 3 and y.a.tolist() == [5.0] * 3


@pytest.mark.parametrize(
    "do, text",
    [
        (lambda x: x.get(), "a copy to the host"),
        (lambda x: float(x[0, 0]), "a copy to the host"),
        (lambda x: xp.asarray(np.ones(3)), "a copy from the host"),
        (lambda x: x @ x, "cuBLAS"),
    ],
)
def test_what_the_stand_in_refuses_in_a_capture(do, text, cuda):
    stream, x = xp.cuda.Stream(non_blocking=True), xp.asarray(np.ones((2, 2)))
    with stream, xp.cuda.using_allocator(xp.cuda.MemoryPool().malloc):
        stream.begin_capture()
        with pytest.raises(RuntimeError, match=text):
            do(x)
        stream.end_capture()
    with stream:
        stream.begin_capture()
        with pytest.raises(RuntimeError, match="default pool"):
            xp.exp(x)
        stream.end_capture()
