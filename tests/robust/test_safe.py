"""The package never calls what could run the code of others, or plain http."""

import ast
from pathlib import Path

import pytest

import tinygen

PACKAGE = Path(tinygen.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

MODULES = {  # that may not be imported
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "subprocess",
    "pty",
    "xmlrpc",
    "telnetlib",
    "ftplib",
}
NAMES = {"eval", "exec", "compile", "__import__", "execfile"}  # as plain functions
ATTRIBUTES = {  # as anything's method or function
    "system",
    "popen",
    "extractall",
    "extract",
    "unpack_archive",
    "mktemp",
    "import_module",
    "run_path",
    "run_module",
    "fromfile",
    "set_allow_pickle",
}
EXECUTES = {("yaml", "load"), ("yaml", "full_load"), ("torch", "load")}
ARRAY_LOADS = {(module, "load") for module in ("np", "numpy", "xp", "cupy")}


def unsafe(tree):
    """(line, what) of everything in a module that is on one of the lists."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.partition(".")[0] in MODULES:
                    yield node.lineno, name
        elif isinstance(node, ast.Call):
            yield from unsafe_call(node)
        elif isinstance(node, ast.Constant) and "http://" in str(node.value):
            yield node.lineno, "http://"


def unsafe_call(call):
    """(line, what) of one call."""
    f = call.func
    if isinstance(f, ast.Name) and f.id in NAMES | ATTRIBUTES:
        yield call.lineno, f.id
    if getattr(f, "attr", "") in ATTRIBUTES or owner_and_name(f) in EXECUTES:
        yield call.lineno, f.attr
    for keyword in call.keywords:
        value = getattr(keyword.value, "value", True)  # what is no constant may be True
        if keyword.arg in ("allow_pickle", "shell") and value is not False:
            yield call.lineno, keyword.arg
    given = {keyword.arg for keyword in call.keywords}
    if owner_and_name(f) in ARRAY_LOADS and "allow_pickle" not in given:
        yield call.lineno, "load without allow_pickle=False"


def owner_and_name(f):
    """('np', 'load') of np.load."""
    return getattr(getattr(f, "value", None), "id", ""), getattr(f, "attr", "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_unsafe(path):
    assert not list(unsafe(ast.parse(path.read_text(encoding="utf-8"))))


UNSAFE = [
    "import pickle",
    "from pickle import loads",
    "import os.path, subprocess",
    "eval('1')",
    "exec(code)",
    "__import__(name)",
    "os.system('ls')",
    "run(command, shell=True)",
    "run(command, shell=wanted)",
    "archive.extractall()",
    "tarfile.open(path).extract(name)",
    "shutil.unpack_archive(path)",
    "np.load(path, allow_pickle=True)",
    "np.load(path)",
    "yaml.load(text)",
    "torch.load(path)",
    "tempfile.mktemp()",
    "importlib.import_module(config['class'])",
    "url = 'http://example.org/mnist'",
    "url = f'http://{host}/x'",
]


@pytest.mark.parametrize("source", UNSAFE)
def test_the_test_finds(source):
    assert list(unsafe(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "network.eval()",
        "np.load(path, allow_pickle=False)",
        "re.compile('x')",
        "data.load('mnist')",
        "url = 'https://example.org'",
    ],
)
def test_the_test_leaves_alone(source):
    assert not list(unsafe(ast.parse(source)))
