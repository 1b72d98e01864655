"""Work on a large array in blocks that stay in the processor's cache.

A formula of eight NumPy calls reads and writes the whole array eight times.  Memory
is several times slower than the L2 cache, so the same eight calls on one block after
another take a fraction of the time.
"""

from functools import wraps

import numpy as np

from tinygen.kernels.fused import fused
from tinygen.kernels.select import faster_than

BLOCK = 65536  # elements: three float32 blocks fit a 1 MB L2 cache


def blocked(formula):
    """Declare an in-place NumPy kernel, run in blocks, a faster equal of a formula.

    The decorated body(x, ..., out=None) is called once on a small array and once per
    block of a large one; arrays among its arguments are cut alike, numbers passed on.
    CuPy arrays go to formula(xp, x, ...), which is one kernel there, and 0-d arrays,
    which NumPy turns into scalars, too.
    """

    def declare(body):
        plain = fused(formula, body.__name__)

        @wraps(body)
        def fast(x, *others):
            if type(x) is not np.ndarray or x.ndim == 0:
                return plain(x, *others)
            if x.size <= BLOCK:
                return body(x, *others)
            return over_blocks(body, x, *others)

        return faster_than(plain)(fast)

    return declare


def over_blocks(body, *arguments):
    """body(*arguments) computed one block at a time, in their memory order.

    A gradient broadcast from a sum has no order of its own: the next array decides.
    """
    arrays = [a for a in arguments if is_cut(a)]
    y = np.empty_like(next((a for a in arrays if 0 not in a.strides), arrays[0]))
    for *pieces, out in blocks(*arguments, y):
        body(*pieces, out=out)
    return y


def sum_over_blocks(body, *arguments):
    """The sum of body(*arguments), which is never in memory as a whole."""
    return sum(float(body(*pieces).sum()) for pieces in blocks(*arguments))


def blocks(x, *others):
    """The arguments cut alike into flat blocks; whole if no order in memory fits all.

    Of gapless memory in any order of axes, `ravel("K")` is a view.
    """
    arguments = (x, *others)
    if any(is_cut(a) and a.strides != x.strides for a in others):
        yield arguments
        return
    flat = [a.ravel("K") if is_cut(a) else a for a in arguments]
    for start in range(0, x.size, BLOCK):
        yield [a[start : start + BLOCK] if is_cut(a) else a for a in flat]


def is_cut(argument):
    """Whether an argument is an array to cut into blocks, not a number."""
    return isinstance(argument, np.ndarray) and argument.ndim > 0
