"""A stand-in for CuPy that runs on NumPy and is at least as strict.

    from strict_cupy import ledger, xp

`xp` goes where a test would have the module `cupy`.  Its names, methods and keywords
are those of cupy_api.json; what CuPy lacks does not exist here.  Its arrays never turn
into NumPy's by themselves and never mix with them, every reduction and index gives an
array, and `ledger` counts what a GPU would do: kernels launched, copies to and from the
host, and synchronisations.
"""

from strict_cupy.array import ndarray
from strict_cupy.blas import Library
from strict_cupy.ledger import Synchronized, ledger
from strict_cupy.module import special, xp

__all__ = ["Library", "Synchronized", "ledger", "ndarray", "special", "xp"]
