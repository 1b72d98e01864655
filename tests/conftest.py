"""What all tests share: one BLAS thread, derandomised hypothesis, a count of checks."""

import os

# The tests run in a process for each core; threads of BLAS beside them only get in the
# way.  Read when NumPy is imported, so before anything else.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

settings.register_profile(
    "gate", derandomize=True, deadline=None, max_examples=50, database=None
)
settings.load_profile("gate")


def pytest_terminal_summary(terminalreporter):
    """The checks that were grouped into tests, one test for each sample of an op."""
    counts = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "checks"
    ]
    if counts:
        terminalreporter.write_line(f"{sum(counts)} checks of {len(counts)} samples")
