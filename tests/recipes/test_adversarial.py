"""The step that all adversarial recipes share, and its options."""

import numpy as np
import pytest

from tinygen import nn
from tinygen.engine import Tensor, grad
from tinygen.models.critic import MinibatchStdHead
from tinygen.models.objectives import r1_penalty
from tinygen.recipes.dcgan import ConditionalGAN
from tinygen.recipes.gan import RingGAN


def made(**options):
    return RingGAN(RingGAN.Config(**{"batch_size": 16, **options}))


def step(recipe, k=0):
    return recipe.train_step(recipe.data.batch(k), k, recipe.streams(k))


def values(net):
    return [p.data.copy() for p in net.parameters()]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_each_step_moves_its_own_network_and_leaves_no_gradient_to_the_other():
    recipe = made()
    batch, rng = recipe.data.batch(0), recipe.streams(0)
    G = values(recipe.G)
    fake = recipe.generate(recipe.noise(16, rng("z")), None).detach()
    recipe.update_D(batch, fake, 0, rng("between"))
    assert same(values(recipe.G), G)
    assert all(p.grad is None for p in recipe.G.parameters())
    recipe.optim_D.zero_grad()
    recipe.update_D = lambda *inputs: fake.sum()  # the step of G alone
    D = values(recipe.D)
    recipe.train_step(batch, 0, rng)
    assert same(values(recipe.D), D) and not same(values(recipe.G), G)
    assert all(p.grad is None for p in recipe.D.parameters())


@pytest.mark.parametrize("name", ["minimax", "hinge", "wasserstein"])
def test_D_learns_that_data_are_real_and_G_that_its_samples_should_be(name):
    """Labels that are swapped would turn both signs."""
    recipe = made(objective=name, batch_size=256)
    batch = recipe.data.batch(0)
    z = recipe.noise(256, recipe.streams(0)("z"))
    gap = lambda: (recipe.D(batch.x).mean() - recipe.D(recipe.G(z)).mean()).item()
    first = gap()
    for _ in range(20):
        recipe.update_D(batch, recipe.G(z).detach(), 1, None)
    assert gap() > first
    score = recipe.D(recipe.G(z)).mean().item()
    recipe.update_D = lambda *inputs: None
    for k in range(20):
        recipe.train_step(batch, k, recipe.streams(0))
    assert recipe.D(recipe.G(z)).mean().item() > score


def test_extra_steps_of_D_take_data_and_noise_of_their_own():
    recipe, seen = made(d_steps=3), []
    update = recipe.update_D

    def watch(batch, fake, *rest):
        seen.append((batch.x.data, fake.data))
        return update(batch, fake, *rest)

    recipe.update_D = watch
    step(recipe, 5)
    wanted = (16, 17, 5)
    assert len(seen) == 3
    for (x, _), k in zip(seen, wanted, strict=True):
        np.testing.assert_array_equal(x, recipe.data.batch(k).x.data)
    fakes = [fake for _, fake in seen]
    assert not any(np.array_equal(fakes[i], fakes[j]) for i, j in ((0, 1), (1, 2)))


def test_what_varies_the_data_sees_every_batch_with_streams_of_its_own():
    recipe, draws = made(d_steps=3), []

    def augmented(batch, rng):
        draws.append(rng("shift").random())
        return batch

    recipe.augmented = augmented
    step(recipe)
    assert len(set(draws)) == 3


def test_two_rates():
    recipe = made(lr=1e-3, lr_d=4e-3)
    assert (recipe.optim_G.lr, recipe.optim_D.lr) == (1e-3, 4e-3)
    assert made(lr=1e-3).optim_D.lr == 1e-3


def test_weights_of_D_are_clipped_after_each_step_and_those_of_G_are_not():
    recipe = made(objective="wasserstein", clip=0.01)
    step(recipe)
    assert all(abs(x).max() <= np.float32(0.01) for x in values(recipe.D))
    assert any(abs(x).max() > 0.1 for x in values(recipe.G))


def test_the_penalty_on_the_gradient_makes_the_critic_flatter():
    slopes = {}
    for gp in (0.0, 10.0):
        recipe = made(objective="wasserstein", gp=gp, lr=2e-3)
        for k in range(300):
            step(recipe, k)
        x = recipe.data.test().x.data[:256]
        lift = recipe.D(Tensor(x + np.float32(1e-2))).data
        plain = recipe.D(Tensor(x)).data
        slopes[gp] = abs(lift - plain).mean() / (1e-2 * np.sqrt(2))
    assert slopes[10.0] < 1.5 and slopes[0.0] > 2 * slopes[10.0]


def test_the_penalty_at_data_comes_every_few_steps_and_weighs_as_much_more():
    def first_gradient(k, **options):
        recipe = made(batch_size=8, **options)
        batch = recipe.data.batch(0)
        fake = recipe.generate(recipe.noise(8, recipe.streams(0)("z")), None).detach()
        recipe.optim_D.step = lambda: None
        recipe.update_D(batch, fake, k, None)
        return recipe, batch, next(recipe.D.parameters()).grad.data

    _, _, plain = first_gradient(4)
    _, _, between = first_gradient(5, r1=2.0, r1_every=4)
    recipe, batch, penalised = first_gradient(4, r1=2.0, r1_every=4)
    np.testing.assert_array_equal(between, plain)
    x = Tensor(batch.x.data)
    x.requires_grad = True
    (g,) = grad(r1_penalty(recipe.D(x), x), [next(recipe.D.parameters())])
    np.testing.assert_allclose(penalised - plain, 8.0 * g.data, rtol=1e-3, atol=1e-6)


def test_spectral_norm_and_minibatch_std_by_options_and_through_a_checkpoint():
    recipe = made(spectral=True, minibatch_std=True)
    step(recipe)
    kinds = [type(part) for part in recipe.D.modules()]
    assert kinds.count(nn.SpectralNorm) == 3 and MinibatchStdHead in kinds
    other = made(spectral=True, minibatch_std=True, seed=1)
    other.D.load_state_dict(recipe.D.state_dict())
    x = recipe.data.test().x
    with recipe.at_rest(), other.at_rest():
        np.testing.assert_array_equal(other.D(x).data, recipe.D(x).data)


def test_all_options_at_once_in_a_conditional_convolutional_gan():
    options = {"d_steps": 2, "gp": 1.0, "r1": 1.0, "clip": 1.0, "objective": "hinge"}
    config = ConditionalGAN.Config(
        batch_size=4, width=8, spectral=True, minibatch_std=True, **options
    )
    recipe = ConditionalGAN(config)
    for k in range(2):
        losses = step(recipe, k)
        assert all(np.isfinite(loss.item()) for loss in losses.values())
