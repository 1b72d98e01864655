"""The best possible denoiser of a distribution that is known, in closed form.

For a mixture of Gaussians of one std around points (std = 0: the points themselves,
such as the images of a training set) the mean of x_0 given x_t is a finite sum.  No
training, no error: what a sampler does with it is the sampler's own doing.

Source: Karras et al., arXiv 2206.00364, appendix B.3; Tweedie's formula.
"""

import math

import numpy as np

from tinygen.backend import to_device, to_host
from tinygen.engine import Tensor
from tinygen.errors import ConfigError, ShapeError
from tinygen.models.diffusion.parametrise import Guess, guess
from tinygen.models.diffusion.schedule import Schedule
from tinygen.models.labels import checked_labels
from tinygen.ops.elementwise import values


class IdealDenoiser:
    """E[x_0 | x_t] for x_0 ~ sum_k weights[k] N(points[k], std^2 I).

    r_k = softmax_k(log weights[k] - |x - a y_k|^2 / (2 (a^2 std^2 + b^2)))
    x0 = sum_k r_k (y_k + a std^2 / (a^2 std^2 + b^2) (x - a y_k)),   x = x_t

    points : (K, ...) float64 on the host      weights : (K,), equal if left out
    labels : (K,) classes of the points, for a conditional one
    a = sqrt(alpha_bar_t), b = sqrt(1 - alpha_bar_t)
    With std = 0 this is Eq. (21.6).
    """

    def __init__(self, schedule: Schedule, points, std=0.0, weights=None, labels=None):
        self.schedule, self.std = schedule, float(std)
        self.points = np.asarray(points, np.float64)
        self.shape = self.points.shape[1:]
        self.flat = self.points.reshape(len(self.points), math.prod(self.shape))
        weights = np.ones(len(self.flat)) if weights is None else np.asarray(weights)
        if len(weights) != len(self.flat) or len(self.flat) == 0 or std < 0:
            raise ConfigError(
                f"IdealDenoiser: {len(self.flat)} points, {len(weights)} weights, std "
                f"{std}. Fix: a weight for each of one or more points, std >= 0"
            )
        self.log_weights = np.log(weights / weights.sum())
        self.classes = 0 if labels is None else int(np.max(labels)) + 1
        self.labels = None if labels is None else self.of_points(labels)

    def of_points(self, labels) -> np.ndarray:
        """The points' labels; ConfigError for a class between others without one."""
        labels = checked_labels(labels, len(self.flat), self.classes)
        missing = set(range(self.classes)) - set(labels.tolist())
        if missing:
            raise ConfigError(
                f"IdealDenoiser: no point of class {min(missing)} of {self.classes}. "
                "Fix: labels 0, 1, 2, ... without gaps"
            )
        return labels

    def guess(self, x, t, labels=None) -> Guess:
        """The mean of x_0 and of the noise, given x = x_t (N, ...)."""
        if x.shape[1:] != self.shape:
            raise ShapeError(
                f"IdealDenoiser of {self.shape}: x {x.shape}. "
                f"Fix: x.reshape{(-1, *self.shape)}"
            )
        t = self.schedule.each(t, len(x))
        shares = self.shares(x, t, labels)  # (N, K)
        a = self.schedule.signal(t)[:, None]
        pull = a * self.std**2 / self.variance(t)[:, None]
        flat = to_host(values(x)).reshape(len(x), -1)
        mean = shares @ self.flat
        mean = (mean + pull * (flat - a * mean)).reshape(x.shape)
        mean = Tensor(to_device(mean.astype(x.dtype), x.device))
        return guess("x0", self.schedule, mean, x, t)

    def variance(self, t):
        """Of one Gaussian of the mixture at time t: a^2 std^2 + b^2."""
        return self.schedule.alpha_bar(t) * (self.std**2 - 1) + 1

    def shares(self, x, t, labels=None) -> np.ndarray:
        """(N, K) the probability that x_t came from each of the points."""
        logits = self.log_weights + self.log_likelihoods(x, t)
        if labels is not None:
            labels = to_host(checked_labels(labels, len(x), self.classes, none=True))
            asked = labels[:, None]
            possible = (asked == self.labels) | (asked == self.classes)
            logits = np.where(possible, logits, -np.inf)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def log_likelihoods(self, x, t) -> np.ndarray:
        """(N, K) -|x - a y_k|^2 / (2 variance), without the constant."""
        x = to_host(values(x)).astype(np.float64).reshape(len(x), -1)
        y = self.schedule.signal(t)[:, None]
        squares = (
            (x * x).sum(1)[:, None]
            - 2 * y * (x @ self.flat.T)
            + y * y * (self.flat * self.flat).sum(1)
        )
        return -squares / (2 * self.variance(t)[:, None])
