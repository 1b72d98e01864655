"""Numbers that go wrong: the run stops, says where, and keeps its last good state."""

import numpy as np
import pytest
from toys import Momentum, Toy

import tinygen as tg
from tinygen import files, plot
from tinygen.errors import NonFiniteError, OutOfMemory
from tinygen.train import checkpoint, loop
from tinygen.train.loop import train
from tinygen.train.progress import Progress
from tinygen.train.run import Run
from tinygen.train.stop import Stop
from tinygen.train.watch import Watch

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own words


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch):
    """Figures as empty files."""
    save = lambda path, draw, size=(): files.write(path, b"")
    monkeypatch.setattr(plot, "save_figure", save)


class Broken(Toy):
    """A toy with two optimisers, the second of which meets `trouble` at step 4."""

    at = 4

    def build(self, rng):
        super().build(rng)
        self.second = Momentum([self.model.log_std], lr=0.01)

    def optimizers(self):
        return {"net": self.optimizer, "second": self.second}

    def train_step(self, batch, step, rng):
        losses = super().train_step(batch, step, rng)
        self.second.zero_grad()
        x = tg.exp(self.model.log_std * (1.0 + rng("more").random()))
        more = (self.trouble(x) if step == self.at else x).sum()
        more.backward()
        self.second.step()
        return losses | {"more": more}


class Overflow(Broken):
    def trouble(self, x):
        return tg.exp(x + 90.0)


class Rootless(Broken):
    """A finite loss whose gradient is 0/0."""

    def trouble(self, x):
        return tg.sqrt(tg.square(x - x.data))


QUICK = {"steps": 8, "sample_every": 100, "save_every": 3}


def broken(kind, **options):
    return kind(kind.Config(**{**QUICK, **options}))


def failed(recipe, folder):
    with pytest.raises(NonFiniteError) as caught:
        train(recipe, folder, progress=False)
    text, first = str(caught.value), str(caught.value.__cause__)
    if first.startswith(
        "loss"
    ):  # the losses when it failed are those of the repetition
        assert first.partition(". Fix")[0].rstrip(")") in text
    return text


def test_a_loss_names_step_parts_op_line_and_the_state_that_is_kept(tmp_path):
    text = failed(broken(Overflow), tmp_path / "run")
    for part in (
        "step 5: loss more is not finite (first 1.",
        "more inf; last read first 0.",
        "First to give NaN or infinity: exp(float32(2,)) at test_not_finite.py:",
        "2 of 2 numbers inf or NaN. Fix: a smaller step size; ",
        "step_000003.safetensors is kept",
    ):
        assert part in text, text


def test_a_gradient_that_is_not_finite_is_never_used(tmp_path, monkeypatch):
    steps = []
    monkeypatch.setattr(Momentum, "step", lambda self: steps.append(self))
    recipe = broken(Rootless)
    text = failed(recipe, tmp_path / "run")
    for part in (
        "step 5: the gradient of net.log_std (2 of 2) is NaN or infinite",
        "optimiser second was not let to use it",
        "more 0; last read",
        "First to give NaN or infinity: the gradient of sqrt (result (2,)): 2 of 2",
    ):
        assert part in text, text
    first_try = 4 + 4 + 1  # of both optimisers in four steps, then of the first alone
    assert steps[first_try - 1] is recipe.optimizer
    assert steps[first_try] is recipe.optimizer  # the repetition begins


@pytest.mark.parametrize("kind", [Overflow, Rootless])
def test_the_run_goes_on_from_the_state_that_was_kept(kind, tmp_path):
    failed(broken(kind), tmp_path / "run")
    assert checkpoint.load(checkpoint.find(tmp_path / "run")).step == 3
    mended = broken(kind)
    mended.at = -1
    train(mended, tmp_path / "run", resume=True, progress=False)
    straight = broken(kind)
    straight.at = -1
    train(straight, tmp_path / "straight", progress=False)
    states = checkpoint.state(mended), checkpoint.state(straight)
    assert all(np.array_equal(x, states[1][name]) for name, x in states[0].items())


@pytest.mark.parametrize("save_every", [3, 8])
@pytest.mark.parametrize("kind", [Overflow, Rootless])
def test_a_failure_that_is_noticed_late_is_traced_back(kind, save_every, tmp_path):
    """On a GPU losses are read now and then only: the step that failed is found."""
    recipe = broken(kind, log_every=save_every, save_every=save_every)
    run, bar = Run(tmp_path), Progress("toy", 8, wanted=False)
    bar.start(0)
    training = loop.Training(recipe, run, 0, bar, Stop())
    training.cheap_to_read = False
    with pytest.raises(NonFiniteError) as caught:
        training.run_on()
    text = str(caught.value)
    if kind is Rootless:
        assert "step 5: " in text and "the gradient of sqrt" in text, text
    else:
        assert "step 5: loss more is not finite" in text
        assert "exp(float32(2,)) at test_not_finite.py" in text


def test_a_signal_ends_the_search_for_the_op(tmp_path):
    recipe = broken(Overflow)
    run, bar, stop = Run(tmp_path), Progress("toy", 8, wanted=False), Stop()
    bar.start(0)
    training = loop.Training(recipe, run, 0, bar, stop)
    bar.say = lambda text: text.startswith("not finite") and stop.ask(2, None)
    with pytest.raises(NonFiniteError, match=r"infinity: not found. Fix: "):
        training.run_on()


def test_an_exploding_gradient_is_told_once(tmp_path, capfd):
    class Jump(Toy):
        def train_step(self, batch, step, rng):
            factor = 1e6 if step in (30, 31) else 1.0
            self.optimizer.lr = 1e-9
            self.optimizer.zero_grad()
            loss = (tg.square(self.model.mean) * factor).sum()
            loss.backward()
            self.optimizer.step()
            return {"loss": loss}

    train(Jump(Jump.Config(**{**QUICK, "steps": 40})), tmp_path / "run")
    lines = capfd.readouterr().err.splitlines()
    (line,) = [line for line in lines if "explodes" in line]
    assert "warning: step 31: the gradient of optimiser net has norm " in line


def test_a_usual_norm_is_learned_before_any_is_called_odd():
    watch = Watch(Toy())
    for norm in [1e-9, *([1.0] * 30), 50.0, 1e9]:
        watch.compare("net", norm)
    (warning,) = watch.warnings
    assert "norm 1e+09" in warning


def test_watching_leaves_the_optimisers_as_they_were():
    recipe = broken(Overflow)
    with pytest.raises(ZeroDivisionError), Watch(recipe).on():
        assert "step" in vars(recipe.second)
        1 / 0  # noqa: B018
    assert "step" not in vars(recipe.second) and "step" not in vars(recipe.optimizer)


def test_too_little_memory_names_the_batch_and_half_of_it(tmp_path, monkeypatch):
    recipe = broken(Toy, batch_size=24)
    inner = recipe.train_step

    def hungry(batch, step, rng):
        if step == 5:
            np.zeros(2**58)
        return inner(batch, step, rng)

    monkeypatch.setattr(recipe, "train_step", hungry)
    with pytest.raises(OutOfMemory) as caught:
        train(recipe, tmp_path / "run", progress=False)
    text = str(caught.value)
    for part in ("step 6: out of memory: Unable to allocate 2", "batch_size is 24"):
        assert part in text
    assert "Fix: --batch-size 12; " in text and "step_000003.safetensors" in text
