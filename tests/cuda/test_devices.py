"""Choosing a device, moving to it, and what is said where it is not to be had."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from strict_cupy import xp
from strict_cupy.kernels import OutOfMemoryError

import tinygen as tg
from tinygen import backend, nn
from tinygen import cuda as finder
from tinygen.cli import main
from tinygen.errors import DeviceError, OutOfMemory

IMPORTS = (
    "import sys, tinygen, tinygen.cli, tinygen.recipes; print('cupy' in sys.modules)"
)


def test_importing_tinygen_does_not_import_cupy():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_new_tensors_are_made_on_the_default_device(cuda):
    assert tg.zeros(2).device == "cpu"
    with tg.device("cuda"):
        assert tg.zeros(2).device == tg.tensor([1.0]).device == "cuda"
        with tg.device("cpu"):
            assert tg.ones(2).device == "cpu"
        assert tg.randn(2, rng=tg.rng(0)).device == "cuda"
    assert tg.get_device() == "cpu"
    tg.set_device("cuda")
    try:
        assert tg.full(2, 1.0).device == "cuda"
    finally:
        tg.set_device("cpu")


def test_a_tensor_and_a_network_move_and_come_back(cuda):
    x = tg.tensor([[1.0, 2.0]], requires_grad=True)
    network = nn.Sequential(nn.Linear(2, 3, rng=tg.rng(0)), nn.BatchNorm1d(3))
    wanted = network.eval()(x).detach().numpy()
    network.to("cuda")
    assert all(p.device == "cuda" and p.requires_grad for p in network.parameters())
    buffers = {backend.device_of(b) for b in network.buffers() if b.ndim}
    assert buffers == {"cuda"}  # counters stay on the host
    moved = x.to("cuda")
    y = network(moved)
    y.sum().backward()
    assert y.device == moved.grad.device == "cuda"
    np.testing.assert_allclose(y.detach().numpy(), wanted, rtol=1e-6)
    assert network.to("cpu")(x).device == "cpu"
    assert x.to("cpu") is x


def test_the_gradient_comes_back_through_a_move(cuda):
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = (x * 2.0).to("cuda")
    (y * y).sum().backward()
    assert x.grad.device == "cpu"
    np.testing.assert_allclose(x.grad.numpy(), [8.0, 16.0])


@pytest.mark.parametrize("f", [tg.add, tg.multiply, tg.matmul, tg.maximum])
def test_devices_do_not_mix(f, cuda):
    """An error that names the op and both devices, never a silent copy."""
    there, here = tg.ones((2, 2), device="cuda"), tg.ones((2, 2))
    for pair in ((there, here), (here, there), (there, np.ones((2, 2), "float32"))):
        found = "cpu, cuda" if pair[0] is here else "cuda, cpu"
        with pytest.raises(DeviceError, match=rf"{f.__name__}.*{found}.*Fix: x\.to"):
            f(*pair)
    assert cuda.copies == 0


# -- what is missing ---------------------------------------------------------------


def absent(name):
    def load():
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    return load


class DynamicLibNotFoundError(RuntimeError):
    """As cuda.pathfinder's."""


def fake_cupy(driver=13000, available=True, version="14.2.0", ones=None):
    """As much of the module as the finder asks for."""
    runtime = SimpleNamespace(driverGetVersion=lambda: driver)
    return SimpleNamespace(
        __version__=version,
        is_available=lambda: available,
        cuda=SimpleNamespace(runtime=runtime),
        ones=ones or (lambda shape, dtype: np.ones(shape, dtype)),
    )


def failing(error):
    def ones(shape, dtype):
        raise error

    return ones


class Unmultiplied:
    """An array on a machine without cuBLAS."""

    def __matmul__(self, other):
        raise ImportError("libcublas.so.13: cannot open shared object file")


SITUATIONS = {
    "driver": (fake_cupy(driver=0, available=False), "no NVIDIA driver.*nvidia-smi"),
    "gpu": (
        fake_cupy(available=False),
        r"driver \(CUDA 13\.0\).*no usable GPU.*VISIBLE",
    ),
    "old": (fake_cupy(version="13.4.1"), r"CuPy 13\.4\.1 is older than 14\.0"),
    "nvrtc": (
        fake_cupy(ones=failing(DynamicLibNotFoundError("nvrtc not found"))),
        r"cannot compile and run on it: NVRTC is missing.*which brings NVRTC",
    ),
    "cublas": (
        fake_cupy(ones=lambda *_: Unmultiplied()),
        r"cannot multiply matrices on it: cuBLAS is missing.*brings cuBLAS",
    ),
    "other": (
        fake_cupy(ones=failing(RuntimeError("no kernel image\nsecond line"))),
        r"it failed \(RuntimeError: no kernel image\)",
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_missing_is_said(name, monkeypatch):
    module, message = SITUATIONS[name]
    monkeypatch.setattr(backend, "_cupy", None)
    monkeypatch.setitem(sys.modules, "cupy", module)
    with pytest.raises(DeviceError, match=rf"(?s)^device 'cuda': .*{message}"):
        tg.set_device("cuda")
    assert tg.get_device() == "cpu"
    assert backend.chosen("auto") == "cpu"


def test_cupy_absent_or_broken(monkeypatch):
    monkeypatch.setattr(backend, "_cupy", None)
    monkeypatch.setitem(sys.modules, "cupy", None)  # import raises, as if absent
    with pytest.raises(DeviceError, match=r"CuPy is not installed.*tinygen\[gpu\]"):
        backend.module("cuda")
    message = finder.broken(ImportError("undefined symbol\nand much more"))
    assert "cannot be imported (ImportError: undefined symbol)" in message


def test_a_usable_gpu_is_found(monkeypatch):
    module = fake_cupy()
    monkeypatch.setattr(backend, "_cupy", None)
    monkeypatch.setitem(sys.modules, "cupy", module)
    assert backend.chosen("auto") == "cuda"
    assert backend.module("cuda") is module
    monkeypatch.setattr(backend, "_cupy", None)


def test_the_command_line_says_it_too(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(backend, "_cupy", None)
    monkeypatch.setitem(sys.modules, "cupy", SITUATIONS["driver"][0])
    command = ["train", "gan-ring", "--steps", "1", "--out", str(tmp_path / "run")]
    assert main([*command, "--device", "cuda"]) == 5
    assert "no NVIDIA driver" in capsys.readouterr().err
    assert main([*command, "--device", "auto"]) == 0
    with pytest.raises(DeviceError, match="unknown device 'gpu'"):
        tg.set_device("gpu")


# -- memory ------------------------------------------------------------------------


def test_memory_runs_out_in_an_op(cuda, monkeypatch):
    def exp(x):
        raise OutOfMemoryError("Out of memory allocating 4,294,967,296 bytes.")

    x = tg.ones((3, 4), device="cuda")
    monkeypatch.setattr(xp, "exp", exp)
    wanted = (
        r"exp\(float32\(3, 4\)\): Out of memory allocating 4,294,967,296 bytes; "
        r"the GPU has 16\.0 GB, arrays here take .* GB, 10\.0 GB is free\. "
        r"Fix: a smaller batch_size, image_size or width"
    )
    with pytest.raises(OutOfMemory, match=wanted):
        tg.exp(x)


def test_memory_runs_out_on_the_way_to_the_device(cuda, monkeypatch):
    def asarray(x):
        raise OutOfMemoryError("Out of memory allocating 512 bytes.")

    monkeypatch.setattr(xp, "asarray", asarray)
    with pytest.raises(OutOfMemory, match=r"to_device.*float32\(2,\): Out of memory"):
        tg.tensor([1.0, 2.0]).to("cuda")


def test_memory_of_the_host_runs_out():
    x = tg.ones((2, 1))
    with pytest.raises(OutOfMemory, match=r"add.*Unable to allocate.*Fix: a smaller"):
        tg.broadcast_to(x, (2, 2**58)) + 1.0
