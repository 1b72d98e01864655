"""Black and white images out of grey ones: data that a Bernoulli can have made."""

import numpy as np

from tinygen import backend
from tinygen.data.bundled import Split, frozen


def binarised(split: Split, stream: str, seed: int = 0) -> Split:
    """The split with every pixel 0 or 255, white with probability v / 255.

    Always the same for a split, a stream ("train", "test") and a seed: a fixed
    binarisation, drawn once, as opposed to one that is drawn anew in every epoch.
    Source: Salakhutdinov & Murray 2008.  Differs: the draws are not those of the files
    that Larochelle published, so compare numbers with those by a few tenths of a nat.
    """
    rng = backend.rng(seed, f"binary {stream}")
    images = np.empty_like(split.images)
    for image, found in zip(split.images, images, strict=True):
        u = rng.random(image.shape, dtype=np.float32)
        found[...] = 255 * (255 * u < image)
    return Split(frozen(images), split.labels)
