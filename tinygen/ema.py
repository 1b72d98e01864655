"""Averages of a network's weights over training: they often sample better."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygen import backend
from tinygen.errors import ConfigError
from tinygen.nn.module import Module
from tinygen.nn.state import fitted
from tinygen.optim.flat import pieces


class EMA:
    """An exponential moving average of all parameters of a network.

    average = decay * average + (1 - decay) * parameter,  after every step

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

    def current_decay(self) -> float:
        """The decay that the next update uses."""
        t = self.updates
        return min(self.decay, (1 + t) / (10 + t)) if self.warmup else self.decay

    def update(self) -> None:
        """Take in the parameters as they are now."""
        share = 1 - self.current_decay()
        for name, p in self.module.named_parameters():
            average, x = self.averages[name].reshape(-1), p.data.reshape(-1)
            for cut in pieces(average, 0, average.size):
                _approach(average[cut], x[cut], share)
        self.updates += 1

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
        for name in self.averages:
            self.averages[name] = arrays[f"average.{name}"]


def _approach(average, x, share: float) -> None:
    """average += share * (x - average), which leaves average = x as it is."""
    scratch = x - average
    scratch *= share
    average += scratch
