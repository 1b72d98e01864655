"""Reporting that all tests share."""


def pytest_terminal_summary(terminalreporter):
    """The checks that were grouped into tests, one test for each sample of an op."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports(
        "failed"
    )
    counts = [v for r in reports for k, v in r.user_properties if k == "checks"]
    if counts:
        terminalreporter.write_line(f"{sum(counts)} checks of {len(counts)} samples")
