"""The loader: every sample once an epoch, any batch by its number, clear errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen.data import Loader, to_float
from tinygen.errors import ConfigError, DataError


@settings(deadline=None, max_examples=60)
@given(
    size=st.integers(1, 60),
    batch_size=st.integers(1, 70),
    drop_last=st.booleans(),
    shuffle=st.booleans(),
    seed=st.integers(0, 2**63 - 1),
    epoch=st.integers(0, 10**6),
)
def test_an_epoch_covers_the_data(size, batch_size, drop_last, shuffle, seed, epoch):
    options = {"drop_last": drop_last, "shuffle": shuffle, "seed": seed}
    samples = np.arange(size)
    if drop_last and batch_size > size:
        with pytest.raises(DataError, match="0 batches"):
            Loader(samples, batch_size=batch_size, **options)
        return
    loader = Loader(samples, batch_size=batch_size, **options)
    batches = list(loader.epoch(epoch))
    assert len(batches) == len(loader)
    assert all(len(batch) == batch_size for batch in batches[:-1])
    seen = np.concatenate(batches)
    if drop_last:
        assert len(batches[-1]) == batch_size
        assert len(set(seen)) == len(seen) == size // batch_size * batch_size
    else:
        assert sorted(seen) == list(samples)
    again = Loader(samples, batch_size=batch_size, **options)  # starts in the middle
    for place in reversed(range(len(loader))):
        step = epoch * len(loader) + place
        assert np.array_equal(again.batch(step), batches[place])


def test_order_depends_on_seed_and_epoch_and_on_nothing_else():
    loader = Loader(np.arange(100), batch_size=100, seed=5)
    first, second = loader.batch(0), loader.batch(1)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, np.arange(100))
    assert np.array_equal(loader.batch(0), first)
    other = Loader(np.arange(100), batch_size=100, seed=6)
    assert not np.array_equal(other.batch(0), first)
    smaller = Loader(np.arange(100), batch_size=7, seed=5)
    assert np.array_equal(np.concatenate(list(smaller.epoch(0))), first)


def test_the_order_is_pinned():
    """A change here breaks the exact resume of every run that was saved before."""
    loader = Loader(np.arange(10), batch_size=10, seed=0)
    assert loader.batch(0).tolist() == [8, 2, 5, 0, 1, 9, 3, 6, 7, 4]
    assert loader.batch(1).tolist() == [0, 3, 8, 7, 4, 1, 2, 9, 6, 5]


def test_unshuffled_keeps_the_order_in_every_epoch():
    loader = Loader(np.arange(5), batch_size=2, shuffle=False)
    for epoch in (0, 3):
        assert [b.tolist() for b in loader.epoch(epoch)] == [[0, 1], [2, 3], [4]]


def test_several_arrays_go_together_and_only_the_first_is_transformed():
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1).repeat(4, axis=2)
    labels = np.arange(10)
    loader = Loader(images, labels, labels * 2, batch_size=3, transform=to_float)
    x, y, z = loader.batch(2)
    assert x.shape == (3, 1, 4, 1) and x.dtype == np.float32
    assert np.allclose(x[:, 0, 0, 0], y / 127.5 - 1)
    assert np.array_equal(z, 2 * y)
    assert loader.arrays[0].dtype == np.uint8  # stays small in memory


def test_one_array_gives_arrays_and_two_give_tuples():
    assert isinstance(Loader(np.arange(4), batch_size=2).batch(0), np.ndarray)
    assert isinstance(Loader(np.arange(4), [1, 2, 3, 4], batch_size=2).batch(0), tuple)


def test_a_batch_is_a_copy():
    samples = np.zeros(4)
    for shuffle in (True, False):
        Loader(samples, batch_size=4, shuffle=shuffle).batch(0)[:] = 7
    assert not samples.any()


def test_no_batches():
    with pytest.raises(
        DataError, match=r"0 batches: 10 samples, batch 32, drop_last=True. Fix:"
    ):
        Loader(np.zeros(10), batch_size=32, drop_last=True)
    with pytest.raises(DataError, match=r"0 batches: 0 samples.*Fix: add data"):
        Loader(np.zeros((0, 3)), batch_size=1)


def test_lengths_that_differ_and_arrays_without_samples():
    with pytest.raises(DataError, match=r"different lengths: \[10, 9\]. Fix:"):
        Loader(np.zeros(10), np.zeros(9), batch_size=2)
    for arrays in ((), (np.float32(3),)):
        with pytest.raises(DataError, match=r"no samples along a first axis. Fix:"):
            Loader(*arrays, batch_size=2)


@pytest.mark.parametrize("value", [0, -3, 2.0, True, "8"])
def test_impossible_batch_sizes(value):
    with pytest.raises(ConfigError, match=r"batch_size must be .* Fix: batch_size=1"):
        Loader(np.zeros(10), batch_size=value)


def test_impossible_steps_epochs_and_seeds():
    loader = Loader(np.zeros(10), batch_size=2, shuffle=False)
    for call in (loader.batch, loader.epoch):
        with pytest.raises(ConfigError, match=r"got -1. Fix:"):
            call(-1)
    with pytest.raises(ConfigError, match=r"seed must be .* got 0.5"):
        Loader(np.zeros(10), batch_size=2, seed=0.5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value, monkeypatch):
    monkeypatch.setattr("tinygen.data.loader.BLOCK", 64)  # several blocks
    images = np.zeros((50, 2, 3, 3), np.float32)
    images[37, 1, 0, 2] = images[37, 1, 2, 0] = images[41, 0, 0, 0] = value
    message = rf"array 1, sample 37 holds {value} at position \(1, 0, 2\). Fix:"
    with pytest.raises(DataError, match=message):
        Loader(np.arange(50), images, batch_size=5)
