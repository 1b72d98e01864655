"""Numbers that write down what is done with them: a formula as a line of C after line.

A formula f(xp, x, ...) in NumPy's style is called once with a `Trace` in the place of
NumPy and a `Symbol` for each argument.  Every sum and function becomes a line

    const float t3 = t1 * x;

and what f returns are the names of its results.  So one text is the definition on the
CPU and the source of the kernel on a GPU.
"""

REAL = {"float32": "float", "float64": "double"}
KINDS = {"b": "bool", "i": "long long", "u": "long long", "f": None}  # C types
NAMES = ("i", "n")  # CuPy's own, within a kernel

# function of NumPy -> C, of the arguments {0}, {1}, ...
FUNCTIONS = {
    "exp": "exp({0})",
    "expm1": "expm1({0})",
    "log": "log({0})",
    "log1p": "log1p({0})",
    "sqrt": "sqrt({0})",
    "tanh": "tanh({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "erf": "erf({0})",
    "abs": "fabs({0})",
    "square": "{0} * {0}",
    "maximum": "({0} > {1} || {0} != {0}) ? {0} : {1}",  # nan stays nan
    "minimum": "({0} < {1} || {0} != {0}) ? {0} : {1}",
    "where": "{0} ? {1} : {2}",
}


class Trace:
    """The lines of a kernel; to a formula it is what NumPy is.

    real : "float" or "double", the type of every number that is computed
    """

    def __init__(self, real: str):
        self.real, self.lines = real, []

    def symbol(self, name: str, kind: str = "f") -> "Symbol":
        """An argument of the kernel; kind : as of a NumPy dtype."""
        return Symbol(self, name, kind)

    def line(self, text: str, kind: str = "f") -> "Symbol":
        """Name the value of some C."""
        name = f"t{len(self.lines)}"
        self.lines.append(f"const {KINDS[kind] or self.real} {name} = {text};")
        return Symbol(self, name, kind)

    def text(self, value) -> str:
        """A symbol's name, or a number as C."""
        if isinstance(value, Symbol):
            return value.name
        if isinstance(value, int):
            return str(value) if isinstance(value, bool) else f"{self.real}({value})"
        return f"{self.real}({float(value)!r})"

    def __getattr__(self, name: str):
        if name not in FUNCTIONS:
            raise AttributeError(f"{name} is not known within a fused formula")

        def function(*args):
            return self.line(FUNCTIONS[name].format(*map(self.text, args)))

        return function


class Symbol:
    """A number within a kernel."""

    __slots__ = ("kind", "name", "trace")
    __array_ufunc__ = None

    def __init__(self, trace: Trace, name: str, kind: str):
        self.trace, self.name, self.kind = trace, name, kind

    def __neg__(self):
        return self.trace.line(f"-{self.name}")

    def __abs__(self):
        return self.trace.abs(self)

    def __invert__(self):
        return self.trace.line(f"!{self.name}", "b")

    def __bool__(self):
        raise TypeError("a fused formula cannot branch on a value. Fix: xp.where")


def _arithmetic(sign: str, turned: bool):
    def operate(self, other):
        parts = self.name, self.trace.text(other)
        a, b = parts[::-1] if turned else parts
        return self.trace.line(f"{a} {sign} {b}")

    return operate


def _comparison(sign: str):
    def compare(self, other):
        return self.trace.line(f"{self.name} {sign} {self.trace.text(other)}", "b")

    return compare


for _word, _sign in (("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/")):
    setattr(Symbol, f"__{_word}__", _arithmetic(_sign, turned=False))
    setattr(Symbol, f"__r{_word}__", _arithmetic(_sign, turned=True))
_compared = ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="), ("ne", "!=")
for _word, _sign in (*_compared, ("eq", "=="), ("and", "&&"), ("or", "||")):
    setattr(Symbol, f"__{_word}__", _comparison(_sign))
