"""Frechet distance between two sets of features, each taken for a Gaussian."""

import numpy as np

from tinygen.metrics.checks import feature_pair


def frechet_distance(features_a, features_b) -> float:
    """How far apart two sets of features are, by their means and covariances.

    d^2 = |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2))
    C = sum_n (f[n] - m)(f[n] - m)^T / (N - 1)

    features : (N, D) and (M, D); N and M may differ
    -> d^2, which is what is called FID; 0 for equal sets
    The estimate is too large by about a constant over N, Eq. (10.2), so only numbers
    from sets of the same size compare.
    Raises ShapeError unless both are (N, D) with N >= 2; DataError for NaN.
    Source: Heusel et al., arXiv 1706.08500, equation 6.  Differs: features of a network
    that knows digits, not of Inception.
    """
    a, b = feature_pair("frechet_distance", features_a, features_b, least=2)
    return frechet_gaussians(a.mean(0), covariance(a), b.mean(0), covariance(b))


def frechet_gaussians(mean1, cov1, mean2, cov2) -> float:
    """Squared Frechet (2-Wasserstein) distance of N(mean1, cov1) and N(mean2, cov2).

    d^2 = |mean1 - mean2|^2 + tr(cov1) + tr(cov2) - 2 tr (S cov2 S)^(1/2),
    S = cov1^(1/2);  S cov2 S is symmetric with the eigenvalues of cov1 cov2

    mean : (D,)      cov : (D, D), symmetric, no eigenvalue below 0
    Rank-deficient covariances are no difficulty: nothing is inverted.
    Source: Dowson & Landau, J. Multivariate Analysis 12, 1982, equation 4.
    Eq. (10.1).
    """
    mean1, cov1, mean2, cov2 = (
        np.asarray(x, np.float64) for x in (mean1, cov1, mean2, cov2)
    )
    root = symmetric_root(cov1)
    eigenvalues = np.linalg.eigvalsh(symmetric(root @ cov2 @ root))
    cross = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    apart = np.sum((mean1 - mean2) ** 2)
    return float(max(apart + np.trace(cov1) + np.trace(cov2) - 2 * cross, 0.0))


def covariance(features: np.ndarray) -> np.ndarray:
    """(D, D) unbiased: deviations from the mean, over N - 1."""
    deviation = features - features.mean(axis=0)
    return deviation.T @ deviation / (len(features) - 1)


def symmetric_root(matrix: np.ndarray) -> np.ndarray:
    """S = S^T with S S = matrix:  Q diag(sqrt(w)) Q^T for matrix = Q diag(w) Q^T."""
    w, q = np.linalg.eigh(symmetric(matrix))
    return (q * np.sqrt(np.maximum(w, 0))) @ q.T


def symmetric(matrix: np.ndarray) -> np.ndarray:
    """Rid of what rounding left of asymmetry."""
    return (matrix + matrix.T) / 2
