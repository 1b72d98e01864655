"""A device "cuda" made of NumPy, for every test that asks for it."""

import sys

import pytest
from strict_cupy import Library, kernels, ledger, special, xp

from tinygen import backend
from tinygen.kernels import cublas
from tinygen.kernels.fused import DEFINITIONS


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
