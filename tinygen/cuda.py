"""Whether there is a GPU that CuPy can compute on, and if not, what is missing.

Nothing here imports CuPy before it is asked to.
"""

from tinygen.errors import DeviceError

OLDEST = (14, 0)  # version of CuPy: before it, to ask for a GPU could itself fail
INSTALL = "pip install 'tinygen[gpu]' (CUDA 13)"


def usable():
    """The module CuPy, after kernels have run on the GPU.

    Raises DeviceError that says what is missing: CuPy, the driver, the GPU, the
    compiler NVRTC, or cuBLAS.
    """
    cupy = imported()
    if not cupy.is_available():
        raise DeviceError(no_gpu(cupy.cuda.runtime.driverGetVersion()))
    try:
        probe = cupy.ones((2, 2), "float32")  # compiles a kernel
    except Exception as error:  # a missing library has many types
        raise DeviceError(no_kernel("NVRTC", "compile and run", error)) from error
    try:
        float((probe @ probe).sum())
    except Exception as error:
        raise DeviceError(no_kernel("cuBLAS", "multiply matrices", error)) from error
    return cupy


def imported():
    """The module CuPy; DeviceError if it is absent, broken or too old."""
    try:
        import cupy
    except ModuleNotFoundError as error:
        if error.name != "cupy":
            raise DeviceError(broken(error)) from error
        raise DeviceError(
            f"device 'cuda': CuPy is not installed. Fix: {INSTALL}, or device 'cpu'"
        ) from error
    except ImportError as error:
        raise DeviceError(broken(error)) from error
    version = tuple(int(n) for n in cupy.__version__.split(".")[:2] if n.isdigit())
    if version < OLDEST:
        raise DeviceError(
            f"device 'cuda': CuPy {cupy.__version__} is older than "
            f"{'.'.join(map(str, OLDEST))}. Fix: {INSTALL}"
        )
    return cupy


def broken(error: ImportError) -> str:
    """What to say of a CuPy that is there and cannot be imported."""
    return (
        f"device 'cuda': CuPy is installed but cannot be imported ({short(error)}). "
        f"Fix: uninstall every cupy package, then {INSTALL}"
    )


def no_gpu(driver: int) -> str:
    """What to say where there is no GPU; driver : its version, 0 for none."""
    if driver == 0:
        return (
            "device 'cuda': no NVIDIA driver. Fix: install it (`nvidia-smi` then "
            "lists the GPU), or device 'cpu'"
        )
    told = f"{driver // 1000}.{driver % 1000 // 10}"
    return (
        f"device 'cuda': the driver (CUDA {told}) shows no usable GPU. Fix: check "
        "`nvidia-smi` and the variable CUDA_VISIBLE_DEVICES, or device 'cpu'"
    )


def no_kernel(library: str, what: str, error: Exception) -> str:
    """What to say where there is a GPU that cannot be used."""
    missing = isinstance(error, ImportError) or "NotFound" in type(error).__name__
    reason = f"{library} is missing" if missing else "it failed"
    return (
        f"device 'cuda': a GPU is present, but CuPy cannot {what} on it: {reason} "
        f"({short(error)}). Fix: {INSTALL}, which brings {library}, or device 'cpu'"
    )


def memory(cupy) -> str:
    """How much memory the GPU has, and how much of it tinygen's arrays take."""
    free, whole = cupy.cuda.Device().mem_info
    used = cupy.get_default_memory_pool().used_bytes()
    parts = [f"{n / 2**30:.1f} GB" for n in (whole, used, free)]
    return "the GPU has {}, arrays here take {}, {} is free".format(*parts)


def short(error: Exception) -> str:
    """The first line of an error, of at most 120 characters."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:120]}"
