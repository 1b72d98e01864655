"""The measuring classifier: a small network that knows digits, with shipped weights.

Distances between images are measured between its features, as the literature does with
Inception's for photographs.  Numbers from it compare with each other, never with
published ones.
"""

import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from tinygen import backend
from tinygen import functional as F
from tinygen.engine import Tensor
from tinygen.errors import DataError, IntegrityError
from tinygen.metrics.network import DigitNet
from tinygen.recording import no_grad

WEIGHTS = Path(__file__).with_name("files") / "digit-net.safetensors"
SHA256 = "b6f35728f077fd857a9e7b3fbdd4a4a972d609e743bdafbd2ea3012c9c6e10ff"
SHAPE = (1, 28, 28)
BATCH = 250  # images at a time, to bound the memory
REINSTALL = "Fix: pip install --force-reinstall --no-deps tinygen"


class Classifier:
    """A digit network in eval mode, from arrays to arrays.

    images : (N, 1, 28, 28) in [-1, 1], Tensor or array on any device
    Raises DataError for images of another size, type or range, or with NaN.

    >>> import numpy as np
    >>> blank = np.full((2, 1, 28, 28), -1, np.float32)
    >>> classifier().features(blank).shape, classifier().probabilities(blank).shape
    ((2, 64), (2, 10))
    """

    def __init__(self, network: DigitNet):
        self.network = network.eval()

    def features(self, images) -> np.ndarray:
        """(N, 64) float32: what the last layer sees."""
        return self._each_batch(self.network.features, images)

    def probabilities(self, images) -> np.ndarray:
        """(N, 10) float32: of each digit, rows sum to 1."""
        return self._each_batch(lambda x: F.softmax(self.network(x), -1), images)

    def predict(self, images) -> np.ndarray:
        """(N,) int64: the most probable digit."""
        return self.probabilities(images).argmax(axis=1)

    def _each_batch(self, compute, images) -> np.ndarray:
        """compute(images), a batch at a time."""
        images = checked(images)
        parts = [images[i : i + BATCH] for i in range(0, len(images), BATCH)]
        with backend.device("cpu"), no_grad():
            return np.concatenate([compute(Tensor(part)).data for part in parts])


def classifier(*, path: Path | str = WEIGHTS) -> Classifier:
    """The classifier with the weights that come with the package.

    Trained by `python -m tinygen.metrics.train_classifier`.
    Raises DataError if the file is missing; IntegrityError if its sha256 is not the one
    that was published.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"classifier file {path} is missing. {REINSTALL}") from error
    got = hashlib.sha256(content).hexdigest()
    if got != SHA256:
        raise IntegrityError(
            f"classifier file {path} ({len(content):,} bytes) is damaged: "
            f"expected sha256 {SHA256}, got {got}. {REINSTALL}"
        )
    network = DigitNet(rng=backend.rng(0, "init"))
    network.load_state_dict(load(content))
    return Classifier(network)


def checked(images) -> np.ndarray:
    """Images as a float32 array on the host, once they are what the network knows."""
    images = images.data if isinstance(images, Tensor) else images
    images = np.asarray(backend.to_host(images))
    if images.ndim != 4 or images.shape[1:] != SHAPE or len(images) == 0:
        raise DataError(
            f"the classifier takes images (N, 1, 28, 28), got {images.shape}. "
            "Fix: a model of 28 x 28 grey digits, channels before height and width"
        )
    if images.dtype.kind != "f":
        raise DataError(
            f"the classifier takes floats in [-1, 1], got {images.dtype}. "
            "Fix: tinygen.data.to_float(images)"
        )
    low, high = float(images.min()), float(images.max())
    if not -1.001 <= low <= high <= 1.001:  # false for NaN too
        raise DataError(
            f"the classifier takes images in [-1, 1], these run from {low:.4g} to "
            f"{high:.4g}. Fix: 2 * images - 1 for [0, 1]; look for the cause of NaN"
        )
    return images.astype(np.float32, copy=False)
