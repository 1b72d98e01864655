"""The real CuPy on a device that is not there: import this instead of cupy.

Launches, copies and waits are counted (`fakecuda.counts()`); values are garbage.  Every
kernel is really compiled, for compute capability 9.0, by NVRTC, which needs no GPU.
It reaches into CuPy's private names, so it is for one version only.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import types
from pathlib import Path

VERSION = "14.2.0"
HERE = Path(__file__).parent
COMPUTE_TYPES = {
    "CUBLAS_COMPUTE_32F": 68,
    "CUBLAS_COMPUTE_32F_PEDANTIC": 69,
    "CUBLAS_COMPUTE_64F": 70,
    "CUBLAS_COMPUTE_64F_PEDANTIC": 71,
    "CUBLAS_COMPUTE_32F_FAST_TF32": 77,
}


def built() -> Path:
    """Compile fakecuda.c into a folder of its own; -> the folder."""
    folder = Path(tempfile.mkdtemp())
    include = f"-I{sysconfig.get_paths()['include']}"
    target = folder / f"fakecuda{sysconfig.get_config_var('EXT_SUFFIX')}"
    source = str(HERE / "fakecuda.c")
    options = ["-O1", "-w", "-shared", "-fPIC", include, source, "-o", str(target)]
    subprocess.run([os.environ.get("CC", "cc"), *options], check=True)
    return folder


class FakeBLAS(types.ModuleType):
    """Any function of cuBLAS: it counts as a launch."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name.startswith("CUBLAS_"):
            return COMPUTE_TYPES.get(name, 0)

        def function(*_):
            if fakecuda.capturing():
                raise NotImplementedError(f"{name} while a stream is captured")
            if name not in ("setStream", "setMathMode", "create", "destroy"):
                fakecuda.count_launch()
            return 1

        setattr(self, name, function)
        return function


class Library:
    """cuBLAS as it is called through ctypes: everything goes well, products count."""

    def __getattr__(self, name):
        def function(*_):
            if "gemm" in name:
                fakecuda.count_launch()
            return 0

        return function


def patched():
    """CuPy, with the fake device below it."""
    import cupy_backends.cuda.api.driver as driver
    import cupy_backends.cuda.api.runtime as runtime
    import cupy_backends.cuda.libs as libs

    fakecuda.patch(runtime.__pyx_capi__, driver.__pyx_capi__)
    runtime.getDevice = lambda: 0
    runtime.getDeviceCount = lambda: 1
    runtime.setDevice = lambda device: None
    attributes = {75: 9, 76: 0, 16: 132, 10: 32, 1: 1024}
    runtime.deviceGetAttribute = lambda which, device: attributes.get(which, 1)
    runtime.deviceSynchronize = lambda: None
    runtime.memGetInfo = lambda: (140 << 30, 141 << 30)
    runtime.streamIsCapturing = lambda stream: fakecuda.capturing()
    runtime.driverGetVersion = lambda: 13020
    libs.cublas = FakeBLAS("cupy_backends.cuda.libs.cublas")
    sys.modules[libs.cublas.__name__] = libs.cublas
    import cupy

    if cupy.__version__ != VERSION:
        raise ImportError(f"the fake device is for CuPy {VERSION}, not this one")
    return cupy


os.environ["CUPY_ACCELERATORS"] = ""  # cub would ask the device for more
sys.path.insert(0, str(built()))
import fakecuda  # noqa: E402

cupy = patched()
