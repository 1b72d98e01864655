"""Bugs in the measures of samples, and in what GAN recipes sample from."""

from bugs.table import plant

plant(
    "metrics: Frechet distance without the cross term's factor",
    "metrics/frechet.py",
    "np.trace(cov2) - 2 * cross",
    "np.trace(cov2) - cross",
    "tests/metrics/test_frechet.py::test_one_axis_and_diagonal_closed_forms",
)
plant(
    "metrics: root of the product of roots, right only if the covariances commute",
    "metrics/frechet.py",
    "eigenvalues = np.linalg.eigvalsh(symmetric(root @ cov2 @ root))",
    "eigenvalues = np.linalg.eigvalsh(symmetric(cov1 @ cov2))",
    "tests/metrics/test_frechet.py::test_turned_axes_do_not_commute",
)
plant(
    "metrics: covariance over N",
    "metrics/frechet.py",
    "deviation.T @ deviation / (len(features) - 1)",
    "deviation.T @ deviation / len(features)",
    "tests/metrics/test_frechet.py::test_of_samples_is_of_their_unbiased_moments",
)
plant(
    "metrics: kernel distance with the diagonal, biased",
    "metrics/kernel.py",
    "return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))",
    "return float(kernel.sum() / (n * n))",
    "tests/metrics/test_kernel.py::test_mean_is_zero_where_both_are_alike",
)
plant(
    "metrics: standard error without the root of the number of blocks",
    "metrics/kernel.py",
    "found.std(ddof=1) / np.sqrt(blocks)",
    "found.std(ddof=1)",
    "tests/metrics/test_kernel.py::test_the_error_is_that_of_the_value",
)
plant(
    "metrics: precision and recall exchanged",
    "metrics/manifold.py",
    "share_within(real, generated, k), share_within(generated, real, k)",
    "share_within(generated, real, k), share_within(real, generated, k)",
    "tests/metrics/test_manifold.py::"
    "test_a_generator_with_one_mode_is_precise_and_recalls_little",
)
plant(
    "metrics: a point counts as its own neighbour",
    "metrics/manifold.py",
    "np.partition(d2, k)[k]",
    "np.partition(d2, k)[k - 1]",
    "tests/metrics/test_manifold.py::test_the_radius_is_to_the_third_neighbour",
)
plant(
    "metrics: inception score from the mean entropy alone",
    "metrics/classes.py",
    "np.exp(entropies(q) - entropies(p).mean())",
    "np.exp(-entropies(p).mean()) * len(q)",
    "tests/metrics/test_classes.py::test_inception_score_by_the_definition",
)
plant(
    "metrics: the classes that were asked for are not looked at",
    "metrics/report.py",
    "fake.labels == np.asarray(asked)",
    "fake.labels == fake.labels",
    "tests/metrics/test_report.py::test_labels_that_were_not_asked_for_are_a_tenth",
)
plant(
    "standing statistics stay in the network",
    "nn/normal.py",
    "norm.running_var = norm.running_var.copy()",
    "pass",
    "tests/nn/test_standing_statistics.py::test_afterwards_everything_is_as_it_was",
)
