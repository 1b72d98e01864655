"""The real CuPy on a device that is not there: what it launches, copies, waits for.

It needs CuPy of one version, NVRTC with its headers, and a C compiler, and no GPU:

    pip install cupy-cuda13x==14.2.0 nvidia-cuda-nvrtc nvidia-cuda-runtime
    pytest tests/cuda/test_fake_cuda.py -m slow -rs

TINYGEN_CUPY_PYTHON may name the interpreter of another environment that has them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
BUDGETS = json.loads((HERE / "budgets.json").read_text())
PROBE = """
import sys, importlib.metadata as m
sys.path.insert(0, sys.argv[1])
import numpy, matplotlib, safetensors, tqdm
print(m.version('cupy-cuda13x'), m.version('nvidia-cuda-nvrtc'))
"""
MARGIN = 1.05  # copies on the device, which the stand-in does not count alike


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What budgets.py prints, run by an interpreter that has what it needs."""
    python = os.environ.get("TINYGEN_CUPY_PYTHON", sys.executable)
    if shutil.which(os.environ.get("CC", "cc")) is None:
        pytest.skip("the real CuPy was not run: no C compiler")
    probe = subprocess.run([python, "-c", PROBE, str(ROOT)], capture_output=True)
    if probe.returncode or not probe.stdout.startswith(b"14.2.0 "):
        pytest.skip(
            f"the real CuPy was not run: {python} has no cupy-cuda13x 14.2.0 with "
            "nvidia-cuda-nvrtc"
        )
    cache = tmp_path_factory.mktemp("kernels")  # so that every kernel is compiled
    done = subprocess.run(
        [python, str(HERE / "fake_cuda" / "budgets.py"), str(ROOT)],
        env={**os.environ, "CUPY_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert any(cache.glob("*.cubin"))
    return json.loads(done.stdout.splitlines()[-1])


def test_every_step_keeps_to_its_budget(found):
    for name, counts in found.items():
        launches = counts["launches"] + counts["fills"] + counts["within"]
        assert launches <= MARGIN * BUDGETS.get(name, 1000), (name, counts)


def test_no_step_waits_or_reads(found):
    for name, counts in found.items():
        assert counts["to_host"] == counts["waits"] == 0, (name, counts)


def test_a_capture_copies_nothing_and_a_replay_is_one_copy_and_one_launch(found):
    """CuPy itself refuses copies of the host in a capture, and products."""
    for name, counts in found.items():
        if name != "dcgan64":
            capture, replay = counts["capture"], counts["replay"]
            moved = [capture[key] for key in ("to_device", "to_host", "waits")]
            assert moved == [0, 0, 0], (name, capture)
            done = [replay[key] for key in ("to_device", "launches", "waits")]
            assert done == [1, 1, 0], (name, replay)


def test_the_aims(found):
    assert found["dcgan64"]["launches"] <= 260
    assert found["gan"]["launches"] <= 60
