"""The networks of diffusion: shapes, what they are told, what each pixel can see."""

import numpy as np
import pytest

import tinygen as tg
from tinygen.errors import ConfigError, ShapeError
from tinygen.models.diffusion.mlp import PlaneNet
from tinygen.models.unet import UNet

T = np.array([3, 500])


def made(shape=(1, 8, 8), widths=(8, 16), patch=1, classes=0, seed=0):
    """A small U-Net whose last layer is not zero."""
    rng = np.random.default_rng(seed)
    net = UNet(shape, widths, patch, classes, rng=rng)
    net.leave.weight.assign(rng.standard_normal(net.leave.weight.shape, "float32"))
    return net


def images(shape=(2, 1, 8, 8), seed=1):
    return tg.randn(shape, rng=np.random.default_rng(seed))


def test_its_first_answer_is_nothing():
    net = UNet((1, 8, 8), (8, 16), rng=np.random.default_rng(0))
    assert (net(images(), T).data == 0).all()


@pytest.mark.parametrize("patch", (1, 2))
@pytest.mark.parametrize("widths", ((8,), (8, 16), (8, 16, 24)))
@pytest.mark.parametrize("shape", ((1, 8, 8), (3, 7, 10), (1, 28, 28)))
def test_images_of_any_side_come_out_as_they_went_in(shape, widths, patch):
    assert made(shape, widths, patch)(images((2, *shape)), T).shape == (2, *shape)


def test_every_sample_is_on_its_own():
    net, x = made(classes=3), images((4, 1, 8, 8))
    t, labels = np.array([1, 9, 400, 1000]), tg.tensor(np.array([0, 1, 2, 3]))
    together = net(x, t, labels).data
    for i in range(4):
        one = slice(i, i + 1)
        alone = net(x[one], t[one], labels[one]).data
        np.testing.assert_allclose(together[one], alone, atol=2e-5)


def test_time_and_class_matter_and_no_label_is_the_last_row():
    net, x = made(classes=3), images()
    no, a, b = (net(x, T, tg.tensor(np.full(2, c))).data for c in (3, 0, 1))
    np.testing.assert_array_equal(net(x, T).data, no)
    assert abs(a - b).max() > 1e-3 and abs(a - no).max() > 1e-3
    assert abs(net(x, T + 1).data - no).max() > 1e-4


def test_every_pixel_sees_every_other():
    """By attention at the lowest level, far beyond the reach of the convolutions."""
    net = made((1, 32, 32), (8, 8))
    x = images((1, 1, 32, 32))
    x.requires_grad = True
    (g,) = tg.grad(net(x, T[:1])[0, 0, 0, 0], [x])
    assert (g.data != 0).all()


def test_detail_crosses_at_its_own_level():
    """With nothing coming up from below the image is still seen."""
    net, x = made(), images()
    for parameter in net.double[0].parameters():
        parameter.assign(0 * parameter.data)
    assert abs(net(x, T).data - net(-x, T).data).max() > 1e-3


def test_every_parameter_has_a_gradient():
    for net in (made(classes=3), made((1, 28, 28), (8, 8, 8), 2)):
        x = images((2, *net.shape))
        labels = tg.tensor(np.array([0, 3])) if net.told.classes else None
        (net(x, T, labels) ** 2).sum().backward()
        for name, p in net.named_parameters():
            assert p.grad is not None and (p.grad.data != 0).any(), name


def test_the_plane_network_is_told_the_time():
    for hidden in (2, 33, 64):
        net = PlaneNet((2,), hidden, rng=np.random.default_rng(0))
        x = images((2, 2))
        assert net(x, T).shape == (2, 2)
        assert not np.array_equal(net(x, T).data, net(x, T + 100).data)


def test_what_cannot_be_is_refused_by_name():
    for widths, patch in (((8, 12), 1), ((), 1), ((0,), 1), ((8,), 0)):
        with pytest.raises(ConfigError, match=r"widths .*Fix: .*multiples of 8"):
            made(widths=widths, patch=patch)
    with pytest.raises(ShapeError, match=r"made for images \(1, 8, 8\), got"):
        made()(images((2, 1, 9, 9)), T)
    with pytest.raises(ConfigError, match="labels for a network without classes"):
        made()(images(), T, tg.tensor(T))
