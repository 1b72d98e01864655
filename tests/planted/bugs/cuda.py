"""Bugs that only a GPU would show, found on the stand-in."""

from bugs.table import plant

ON_CUDA = "tests/cuda/test_on_gpu.py::test_a_sample_is_that_of_numpy"
STEP = "tests/cuda/test_recipes_on_cuda.py::test_no_step_waits_for_the_device"
MIXED = "tests/cuda/test_devices.py::test_devices_do_not_mix"
BUDGET = "tests/cuda/test_launches.py::test_a_step_of_a_recipe_keeps_to_its_budget"
DATA = "tests/cuda/test_data_on_cuda.py::"
GRAPH = "tests/cuda/test_graph.py::"
REPLAYED = GRAPH + "test_a_recipe_replayed_is_the_recipe"
GRAPHS = "train/graph.py"
BODIES = "tests/cuda/test_kernel_bodies.py::test_the_c_is_the_definition"

# -- NumPy where the array's own library has to compute ------------------------------

plant(
    "CuPy: np.exp in an op",
    "ops/elementwise.py",
    "return xp_of(x).exp(x)",
    "return np.exp(x)",
    ON_CUDA + "[stand-in-exp-1]",
)
plant(
    "CuPy: an array is made one of NumPy without being asked",
    "ops/elementwise.py",
    "return xp_of(x).expm1(x)",
    "return xp_of(x).asarray(np.expm1(np.asarray(x)))",
    ON_CUDA + "[stand-in-expm1-1]",
)
plant(
    "CuPy: the mask of dropout stays on the host",
    "functional/activation.py",
    'dtype="float32") >= p, device=device_of(values(x))',
    'dtype="float32") >= p, device="cpu"',
    STEP + "[vq-vae]",
)
plant(
    "CuPy: arrays of the host are copied to the device in silence",
    "ops/linear.py",
    "else product(a, b)",
    "else product(a, type(a) is type(b) and b or xp_of(a).asarray(b))",
    MIXED + "[matmul]",
    more=(
        (
            "from tinygen.errors import ShapeError",
            "from tinygen.backend import xp_of\nfrom tinygen.errors import ShapeError",
        ),
    ),
)

# -- the C of kernels -----------------------------------------------------------------

plant(
    "C: sin for tanh",
    "kernels/symbols.py",
    '"tanh": "tanh({0})",',
    '"tanh": "sin({0})",',
    BODIES,
)
plant(
    "C: the larger of two where NaN is one of them",
    "kernels/symbols.py",
    '"({0} > {1} || {0} != {0}) ? {0} : {1}",  # nan stays nan',
    '"({0} < {1} || {0} != {0}) ? {0} : {1}",',
    BODIES,
)
plant(
    "C: columns start at the border, not in the padding",
    "kernels/conv_gather.py",
    "int h = a * sh + u * dh - top, l",
    "int h = a * sh + u * dh, l",
    BODIES,
)
plant(
    "C: the last row that saw a pixel is left out",
    "kernels/conv_gather.py",
    "int last_a = min(I, h / sh + 1),",
    "int last_a = min(I, h / sh),",
    BODIES,
)
plant(
    "C: arrays that are gathered begin one number late",
    "kernels/gather.py",
    "if (start[middle] <= t) k = middle;",
    "if (start[middle] < t) k = middle;",
    BODIES,
)

# -- waits, copies, launches ----------------------------------------------------------

plant(
    "CuPy: a loss is read in each step",
    "recipes/adversarial.py",
    "        total.backward()\n",
    "        total.item()\n        total.backward()\n",
    STEP + "[gan]",
    GRAPH + "test_a_replay_is_one_copy_and_one_launch",
)
plant(
    "CuPy: images are sent anew in each step",
    "train/source.py",
    'there = backend.get_device() != "cpu"',
    "there = False",
    DATA + "test_a_batch_is_one_index_sent_and_two_launches",
)
plant(
    "CuPy: an update in pieces, as for the cache of a CPU",
    "optim/flat.py",
    'length = BLOCK if device_of(values) == "cpu" else max(stop - start, 1)',
    "length = 1000",
    BUDGET + "[gan]",
)
plant(
    "CuPy: images of many matrices as a batch of products",
    "kernels/gemm.py",
    "if b.ndim == 2 and a.ndim > 2:",
    "if b.ndim == 2 and a.ndim > 99:",
    BUDGET + "[vq-vae]",
)

# -- graphs ---------------------------------------------------------------------------

plant(
    "graph: Adam's numbers are those of the step that was captured",
    "optim/optimizer.py",
    "numbers = backend.given(take, flat.values.dtype)",
    "numbers = take()",
    REPLAYED + "[gan]",
)
plant(
    "graph: the share of an average is that of the captured step",
    "ema.py",
    "share = backend.given(self.count, dtype)",
    "share = self.count()",
    REPLAYED + "[gan]",
)
plant(
    "graph: batches of batch norm are not counted",
    "nn/normal.py",
    "            given(self.count)\n",
    "            self.count()\n",
    REPLAYED + "[dcgan]",
)
plant(
    "graph: what is given stays on the host",
    GRAPHS,
    "        if self.here.size:\n",
    "        if self.here.size < 0:\n",
    REPLAYED + "[vae]",
)
plant(
    "graph: state that moved does not come home",
    GRAPHS,
    "        self.array[...] = now\n",
    "",
    REPLAYED + "[vq-vae]",
)
plant(
    "graph: one for steps with a penalty and without",
    GRAPHS,
    "return all(question(k) == answer for question, answer in self.asked)",
    "return True",
    GRAPH + "test_there_is_a_graph_for_each_kind_of_step",
    REPLAYED + "[gan]",
)
plant(
    "graph: temporaries in memory that others may use",
    GRAPHS,
    "using_allocator(self.pool.malloc)",
    "using_allocator(None)",
    REPLAYED + "[ae]",
)
plant(
    "graph: products by CuPy, which refuses",
    GRAPHS,
    "with backend.given_by(give), gemm.computed_by(self.product):",
    "with backend.given_by(give):",
    REPLAYED + "[ae]",
)
plant(
    "graph: the places of moved images by a name that changes",
    "recipes/dcgan.py",
    "    n, rows, columns = given(seen, device=device_of(x))\n",
    "    n, h, columns = given(seen, device=device_of(x))\n    rows = h\n",
    GRAPH + "test_a_recipe_replayed_is_the_recipe[dcgan]",
)
plant(
    "cuBLAS: operands are taken for transposed the other way round",
    "kernels/cublas.py",
    "(b_turned, a_turned, columns, rows, a.shape[2])",
    "(1 - b_turned, 1 - a_turned, columns, rows, a.shape[2])",
    GRAPH + "test_products_by_the_library",
)
plant(
    "cuBLAS: TF32 without being asked",
    "kernels/cublas.py",
    'if os.environ.get("CUPY_TF32") == "1":',
    'if os.environ.get("CUPY_TF32") != "1":',
    GRAPH + "test_tf32_is_the_users_choice",
)
