"""Chapter 15: the failure lab still fails without its cure, and is cured by it."""

import numpy as np
import pytest

from chapters.tools.book import definitions
from tinygen import nn, ops, optim, rng, tensor
from tinygen.models.objectives import discriminator_loss, generator_loss

POINTS = np.float32([[1, 0], [-0.5, 0.866], [-0.5, -0.866]])  # class y lies there


class Features(nn.Module):
    """D on points in the plane: with labels by projection, or blind."""

    def __init__(self, sees, own):
        self.layers = nn.Sequential(
            nn.Linear(2, 32, rng=own), nn.LeakyReLU(0.2), nn.Linear(32, 32, rng=own)
        )
        self.head = nn.Linear(32, 1, rng=own)
        self.project = nn.ClassProjection(3, 32, rng=own) if sees else None

    def forward(self, x, labels):
        phi = ops.tanh(self.layers(x))
        logits = self.head(phi)
        return logits + self.project(phi, labels) if self.project else logits


def played(sees, seed, count=250):
    """A generator of one point for each label, which starts at the next class."""
    own = rng(seed, "lab 15")
    D, G = Features(sees, own), nn.Embedding(3, 2, rng=own)
    G.weight.assign(np.roll(POINTS, 1, axis=0))
    adam = lambda net: optim.Adam(net.parameters(), lr=0.01, betas=(0.5, 0.9))
    of_D, of_G = adam(D), adam(G)
    for _ in range(count):
        labels = own.integers(3, size=48)
        blur = lambda: tensor(np.float32(0.2 * own.standard_normal((48, 2))))
        real, labels = tensor(POINTS[labels]) + blur(), tensor(labels)
        fake = G(labels) + blur()
        D.zero_grad(), G.zero_grad()
        discriminator_loss(D(real, labels), D(fake.detach(), labels)).backward()
        of_D.step()
        with nn.frozen(D):
            generator_loss(D(fake, labels)).backward()
        of_G.step()
    apart = ((G.weight.data[:, None] - POINTS) ** 2).sum(-1)
    return (apart.argmin(1) == np.arange(3)).mean()


@pytest.mark.parametrize("seed", range(2))
def test_who_starts_at_the_wrong_labels_stays_there_unless_d_sees_them(seed):
    assert played(False, seed) == 0.0  # the symptom
    assert played(True, seed) == 1.0  # the cure


def test_a_blind_d_has_the_same_value_under_every_renaming_of_labels():
    """The logits of a blind D do not change; those of a projection do."""
    own = rng(0, "renamed")
    x, labels = tensor(POINTS), np.arange(3)
    for sees in (False, True):
        D = Features(sees, own)
        told, renamed = (D(x, tensor(y)).data for y in (labels, np.roll(labels, 1)))
        assert np.array_equal(told, renamed) is not sees


def test_the_table_of_the_chapter_counts_what_was_asked_for():
    M = np.eye(10)[np.random.default_rng(1).permutation(10)]
    accuracy = definitions(15)["accuracy"]
    assert accuracy(M) == pytest.approx(np.diag(M).mean())
