"""The work of `workloads` in two other NumPy libraries, as far as they can do it.

DeZero 0.0.13 and MyGrad 2.5 were made for NumPy 1, in which a number did not make
float64 of a float32 array.  So that they too compute in float32, DeZero is told to make
float32 of plain numbers, and is given the `np.int` that it looks for; MyGrad is passed
numbers of type float32.  Nothing else of them is changed.

    pip install --no-deps dezero==0.0.13 mygrad==2.5.0
"""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

BETAS = 0.5, 0.999
FLOAT = np.float32
PEERS: dict[str, dict[str, Callable]] = {"DeZero": {}, "MyGrad": {}}
CANNOT = {  # what a library lacks for a workload
    ("DeZero", "W4"): "no concatenation of images, no group norm",
    ("MyGrad", "W3"): "no transposed convolution, no convolution of 7x7 with stride 2",
    ("MyGrad", "W4"): "no transposed convolution",
}


def peers(workload: str) -> dict[str, Callable]:
    """library -> a function that does the work once, of those that are installed."""
    found = {name: steps.get(workload) for name, steps in PEERS.items()}
    there = lambda name: find_spec(name.lower()) is not None
    return {name: build() for name, build in found.items() if build and there(name)}


def why_not(library: str, workload: str) -> str:
    """Why a library has no number for a workload."""
    if (library, workload) in CANNOT:
        return CANNOT[library, workload]
    return "not installed" if workload in PEERS[library] else "not written"


def _in(library: str, workload: str):
    """Enter a builder of one workload in a library."""

    def enter(build):
        PEERS[library][workload] = build
        return build

    return enter


# -- DeZero ----------------------------------------------------------------------------


def _dezero():
    """The library, made to run with NumPy 2 in float32."""
    if not hasattr(np, "int"):
        np.int = int
    import dezero

    def as_array(x, xp=np):
        if isinstance(x, np.generic):
            return xp.asarray(x)
        return xp.asarray(x, FLOAT) if isinstance(x, (int, float)) else x

    for module in (dezero.core, dezero.functions):
        module.as_array = as_array
    return dezero


def _float32(layer):
    """The layer with weights in float32: a NumPy scalar made float64 of them."""
    for parameter in layer.params():
        if parameter.data is not None:
            parameter.data = parameter.data.astype(FLOAT)
    return layer


def _dezero_gan(networks, shape):
    """Both updates, as in DeZero's own example: sigmoid, then cross-entropy.

    networks(dezero) -> G, D      shape : of a batch of data
    """
    dz = _dezero()
    G, D = networks(dz)
    adam = lambda net: dz.optimizers.Adam(2e-4, *BETAS).setup(net)
    g, d = adam(G), adam(D)
    rng, bce = np.random.default_rng(0), dz.functions.binary_cross_entropy
    real = dz.Variable(np.tanh(rng.standard_normal(shape, FLOAT)))
    z = dz.Variable(rng.standard_normal((len(real), 100), FLOAT))
    ones, zeros = np.ones((len(real), 1), FLOAT), np.zeros((len(real), 1), FLOAT)

    def step():
        fake = G(z)
        D.cleargrads()
        (bce(D(real), ones) + bce(D(dz.Variable(fake.data)), zeros)).backward()
        d.update()
        G.cleargrads()
        D.cleargrads()
        bce(D(fake), ones).backward()
        g.update()

    D(G(z))  # the first pass decides the sizes of the weights
    _float32(G)
    _float32(D)
    return step


def _sequence(dz, *layers):
    """Layers and functions in turn, as one DeZero layer."""

    class Sequence(dz.Layer):
        def __init__(self):
            super().__init__()
            for i, layer in enumerate(layers):
                setattr(self, f"l{i}", layer)

        def forward(self, x):
            for layer in layers:
                x = layer(x)
            return x

    return Sequence()


@_in("DeZero", "W1")
def _dense_gan_dezero():
    def networks(dz):
        F, linear = dz.functions, dz.layers.Linear
        G = linear(128), F.leaky_relu, linear(128), F.leaky_relu, linear(784), F.sigmoid
        D = linear(128), F.leaky_relu, linear(128), F.leaky_relu, linear(1), F.sigmoid
        return _sequence(dz, *G), _sequence(dz, *D)

    return _dezero_gan(networks, (64, 784))


@_in("DeZero", "W3")
def _dcgan_dezero():
    def networks(dz):
        L, F = dz.layers, dz.functions
        G = _sequence(
            dz,
            L.Linear(128 * 7 * 7),
            F.relu,
            lambda x: x.reshape(-1, 128, 7, 7),
            L.Deconv2d(64, 4, 2, 1),
            L.BatchNorm(),
            F.relu,
            L.Deconv2d(1, 4, 2, 1),
            F.tanh,
        )
        D = _sequence(
            dz,
            L.Conv2d(32, 4, 2, 1),
            F.leaky_relu,
            L.Conv2d(64, 4, 2, 1),
            L.BatchNorm(),
            F.leaky_relu,
            L.Conv2d(128, 4, 2, 1),
            L.BatchNorm(),
            F.leaky_relu,
            F.flatten,
            L.Linear(1),
            F.sigmoid,
        )
        return G, D

    return _dezero_gan(networks, (64, 1, 28, 28))


@_in("DeZero", "W2")
def _vae_dezero():
    dz = _dezero()
    F = dz.functions
    hidden, mean_of, log_of, decode, logits_of = map(
        dz.layers.Linear, (400, 20, 20, 400, 784)
    )
    model = _sequence(dz, hidden, mean_of, log_of, decode, logits_of)
    rng = np.random.default_rng(0)
    x, noise = rng.random((128, 784), FLOAT), rng.standard_normal((128, 20), FLOAT)
    adam = dz.optimizers.Adam(1e-3).setup(model)

    def loss():
        h = F.relu(hidden(x))
        mean, log_variance = mean_of(h), log_of(h)
        z = mean + noise * F.exp(log_variance * 0.5)
        y = F.sigmoid(logits_of(F.relu(decode(z))))
        rec = F.binary_cross_entropy(y, x) * len(x)
        return rec - 0.5 * F.sum(1 + log_variance - mean**2 - F.exp(log_variance))

    def step():
        model.cleargrads()
        loss().backward()
        adam.update()

    loss()
    _float32(model)
    return step


@_in("DeZero", "W5")
def _chain_dezero():
    dz = _dezero()
    a, b = dz.Variable(np.ones(4, FLOAT)), dz.Variable(np.full(4, 1.0001, FLOAT))

    def step():
        a.cleargrad()
        b.cleargrad()
        y = a
        for _ in range(500):
            y = y * b
            y = y + b
        y.backward()

    return step


# -- MyGrad ----------------------------------------------------------------------------


class _Linear:
    """x @ W + b, of MyGrad's tensors."""

    def __init__(self, mg, inputs, outputs, rng):
        draw = lambda *shape: (
            rng.uniform(-1, 1, shape).astype(FLOAT) / FLOAT(inputs**0.5)
        )
        self.W, self.b = mg.tensor(draw(inputs, outputs)), mg.tensor(draw(outputs))

    def __call__(self, x):
        return x @ self.W + self.b


class _Adam:
    """As DeZero's; MyGrad has no optimisers."""

    def __init__(self, layers, lr, betas=(0.9, 0.999)):
        self.params = [p for layer in layers for p in (layer.W, layer.b)]
        self.lr, self.betas, self.t = lr, betas, 0
        self.state = [np.zeros((2, *p.shape), FLOAT) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            p.null_grad()

    def step(self):
        self.t += 1
        (one, two), t = self.betas, self.t
        rate = self.lr * (1 - two**t) ** 0.5 / (1 - one**t)
        for p, (m, v) in zip(self.params, self.state, strict=True):
            m += (1 - one) * (p.grad - m)
            v += (1 - two) * (p.grad * p.grad - v)
            p.data -= rate * m / (np.sqrt(v) + 1e-8)


def _softplus(mg, x):
    """log(1 + e**x)."""
    return mg.maximum(x, FLOAT(0)) + mg.log1p(mg.exp(-mg.abs(x)))


@_in("MyGrad", "W1")
def _dense_gan_mygrad():
    import mygrad as mg

    rng = np.random.default_rng(0)
    linear = lambda i, o: _Linear(mg, i, o, rng)
    leaky = lambda x: mg.maximum(x, FLOAT(0.2) * x)
    gs = linear(100, 128), linear(128, 128), linear(128, 784)
    ds = linear(784, 128), linear(128, 128), linear(128, 1)
    G = lambda z: mg.nnet.sigmoid(gs[2](leaky(gs[1](leaky(gs[0](z))))))
    D = lambda x: ds[2](leaky(ds[1](leaky(ds[0](x)))))
    g, d = _Adam(gs, 2e-4, BETAS), _Adam(ds, 2e-4, BETAS)
    real, z = rng.random((64, 784), FLOAT), rng.standard_normal((64, 100), FLOAT)

    def step():
        fake = G(z)
        d.zero_grad()
        fooled = _softplus(mg, D(mg.tensor(fake.data, constant=True))).mean()
        (_softplus(mg, -D(real)).mean() + fooled).backward()
        d.step()
        g.zero_grad()
        d.zero_grad()
        _softplus(mg, -D(fake)).mean().backward()
        g.step()

    return step


@_in("MyGrad", "W2")
def _vae_mygrad():
    import mygrad as mg

    rng = np.random.default_rng(0)
    linear = lambda i, o: _Linear(mg, i, o, rng)
    hidden, mean_of, log_of = linear(784, 400), linear(400, 20), linear(400, 20)
    decode, logits_of = linear(20, 400), linear(400, 784)
    adam = _Adam([hidden, mean_of, log_of, decode, logits_of], 1e-3)
    x, noise = rng.random((128, 784), FLOAT), rng.standard_normal((128, 20), FLOAT)
    half, one = FLOAT(0.5), FLOAT(1)

    def step():
        adam.zero_grad()
        h = mg.nnet.relu(hidden(x))
        mean, log_variance = mean_of(h), log_of(h)
        z = mean + noise * mg.exp(half * log_variance)
        logits = logits_of(mg.nnet.relu(decode(z)))
        rec = (_softplus(mg, logits) - x * logits).sum()
        kl = -half * (one + log_variance - mean * mean - mg.exp(log_variance)).sum()
        (rec + kl).backward()
        adam.step()

    return step


@_in("MyGrad", "W5")
def _chain_mygrad():
    import mygrad as mg

    a, b = mg.tensor(np.ones(4, FLOAT)), mg.tensor(np.full(4, 1.0001, FLOAT))

    def step():
        a.null_grad()
        b.null_grad()
        y = a
        for _ in range(500):
            y = y * b
            y = y + b
        y.backward()

    return step
