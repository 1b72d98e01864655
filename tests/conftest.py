"""What all tests share: derandomised hypothesis, and a count of the grouped checks."""

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
