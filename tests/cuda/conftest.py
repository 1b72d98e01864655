"""A device "cuda" made of NumPy, for every test that asks for it."""

import sys

import pytest
from strict_cupy import Library, kernels, ledger, special, xp

from tinygen import backend
from tinygen.errors import DeviceError
from tinygen.kernels import cublas
from tinygen.kernels.fused import DEFINITIONS


def pytest_terminal_summary(terminalreporter):
    """Say why tests of a GPU were skipped: their names alone say nothing."""
    skipped = terminalreporter.getreports("skipped")
    reasons = {report.longrepr[2] for report in skipped if "[gpu" in report.nodeid}
    for reason in sorted(reasons):
        terminalreporter.write_line(f"tests of a GPU: {reason}")


@pytest.fixture
def cuda(monkeypatch):
    """Device "cuda" is the stand-in; its ledger, with all counts at 0."""
    monkeypatch.setattr(backend, "_cupy", xp)
    for name in ("cupyx", "cupyx.scipy", "cupyx.scipy.special"):
        monkeypatch.setitem(sys.modules, name, special)
    monkeypatch.setattr(kernels, "definitions", DEFINITIONS)
    monkeypatch.setattr(cublas, "load", Library)
    ledger.reset()
    yield ledger
    ledger.tape = ledger.pool = None


@pytest.fixture(params=["stand-in", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request):
    """Device "cuda" is the stand-in, or a GPU; a skip that says why there is none."""
    if request.param == "stand-in":
        request.getfixturevalue("cuda")
    else:
        assert backend._cupy is not xp
        try:
            backend.module("cuda")
        except DeviceError as error:
            pytest.skip(f"not compared with CuPy: {error}")
    yield request.param
    backend.free_memory()
