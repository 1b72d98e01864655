"""Averages of a network's weights over training: they often sample better."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tinygen import backend
from tinygen.errors import ConfigError
from tinygen.kernels.fused import fused
from tinygen.kernels.gather import gather
from tinygen.nn.module import Module
from tinygen.nn.state import fitted
from tinygen.optim.flat import pieces


class EMA:
    """An exponential moving average of all parameters of a network.

    average = decay * average + (1 - decay) * parameter,  after every step
    What it makes of weights that circle: Eq. (13.7).

    decay : in [0, 1); about 1/(1 - decay) steps are averaged
    warmup : use min(decay, (1 + t)/(10 + t)) in update t = 0, 1, ..., so that the first
        weights, which are random, are soon forgotten
    The averages start as copies of the parameters.  Buffers, such as the statistics of
    batch norm, are not averaged: with the averages applied the network uses its own.

        ema = EMA(network, 0.999)
        ...
        optimizer.step()
        ema.update()
        ...
        with ema.applied():
            images = network(z)

    Source: Polyak & Juditsky 1992; for GANs Yazici et al., arXiv 1806.04498; the
    warm-up is TensorFlow's, tf.train.ExponentialMovingAverage.
    """

    def __init__(self, module: Module, decay: float, warmup: bool = False):
        if not 0 <= decay < 1:
            raise ConfigError(f"EMA: decay={decay}. Fix: a number in [0, 1)")
        self.module, self.decay, self.warmup = module, decay, warmup
        self.updates = 0
        self.averages = {name: p.data.copy() for name, p in module.named_parameters()}
        self._flats = [] if on_host(module) else flat_views(self.averages)

    def current_decay(self) -> float:
        """The decay that the next update uses."""
        t = self.updates
        return min(self.decay, (1 + t) / (10 + t)) if self.warmup else self.decay

    def update(self) -> None:
        """Take in the parameters as they are now."""
        dtype = next(iter(self.averages.values())).dtype
        share = backend.given(self.count, dtype)
        parameters = dict(self.module.named_parameters())
        for flat in self._flats:
            gather(flat.latest, flat.places, [parameters[n].data for n in flat.names])
            approached(flat.averages, flat.latest, share, out=flat.averages)
        for name, p in parameters.items() if not self._flats else ():
            average, x = self.averages[name].reshape(-1), p.data.reshape(-1)
            for cut in pieces(average, 0, average.size):
                _approach(average[cut], x[cut], share)

    def count(self) -> float:
        """One update more; -> the share of it that is new."""
        share = 1 - self.current_decay()
        self.updates += 1
        return share

    @contextmanager
    def applied(self) -> Iterator[Module]:
        """Within the block the network has the averages for parameters.

        Afterwards it has the very arrays it had before.  Do not train in the block.
        """
        parameters = dict(self.module.named_parameters())
        own = {name: p.data for name, p in parameters.items()}
        try:
            for name, p in parameters.items():
                p.assign(self.averages[name])
            yield self.module
        finally:
            for name, p in parameters.items():
                p.assign(own[name])

    def state_dict(self) -> dict[str, np.ndarray]:
        """Name -> array, copied to the host: "updates", and "average.<parameter>"."""
        state = {"updates": np.asarray(self.updates)}
        for name, average in self.averages.items():
            state[f"average.{name}"] = np.array(backend.to_host(average))
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave.

        Raises CheckpointError, and changes nothing, if it is of another network.
        """
        expected = {f"average.{name}": x for name, x in self.averages.items()}
        expected["updates"] = np.asarray(self.updates)
        arrays = fitted(state, expected, "EMA.load_state_dict")
        self.updates = int(arrays["updates"])
        for name, average in self.averages.items():
            average[...] = arrays[f"average.{name}"]


class FlatAverages(NamedTuple):
    """Averages that lie end to end in one buffer, and room for the latest weights."""

    names: list[str]
    places: list[int]
    averages: Any
    latest: Any


def on_host(module: Module) -> bool:
    """Whether the parameters are on the CPU."""
    return all(p.device == "cpu" for p in module.parameters())


def flat_views(averages: dict[str, Any]) -> list[FlatAverages]:
    """Lay the averages of one dtype end to end; those in the dict become views."""
    kinds: dict[str, list[str]] = {}
    for name, x in averages.items():
        kinds.setdefault(x.dtype.name, []).append(name)
    return [_flat(averages, names) for names in kinds.values()]


def _flat(averages: dict[str, Any], names: list[str]) -> FlatAverages:
    arrays = [averages[name] for name in names]
    ends = np.cumsum([x.size for x in arrays]).tolist()
    places = [0, *ends[:-1]]
    values = backend.xp_of(arrays[0]).empty(ends[-1], arrays[0].dtype)
    gather(values, places, arrays)
    for name, start, end, x in zip(names, places, ends, arrays, strict=True):
        averages[name] = values[start:end].reshape(x.shape)
    return FlatAverages(names, places, values, values.copy())


@fused
def approached(xp, average, x, share):
    """average + share (x - average)."""
    return average + share * (x - average)


def _approach(average, x, share: float) -> None:
    """average += share * (x - average), which leaves average = x as it is."""
    scratch = x - average
    scratch *= share
    average += scratch
