"""A whole training step in one launch: a CUDA graph, captured once and then replayed.

The step of a small model is some hundred kernels of a few microseconds each, and to
launch one costs as much as it takes.  A graph launches all at once.  But a replay is
the same kernels at the same addresses, so all that differs from step to step has to lie
in memory that stays where it is:

given       noise, which images, the two numbers of Adam: what the host gives to a step
            by `backend.given` lies in one buffer, made anew and sent by one copy before
            each replay
state       a parameter or buffer that a step puts into new memory is copied home
temporary   arrays come from a pool of the graphs' own, so that nobody overwrites them
products    are computed by cuBLAS itself, since CuPy refuses to during a capture

What Python decides is decided once.  So a captured step does not know its number: it
may ask, as in `step % 8 == 0`, and there is one graph for each list of answers.  A step
that needs the number itself, as while a step size rises, is run as without graphs.

The first step of a kind is run that way too, so that kernels are compiled and caches
filled; the second is captured and replayed, and all later ones replayed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np

from tinygen import backend
from tinygen.engine import Tensor
from tinygen.errors import ConfigError
from tinygen.kernels import cublas, gemm
from tinygen.nn.module import Module, Place
from tinygen.train.live import Given, Host, RandomStream, StepNumber
from tinygen.train.recipe import Recipe

APART = 256  # bytes: where an array may begin in a buffer


class Home:
    """Where a parameter or buffer lies for good."""

    def __init__(self, place: Place):
        self.place, self.array = place, self.at(place)

    @staticmethod
    def at(place: Place):
        """The array that is there now."""
        held = place.value if isinstance(place.value, Tensor) else None
        return place.holder[place.key] if held is None else held.data

    def come(self) -> None:
        """Copy home what a step has put elsewhere."""
        now = self.at(self.place)
        if now.data.ptr == self.array.data.ptr:
            return
        self.array[...] = now
        if isinstance(self.place.value, Tensor):
            self.place.value.assign(self.array)
        else:
            self.place.holder[self.place.key] = self.array


class Kind:
    """The steps that do the same; a graph of them, once one was captured."""

    def __init__(self, xp, asked: list, given: list[Given]):
        self.asked, self.given = asked, given
        self.graph, self.losses = None, {}
        sizes = [-(-x.nbytes // APART) * APART for g in given for x in g.arrays(g.like)]
        self.here = np.zeros(sum(sizes), np.uint8)
        self.there = xp.zeros(sum(sizes), "uint8")
        places = iter(np.cumsum([0, *sizes]).tolist())
        for one in given:
            for x in one.arrays(one.like):
                place = next(places)
                for buffer, views in ((self.here, one.here), (self.there, one.there)):
                    part = buffer[place : place + x.nbytes]
                    views.append(part.view(x.dtype).reshape(x.shape))

    def fits(self, k: int) -> bool:
        """Whether step k is one of them."""
        return all(question(k) == answer for question, answer in self.asked)

    def fill(self, host: Host) -> None:
        """Make all that is given, and send it."""
        for one in self.given:
            found = one.arrays(host.given(one.make))
            for place, x in zip(one.here, found, strict=True):
                np.copyto(place, x.reshape(place.shape), casting="equiv")
        if self.here.size:
            self.there.set(self.here)


def graphs_of(recipe: Recipe) -> "Graphs":
    """The training steps of a recipe."""
    modules = recipe.modules().values()
    return Graphs(recipe.take, modules, recipe.streams, f"recipe {recipe.name}")


class Graphs:
    """A training step in graphs.

        graphs = Graphs(take, [network])
        with graphs.on():
            losses = graphs.step(k)

    take : (number, streams) -> losses: one step, whose optimiser is made before
    modules : all that it changes but the state of optimisers and averages
    streams : number -> name -> generator      name : for errors
    losses : name -> loss, in memory that the next step of the kind writes to: read them
        before
    Raises ConfigError if a step does what cannot be captured.
    """

    def __init__(
        self,
        take: Callable,
        modules: Iterable[Module],
        streams: Callable = lambda k: partial(backend.rng, 0, step=k),
        name: str = "the step",
    ):
        self.take, self.name, self.xp = take, name, backend.module("cuda")
        self.stream = self.xp.cuda.Stream(non_blocking=True)
        self.pool = self.xp.cuda.MemoryPool()
        self.product = cublas.Product(self.xp, self.stream)
        self.host, self.kinds = Host(name, streams), []
        places = [p for m in modules for p in m.state_places()]
        on_gpu = lambda place: backend.device_of(Home.at(place)) != "cpu"
        self.homes = [Home(place) for place in places if on_gpu(place)]

    @contextmanager
    def on(self) -> Iterator[None]:
        """Everything within is done on the stream of the graphs."""
        self.xp.cuda.Device().synchronize()
        with self.stream:
            yield
            self.stream.synchronize()

    def step(self, k: int) -> dict:
        """One training step; -> its losses."""
        self.host.turn_to(k)
        kind = next((kind for kind in self.kinds if kind.fits(k)), None)
        if kind is None:
            return self.rehearsed()
        if kind.graph is None:
            self.capture(kind)
        kind.fill(self.host)
        kind.graph.launch(self.stream)
        return kind.losses

    def rehearsed(self) -> dict:
        """A step that is no graph; its kind is then known, if it can become one."""
        given: list[Given] = []

        def give(make, dtype):
            one = Given(make, dtype, self.host.given(make))
            given.append(one)
            return one.shown([self.xp.asarray(x) for x in one.arrays(one.like)])

        losses = self.taken(give)
        if not self.host.told:
            self.kinds.append(Kind(self.xp, self.host.asked, given))
        return losses

    def capture(self, kind: Kind) -> None:
        """Make the graph of a kind; nothing is computed."""
        waiting = iter(kind.given)

        def give(make, dtype):
            one = next(waiting)
            one.make = make
            return one.shown(one.there)

        with self.xp.cuda.using_allocator(self.pool.malloc):
            self.stream.begin_capture()
            try:
                losses = self.taken(give)
            except (RuntimeError, StopIteration) as error:
                with suppress(RuntimeError):  # CuPy may have ended it already
                    self.stream.end_capture()
                raise ConfigError(
                    f"{self.name}: a step cannot be captured as a graph: "
                    f"{error}. Fix: train without graph"
                ) from error
            kind.graph = self.stream.end_capture()
        kind.losses = {
            name: x.detach() if isinstance(x, Tensor) else x
            for name, x in losses.items()
        }

    def taken(self, give: Callable) -> dict:
        """The step, with all that is given by give(make, dtype)."""
        streams = lambda name: RandomStream(self.host, name)
        with backend.given_by(give), gemm.computed_by(self.product):
            losses = self.take(StepNumber(self.host), streams)
            for home in self.homes:
                home.come()
        return losses
