"""Bugs in the rules of ops."""

from bugs.table import plant, sample

ENGINE = "engine.py"
SHAPE = "ops/shape.py"
REDUCE = "ops/reduce.py"
LINEAR = "ops/linear.py"

# -- un-broadcasting ---------------------------------------------------------------

plant(
    "1 the second operand's gradient is not summed",
    ENGINE,
    "gq = gq if gq.shape == q.shape else sum_to(gq, shape=q.shape)",
    "gq = gq * 1.0",
    sample("add-3"),
)
plant(
    "2 last axes are summed instead of leading ones",
    SHAPE,
    "extra = tuple(range(lead))",
    "extra = tuple(range(x.ndim - lead, x.ndim))",
    sample("add-10"),
)
plant(
    "3 a middle axis of size 1 is not summed",
    SHAPE,
    "if n == 1 and x.shape[i] != 1)",
    "if n == 1 and x.shape[i] != 1 and i == 0)",
    sample("multiply-6"),
)
plant(
    "8 nor is it for a product of matrices",
    SHAPE,
    "y = x.sum(axis=extra + ones, keepdims=True)",
    "y = x.mean(axis=extra + ones, keepdims=True)",
    sample("matmul-8"),
    sample("matmul-9"),
)

# -- reductions and softmax --------------------------------------------------------

plant(
    "11 a reduced axis is restored at the wrong place",
    REDUCE,
    "tuple(1 if i in axes else n for i, n in enumerate(x.shape))",
    "tuple(1 if i < len(axes) else n for i, n in enumerate(x.shape)) "
    "if g.size == math.prod(x.shape[len(axes):]) else "
    "tuple(1 if i in axes else n for i, n in enumerate(x.shape))",
    sample("sum-9"),
)
plant(
    "12 mean: divided by all elements",
    REDUCE,
    "_restored(g, x, axis, keepdims) / _count(x, axis), x.shape",
    "_restored(g, x, axis, keepdims) / math.prod(x.shape), x.shape",
    sample("mean-2"),
)
plant(
    "12 mean, forward and backward alike: only the reference tells",
    REDUCE,
    "    return math.prod(x.shape[i] for i in checked_axes(axis, x))",
    "    return math.prod(x.shape)",
    sample("mean-2"),
)
plant(
    "14 max: ties counted twice",
    REDUCE,
    "share = extreme / extreme.sum(axis=axis, keepdims=True)",
    "share = extreme / 1.0",
    sample("max-13"),
)
plant(
    "15 max: the overall maximum used along an axis",
    REDUCE,
    "extreme = x == _restored(y, x, axis, keepdims)",
    "extreme = x >= _restored(y, x, axis, keepdims).min()",
    sample("max-2"),
)
plant(
    "22 softmax: only the diagonal term",
    "functional/activation.py",
    "return x - logsumexp(x, axis, True)",
    "return x - logsumexp(values(x), axis, True)",
    sample("softmax-1"),
)
plant(
    "22 softmax: no gradient at all, as weights of one would accept",
    "functional/activation.py",
    "return exp(log_softmax(x, axis))",
    "return exp(log_softmax(values(x), axis)) + 0.0 * x",
    sample("softmax-1"),
)
plant(
    "23 log-softmax: mean for sum",
    REDUCE,
    "* exp(x - _restored(y, x, axis, keepdims))",
    "* exp(x - _restored(y, x, axis, keepdims)) / _count(x, axis)",
    sample("log_softmax-1"),
)
plant(
    "23 logsumexp: overflow for large logits",
    REDUCE,
    "top = x.max(axis=axis, keepdims=True)",
    "top = 0.0 * x.max(axis=axis, keepdims=True)",
    sample("logsumexp-8"),
)
plant(
    "24 cumsum: summed the wrong way round",
    REDUCE,
    "flip(cumsum(flip(g, axis), axis), axis)",
    "cumsum(g, axis)",
    sample("cumsum-2"),
)

# -- moving elements ---------------------------------------------------------------

plant(
    "10 reshape: Fortran order",
    SHAPE,
    "reshape.vjp(x=lambda g, y, x, shape: reshape(g, x.shape))",
    "reshape.vjp(x=lambda g, y, x, shape: "
    "transpose(reshape(transpose(g), x.shape[::-1])))",
    sample("reshape-1"),
)
plant(
    "10 transpose: the permutation instead of its inverse",
    SHAPE,
    "        back[origin] = to",
    "        back[to] = origin",
    sample("transpose-5"),
)
plant(
    "18 concatenate: pieces swapped",
    SHAPE,
    "for x in xs[:position])",
    "for x in xs[position + 1 :])",
    sample("concatenate-1"),
)
plant(
    "18 roll: not turned back",
    SHAPE,
    "back = -shift if",
    "back = shift if",
    sample("roll-2"),
)
plant(
    "19 pad: cropped on the wrong side",
    SHAPE,
    "getitem(g, _inner(x.shape, widths))",
    "getitem(g, _inner(x.shape, [w[::-1] for w in widths]))",
    sample("pad-3"),
)
plant(
    "20 reflection: an element too far",
    SHAPE,
    "return n - 1 - xp.abs(n - 1 - xp.abs(place))",
    "return xp.clip(n - 1 - xp.abs(n - 1 - xp.abs(place)) + (place < 0), 0, n - 1)",
    sample("pad-5"),
)
plant(
    "39 duplicates overwritten instead of added",
    "ops/index.py",
    "if _repeats(index):",
    "if False:",
    sample("embedding-1"),
)
plant(
    "39 duplicates overwritten in a row of indices",
    "ops/index.py",
    'p.dtype.kind in "iu" and p.ndim)',
    'p.dtype.kind in "iu" and p.ndim > 1)',
    sample("getitem-9"),
)

# -- products ----------------------------------------------------------------------

plant(
    "7 matmul: b instead of its transpose",
    LINEAR,
    "return _matmul(g, swapaxes(b, -1, -2))",
    "return _matmul(g, b)",
    sample("matmul-15"),
)
plant(
    "7 matmul: operands of the second gradient swapped",
    LINEAR,
    "return _matmul(swapaxes(a, -1, -2), g)",
    "return swapaxes(_matmul(swapaxes(a, -1, -2), g), -1, -2)",
    sample("matmul-15"),
)
plant(
    "9 linear: bias gradient averaged",
    LINEAR,
    "bias: sum(_rows(g), 0)",
    "bias: sum(_rows(g), 0) / len(_rows(g))",
    sample("linear-1"),
)
plant(
    "9 einsum: an axis summed alone is not given back",
    "ops/einsum.py",
    "tuple(m if c in kept else n for c, n, m in lone)",
    "tuple(n for c, n, m in lone)) / (1.0 if len(kept) == len(wanted) else 2.0",
    sample("einsum-14"),
)
