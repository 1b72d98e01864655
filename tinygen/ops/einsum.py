"""Einstein summation: products of any number of arrays, summed over named axes."""

from itertools import chain
from string import ascii_letters

from tinygen.backend import xp_of
from tinygen.errors import ShapeError
from tinygen.op import op
from tinygen.ops.shape import broadcast_to, reshape


@op(keep="xs")
def _einsum(*xs, labels, out):
    return xp_of(xs[0]).einsum(",".join(labels) + "->" + out, *xs)


def _einsum_operand(g, y, *xs, labels, out, position):
    """The same product with g in the place of the operand, and its labels as result."""
    others = [i for i in range(len(xs)) if i != position]
    wanted, shape = labels[position], xs[position].shape
    found = set(chain(out, *(labels[i] for i in others)))
    kept = "".join(c for c in wanted if c in found)  # the rest was summed alone
    gx = _einsum(
        g,
        *(xs[i] for i in others),
        labels=(out, *(labels[i] for i in others)),
        out=kept,
    )
    sizes = iter(gx.shape)
    gx = reshape(gx, tuple(next(sizes) if c in kept else 1 for c in wanted))
    lone = zip(wanted, shape, gx.shape, strict=True)
    return broadcast_to(gx, tuple(m if c in kept else n for c, n, m in lone))


_einsum.vjp(_einsum_operand)


def einsum(subscripts: str, *operands):
    """Sums of products by labelled axes, as "ij,jk->ik".

    Labels are letters; "..." stands for leading axes that broadcast; without "->" the
    result has the labels that occur once, in alphabetical order.
    Raises ShapeError if labels and shapes do not agree, or a label is repeated within
    one operand (take the diagonal first).
    """
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    labels = left.split(",")
    if len(labels) != len(operands):
        raise ShapeError(
            f"einsum: {subscripts!r} names {len(labels)} operands, got "
            f"{len(operands)} of shapes {[x.shape for x in operands]}. "
            "Fix: one group of labels for each operand"
        )
    labels, dots = _without_dots(subscripts, labels, operands)
    if not arrow:
        joined = "".join(labels)
        out = dots + "".join(
            c for c in sorted(set(joined)) if joined.count(c) == 1 and c not in dots
        )
    for group, x in zip(labels, operands, strict=True):
        if len(group) != x.ndim or len(set(group)) < len(group):
            raise ShapeError(
                f"einsum: {subscripts!r} does not fit an operand of shape {x.shape}. "
                "Fix: one letter for each axis, none repeated within an operand"
            )
    return _einsum(*operands, labels=tuple(labels), out=out.replace("...", dots))


def _without_dots(subscripts, labels, operands):
    """Each "..." spelled with unused letters, one per axis that it stands for."""
    extra = [
        x.ndim - len(group) + 3
        for group, x in zip(labels, operands, strict=True)
        if "..." in group
    ]
    free = [c for c in ascii_letters if c not in subscripts]
    dots = "".join(free[: max(extra, default=0)])
    spelled = []
    for group, x in zip(labels, operands, strict=True):
        n = x.ndim - len(group) + 3
        spelled.append(group.replace("...", dots[len(dots) - n :] if n > 0 else ""))
    return spelled, dots
