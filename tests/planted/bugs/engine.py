"""Bugs in the engine, and those that these tests found in tinygen itself."""

from bugs.table import plant, sample

ENGINE = "engine.py"
ELEMENTWISE = "ops/elementwise.py"
REDUCE = "ops/reduce.py"
LINEAR = "ops/linear.py"
OP = "op.py"
RECORDING = "recording.py"
GRAPH = "tests/engine/test_engine_graph.py::"
GRAD = "tests/engine/test_engine_grad.py::"
DTYPES = "tests/engine/test_engine_dtypes.py::"
RANDOM = "tests/engine/test_engine_random.py::"

# -- the engine --------------------------------------------------------------------

plant(
    "43 a reused tensor keeps only its last gradient",
    ENGINE,
    "grads[q] = grads[q] + gq if q in grads else gq",
    "grads[q] = gq",
    GRAPH + "test_same_tensor_twice",
    RANDOM + "test_every_gradient_of_a_random_graph",
)
plant(
    "44 a shared tensor drops one branch at second order",
    ENGINE,
    "grads[node] = grads[node] + g if node in grads else g",
    "grads[node] = g",
    sample("multiply-1"),
)
plant(
    "45 nodes are visited as found, not as made",
    ENGINE,
    "    seen = set(stack)\n",
    "    seen = dict.fromkeys(stack)\n",
    GRAPH + "test_diamond_with_a_skip_is_visited_once_and_late",
    RANDOM + "test_every_gradient_of_a_random_graph",
    more=(
        ("                seen.add(parent)\n", "                seen[parent] = None\n"),
        (
            'return sorted(seen, key=attrgetter("order"), reverse=True)',
            "return list(seen)",
        ),
    ),
)
plant(
    "46 gradients of tensors in between are lost",
    ENGINE,
    "        g = grads.get(node) if node in keep else grads.pop(node, None)\n"
    "        if free:",
    "        g = grads.pop(node, None)\n        if free:",
    GRAD + "test_gradients_of_tensors_that_ops_made",
)
plant(
    "47 backward adds into the incoming gradient",
    ENGINE,
    "grads[q] = grads[q] + gq if q in grads else gq",
    "grads[q] = grads[q].__iadd__(gq) if q in grads else gq",
    GRAPH + "test_backward_does_not_add_into_an_array_that_another_may_hold",
)
plant(
    "47 a gradient is the very array of the cotangent",
    ENGINE,
    "if view or id(g) in taken else g",
    "if False else g",
    GRAPH + "test_seed_is_not_the_gradient",
    sample("add-1"),
)
plant(
    "48 float64 gradients of a float32 graph",
    ENGINE,
    "Tensor(one_like(output.data))",
    "Tensor(one_like(output.data.astype('float64')))",
    DTYPES + "test_the_default_seed_has_the_dtype_of_the_output",
)
plant(
    "48 float64 shares of a maximum",
    REDUCE,
    "* share.astype(x.dtype)",
    "* share",
    sample("max-2"),
)
plant(
    "49 a fused op differentiates both places of a tensor as one",
    ENGINE,
    'xs[i] = OPS["alias"].call(xs[i])',
    "xs[i] = xs[i]",
    sample("layer_norm-7"),
)
plant(
    "51 a cycle keeps the graph alive",
    ENGINE,
    '"settings", "shape")',
    '"settings", "shape", "me")',
    GRAPH + "test_the_graph_is_freed_without_the_collector",
    sample("tanh-3"),
    more=(
        (
            "        self.order = _next_order()\n",
            "        self.order, self.me = _next_order(), self\n",
        ),
    ),
)
plant(
    "51 a graph is not freed by backward",
    ENGINE,
    "free = not (create_graph if retain_graph is None else retain_graph)",
    "free = False",
    GRAPH + "test_a_freed_graph_refuses_and_says_so",
)
plant(
    "52 no_grad is not undone by an exception",
    RECORDING,
    "on = self.before.pop()",
    "on = self.before.pop() if exception[0] is None else False",
    GRAD + "test_no_grad_is_restored_after_an_exception",
)
plant(
    "52 no_grad switches on when it ends",
    RECORDING,
    "on = self.before.pop()",
    "on = bool(self.before.pop()) or True",
    GRAD + "test_no_grad_nests_and_decorates",
)
plant(
    "a leaf that changed is not noticed",
    "explain.py",
    "if stale and value is not parent.data:",
    "if False:",
    GRAPH + "test_assign_is_refused_only_if_the_old_value_is_needed",
)
plant(
    "a leaf that changed is refused though its value is not needed",
    "explain.py",
    "stale = parent in changed and value is not parent",
    "stale = parent in changed",
    GRAPH + "test_assign_is_refused_only_if_the_old_value_is_needed",
)

# -- bugs that these tests found in tinygen itself ---------------------------------

plant(
    "a NumPy scalar makes the gradient float64",
    OP,
    "return call(_plain(a), _plain(b))",
    "return Tensor(forward(_plain(x), _plain(z)), "
    "Node(record, (p, q), (x, z), None, y, y.shape))",
    DTYPES + "test_a_number_does_not_change_the_dtype",
)
plant(
    "a number to the power of a float32 tensor makes float64",
    ELEMENTWISE,
    "    if isinstance(a, (int, float)):\n"
    "        return g * (y * (math.log(a) if a > 0 else a and math.nan))\n",
    "",
    sample("power-20"),
)
plant(
    "concatenate does not know the size of a part without gradient",
    OP,
    "p or _shape_of(v) for",
    "p for",
    sample("concatenate-1"),
)
plant(
    "linear of a single row fails at second order",
    LINEAR,
    "x=lambda g, y, x, weight, bias: matmul(g, weight)",
    "x=lambda g, y, x, weight, bias: _matmul(g, weight)",
    sample("linear-4"),
)
plant(
    "a product holds its own result",
    ELEMENTWISE,
    '@op(keep="a b")\ndef multiply',
    "@op\ndef multiply",
    GRAPH + "test_an_op_keeps_no_more_than_its_rules_need",
)
