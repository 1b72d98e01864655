"""The Frechet distance against closed forms and against its other formula."""

import numpy as np
import pytest
import scipy.linalg

from tinygen.errors import DataError, ShapeError
from tinygen.metrics import frechet_distance, frechet_gaussians
from tinygen.metrics.frechet import covariance


def gaussian(rng, d, rank=None):
    """A mean, and a covariance of that rank."""
    root = rng.standard_normal((d, rank or d))
    return rng.standard_normal(d), root @ root.T


def by_product_root(mean1, cov1, mean2, cov2):
    """The formula as it is printed: the root of the product, which is not symmetric."""
    root = scipy.linalg.sqrtm(cov1 @ cov2)
    apart = np.sum((mean1 - mean2) ** 2)
    return apart + np.trace(cov1 + cov2) - 2 * np.trace(root).real


@pytest.mark.parametrize("d", [1, 2, 5, 64])
def test_both_formulas_agree(d):
    rng = np.random.default_rng(d)
    for _ in range(5):
        a, b = gaussian(rng, d), gaussian(rng, d)
        expected = by_product_root(*a, *b)
        found = frechet_gaussians(*a, *b)
        assert abs(found - expected) <= 1e-8 * expected
        assert abs(frechet_gaussians(*b, *a) - found) <= 1e-8 * expected


def test_one_axis_and_diagonal_closed_forms():
    assert abs(frechet_gaussians([1.0], [[4.0]], [3.0], [[25.0]]) - (4 + 9)) < 1e-12
    v1, v2 = np.array([1.0, 4.0, 0.0]), np.array([9.0, 0.25, 2.0])
    expected = 3 + np.sum((np.sqrt(v1) - np.sqrt(v2)) ** 2)
    found = frechet_gaussians(np.zeros(3), np.diag(v1), np.ones(3), np.diag(v2))
    assert abs(found - expected) < 1e-12


def test_turned_axes_do_not_commute():
    """Only a true root is right here: that of each covariance alone is not."""
    turn = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
    cov1 = np.diag([9.0, 1.0])
    cov2 = turn @ np.diag([16.0, 4.0]) @ turn.T
    # of a 2x2 matrix: tr sqrt(M) = sqrt(tr M + 2 sqrt(det M))
    trace = np.sqrt(np.trace(cov1 @ cov2) + 2 * np.sqrt(9 * 64))
    found = frechet_gaussians(np.zeros(2), cov1, np.zeros(2), cov2)
    assert abs(found - (30 - 2 * trace)) < 1e-10


def test_rank_deficient_covariances():
    rng = np.random.default_rng(0)
    a, b = gaussian(rng, 20, rank=3), gaussian(rng, 20, rank=2)
    # tr (AA^T BB^T)^(1/2) is the sum of the singular values of A^T B
    root_a, root_b = rng.standard_normal((20, 3)), rng.standard_normal((20, 2))
    a, b = (a[0], root_a @ root_a.T), (b[0], root_b @ root_b.T)
    cross = np.linalg.svd(root_a.T @ root_b, compute_uv=False).sum()
    expected = np.sum((a[0] - b[0]) ** 2) + np.trace(a[1] + b[1]) - 2 * cross
    # the root of an eigenvalue that rounding left at 1e-14 is 1e-7
    assert abs(frechet_gaussians(*a, *b) - expected) < 1e-4


def test_of_samples_is_of_their_unbiased_moments():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((7, 3)), 2 * rng.standard_normal((9, 3)) + 1
    moments = a.mean(0), np.cov(a.T), b.mean(0), np.cov(b.T)  # over N - 1
    assert abs(frechet_distance(a, b) - by_product_root(*moments)) < 1e-8
    assert np.allclose(covariance(a), np.cov(a.T), rtol=1e-12)


def test_zero_for_equal_sets_and_square_of_a_shift():
    a = np.random.default_rng(2).standard_normal((200, 64)).astype(np.float32)
    assert frechet_distance(a, a) < 1e-8
    shifted = a.astype(np.float64) + 0.5
    assert abs(frechet_distance(a, shifted) - 64 * 0.25) < 1e-8


def test_bad_features_are_refused():
    good = np.ones((4, 3))
    with pytest.raises(ShapeError, match=r"\(4, 3\) and \(4, 2\)\. Fix: \(N, D\)"):
        frechet_distance(good, good[:, :2])
    with pytest.raises(ShapeError, match=r"4 and 1 samples. Fix: at least 2"):
        frechet_distance(good, good[:1])
    with pytest.raises(DataError, match="3 of 12 features are NaN"):
        frechet_distance(good, np.where(np.eye(4, 3), np.nan, good))
