"""The classifier that is shipped: how good, how big, how it refuses; how it is made."""

import time

import numpy as np
import pytest

from tinygen import data, metrics, tensor
from tinygen.errors import DataError, IntegrityError
from tinygen.metrics import digit_classifier as module
from tinygen.metrics import train_classifier
from tinygen.metrics.jitter import jittered


@pytest.fixture(scope="module")
def seen():
    return metrics.classifier()


@pytest.fixture(scope="module")
def digits():
    test = data.load("mnist").test
    return data.to_float(test.images), test.labels


def test_recognises_98_of_100_held_out_digits_at_once(digits):
    start = time.perf_counter()
    found = metrics.classifier().predict(digits[0])
    assert time.perf_counter() - start < 5
    assert len(found) == 1000 and np.mean(found == digits[1]) >= 0.98


def test_sizes(seen):
    assert seen.network.num_parameters() <= 70_000
    assert module.WEIGHTS.stat().st_size <= 300_000


def test_shapes_and_agreement(seen, digits):
    images = digits[0][:300]  # more than one batch
    features, probabilities = seen.features(images), seen.probabilities(images)
    assert features.shape == (300, 64) and features.min() >= 0
    assert probabilities.shape == (300, 10) and features.dtype == np.float32
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    assert np.array_equal(seen.predict(images), probabilities.argmax(1))
    assert np.array_equal(seen.features(tensor(images)), features)
    head = seen.network.head
    logits = features @ head.weight.data.T + head.bias.data
    shares = np.exp(logits - logits.max(1, keepdims=True))
    assert np.allclose(shares / shares.sum(1, keepdims=True), probabilities, atol=1e-5)


def test_an_image_is_judged_alike_in_any_company(seen, digits):
    images = digits[0][:8]
    alone = np.concatenate([seen.features(image[None]) for image in images])
    assert np.allclose(alone, seen.features(images), atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (2, 28, 28), (2, 3, 28, 28)])
def test_other_sizes_are_refused(seen, shape):
    with pytest.raises(DataError) as caught:
        seen.features(np.zeros(shape, np.float32))
    assert str(shape) in str(caught.value) and "Fix:" in str(caught.value)


def test_other_numbers_are_refused(seen):
    grey = np.zeros((1, 1, 28, 28), np.float32)
    with pytest.raises(DataError, match=r"uint8. Fix: .*to_float"):
        seen.predict(grey.astype(np.uint8))
    with pytest.raises(DataError, match="from 0 to 255"):
        seen.predict(np.concatenate([grey, grey + 255]))
    with pytest.raises(DataError, match="nan to nan"):
        seen.predict(grey + np.nan)
    with pytest.raises(DataError, match=r"got \(0, 1, 28, 28\)"):
        seen.predict(grey[:0])


def test_a_damaged_or_missing_file(tmp_path):
    path = tmp_path / "digit-net.safetensors"
    with pytest.raises(DataError, match=r"is missing. Fix: pip"):
        metrics.classifier(path=path)
    content = bytearray(module.WEIGHTS.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"expected sha256 {module.SHA256}, got"):
        metrics.classifier(path=path)


class Drawn:
    """In place of random numbers: down, log s_y, right, log s_x, slant, degrees."""

    def __init__(self, *values):
        self.values = iter(values)

    def uniform(self, low, high, shape):
        return np.full(shape, next(self.values), float)


def lit(image):
    """(row, column) of the pixels of an image (1, 1, H, W) that are white."""
    return np.argwhere(image[0, 0] > 0.99).tolist()


def test_jitter_of_nothing_changes_nothing(digits):
    images = digits[0][:5]
    still = jittered(images, rng=Drawn(0, 0, 0, 0, 0, 0))
    assert np.array_equal(still, images) and still.dtype == images.dtype
    moved = jittered(images, rng=np.random.default_rng(0))
    assert moved.shape == images.shape and abs(moved).max() <= 1
    assert min(abs(moved - images).max((1, 2, 3))) > 0.5


def test_jitter_moves_turns_stretches_and_slants():
    image = np.full((1, 1, 9, 9), -1.0)
    image[0, 0, 2, 4] = 1.0  # two above the middle
    made = lambda *drawn: lit(jittered(image, rng=Drawn(*drawn)))
    assert made(1, 0, -1, 0, 0, 0) == [[3, 3]]
    assert made(0, 0, 0, 0, 0, 90) in ([[4, 6]], [[4, 2]])
    assert made(0, np.log(2), 0, 0, 0, 0) == [[0, 4]]  # twice as far above
    assert made(0, 0, 0, 0, 1, 0) == [[2, 6]]  # at y = -2, x = 2 shows x = 0
    assert made(-3, 0, 0, 0, 0, 0) == []  # out of the image


def test_training_is_a_function_of_the_seed():
    first, again, other = (train_classifier.train(s, steps=2) for s in (0, 0, 1))
    weights = [network.head.weight.data for network in (first, again, other)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


@pytest.mark.slow
def test_the_script_makes_one_as_good():
    network = train_classifier.train()
    assert train_classifier.accuracy(metrics.Classifier(network)) >= 0.98
