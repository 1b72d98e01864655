"""Bugs in formulas in one variable, arithmetic and choices."""

from bugs.table import plant, sample

ELEMENTWISE, ACTIVATIONS = "ops/elementwise.py", "ops/activations.py"

# -- elementwise -------------------------------------------------------------------

plant(
    "4 sign of the second gradient of a difference",
    ELEMENTWISE,
    "b=lambda g, y, a, b: -g)",
    "b=lambda g, y, a, b: g)",
    sample("subtract-1"),
)
plant(
    "5 quotient: the denominator's gradient is not squared",
    ELEMENTWISE,
    "b=lambda g, y, a, b: -g * y / b)",
    "b=lambda g, y, a, b: -g / b)",
    sample("divide-1"),
)
plant(
    "6 power: no gradient to the exponent",
    ELEMENTWISE,
    "power.vjp(a=_power_base, b=_power_exponent)",
    "power.vjp(a=_power_base, b=lambda g, y, a, b: g * 0.0)",
    sample("power-1"),
)
plant(
    "6 power: 0**0 gives nan",
    ELEMENTWISE,
    "return g * (y * log(where(nonzero, a, 1.0)))",
    "return g * (y * log(a))",
    sample("power-21"),
)
plant(
    "6 power: the base's gradient at exponent 0",
    ELEMENTWISE,
    "if b else g * 0.0",
    "if b else g",
    sample("power-18"),
)
plant(
    "21 where leaks into the branch that was not taken",
    ELEMENTWISE,
    "a=lambda g, y, condition, a, b: where(condition, g, 0.0)",
    "a=lambda g, y, condition, a, b: 1.0 * g",
    sample("where-1"),
)
plant(
    "21 clip leaks beyond its bounds",
    ELEMENTWISE,
    "    return g * inside",
    "    return g * 1.0",
    sample("clip-3"),
)
plant(
    "16 maximum: both sides of a tie get all",
    ELEMENTWISE,
    "return 0.5 * ((a > b) * dtype.type(1) + (a >= b))",
    "return (a >= b) * dtype.type(1)",
    sample("maximum-17"),
)
plant(
    "25 sigmoid: y (1 + y)",
    ELEMENTWISE,
    "g * (y - y * y)",
    "g * (y + y * y)",
    sample("sigmoid-3"),
)
plant(
    "25 tanh: 1 - y",
    ELEMENTWISE,
    "g * (1.0 - y * y)",
    "g * (1.0 - y)",
    sample("tanh-3"),
)
plant(
    "26 gelu: erf forward, tanh backward",
    ACTIVATIONS,
    "gelu_erf.vjp(x=lambda g, y, x: gelu_erf_grad(g, x))",
    "gelu_erf.vjp(x=lambda g, y, x: gelu_tanh_grad(g, x))",
    sample("gelu_erf-3"),
)
plant(
    "29 leaky relu: the slope is lost",
    ACTIVATIONS,
    "leaky_relu_grad(g, values(x), negative_slope)",
    "leaky_relu_grad(g, values(x), 0.0)",
    sample("leaky_relu-3"),
)
plant(
    "29 elu: no gradient below 0",
    "functional/activation.py",
    "alpha * expm1(clip(x, high=0.0))",
    "alpha * expm1(clip(values(x), high=0.0))",
    sample("elu-3"),
)
plant(
    "30 relu: the gradient passes at 0",
    "kernels/pointwise.py",
    "return np.multiply(g, y > 0, out=out)",
    "return np.multiply(g, y >= 0, out=out)",
    sample("relu-8"),
)
plant(
    "50 second derivative of silu: sign",
    ACTIVATIONS,
    "return s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s))",
    "return s * (s - 1.0) * (2.0 + x * (1.0 - 2.0 * s))",
    sample("silu-3"),
)
plant(
    "50 second derivative of gelu: a term",
    ACTIVATIONS,
    "return (2.0 - square(x)) * density",
    "return (1.0 - square(x)) * density",
    sample("gelu_erf-3"),
)
