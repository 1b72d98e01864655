"""Named arrays and facts about them in a safetensors file that detects any damage.

Any safetensors reader opens the file.  Its metadata, all text, hold beside the facts
the sha256 of every array and of the metadata themselves, so that one flipped bit, in a
number, a shape or a fact, is noticed.  Nothing that is read is ever executed.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tinygen import files
from tinygen.errors import CheckpointError, IntegrityError

MAX_HEADER = 16 * 2**20  # bytes; a header of a thousand tensors has 0.1 MB
DTYPES = ("F64", "F32", "I64", "I32", "U8", "BOOL")  # those that tinygen knows
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".npy", ".npz", ".joblib", ".bin")
MAGIC = (b"PK", b"\x80", b"\x93NUMPY")  # zip and torch, pickle, NumPy


def write(path: Path, arrays: dict[str, np.ndarray], facts: dict[str, str]) -> None:
    """Write arrays and facts to `path`, atomically.  Raises OSError."""
    hashes = {name: sha256(array) for name, array in arrays.items()}
    about = facts | {"sha256": json.dumps(hashes, sort_keys=True)}
    files.write(path, save(arrays, about | {"seal": seal(about)}))


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and facts of a file that `write` made.

    Raises CheckpointError if it is a file of another sort, above all one that could
    run code; IntegrityError, naming the array, if it is damaged.
    """
    check_sort(path)
    try:
        with safe_open(path, framework="np") as file:
            facts, hashes = check_facts(path, file.metadata(), set(file.keys()))
            return {
                name: read_array(path, file, name, hashes) for name in hashes
            }, facts
    except SafetensorError as error:
        raise damaged(path, f"safetensors says {error}") from error


def check_sort(path: Path) -> None:
    """Refuse what is no safetensors file, before anything of it is taken in."""
    with open(path, "rb") as file:
        start = file.read(9)
    sound = plausible(path, start)
    if path.suffix in PICKLES or (start.startswith(MAGIC) and not sound):
        raise CheckpointError(
            f"{path} looks like a pickle or an archive: pickle files can run code "
            "when opened, and tinygen never loads them. Fix: save it as .safetensors"
        )
    if not sound:
        raise damaged(path, f"{path.stat().st_size:,} bytes without a sound header")


def plausible(path: Path, start: bytes) -> bool:
    """Whether the first nine bytes can be those of a safetensors file."""
    room = min(path.stat().st_size - 8, MAX_HEADER)
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") <= room


def check_facts(path: Path, about: dict | None, names: set[str]):
    """The facts, and the sha256 of each array, once they agree with their own seal."""
    about = dict(about or {})
    if "seal" not in about or "sha256" not in about:
        raise CheckpointError(
            f"{path} is a safetensors file, but no checkpoint of tinygen. "
            "Fix: module.load_state_dict(safetensors.numpy.load_file(path)) for weights"
        )
    if about.pop("seal") != seal(about):
        raise damaged(path, "the metadata differ from their sha256")
    hashes = mapping(path, about.pop("sha256"))
    if set(hashes) != names:
        odd = sorted(set(hashes) ^ names)
        raise damaged(path, f"tensor {odd[0]!r} is missing or was added")
    return about, hashes


def mapping(path: Path, text: str) -> dict:
    """The JSON object that a fact holds; IntegrityError if it holds none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"metadata are no JSON: {error}") from error
    if not isinstance(found, dict):
        raise damaged(path, f"metadata {text!r:.60} where names and values should be")
    return found


def read_array(path: Path, file, name: str, hashes: dict[str, str]) -> np.ndarray:
    """One array, if its sha256 is the one that was written."""
    dtype = file.get_slice(name).get_dtype()
    if dtype not in DTYPES:
        raise CheckpointError(
            f"{path}: tensor {name!r} has type {dtype}. Fix: one of {DTYPES}"
        )
    array = file.get_tensor(name)
    got = sha256(array)
    if got != hashes[name]:
        raise damaged(path, f"tensor {name!r}: sha256 {got}, expected {hashes[name]}")
    return array


def damaged(path: Path, what: str) -> IntegrityError:
    """The error for a file that is not as it was written."""
    return IntegrityError(
        f"{path} is damaged: {what}. "
        "Fix: delete it; the checkpoint before it, if there is one, is used then"
    )


def sha256(array: np.ndarray) -> str:
    """Of the type, the shape and the numbers of an array."""
    kind = f"{array.dtype.str} {array.shape}\n".encode()
    return hashlib.sha256(kind + array.tobytes()).hexdigest()


def seal(about: dict[str, str]) -> str:
    """The sha256 of the metadata."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
