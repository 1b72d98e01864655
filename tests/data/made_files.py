"""IDX files, records and archives of CIFAR, made of numbers by chance."""

import gzip
import io
import struct
import tarfile

import numpy as np

from tinygen.data.cifar import RECORD


def idx(array, kind=8):
    head = bytes([0, 0, kind, array.ndim])
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def some(*shape, seed=0, below=256):
    return np.random.default_rng(seed).integers(0, below, shape, np.uint8)


def record(label, seed):
    return bytes([label]) + some(RECORD - 1, seed=seed).tobytes()


def archive(path, contents, kind=tarfile.REGTYPE, tail=b""):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for name, content in contents.items():
            about = tarfile.TarInfo(name)
            about.size, about.type = len(content), kind
            if kind != tarfile.REGTYPE:
                about.linkname, about.size = "/etc/passwd", 0
            packed.addfile(about, io.BytesIO(content))
    path.write_bytes(gzip.compress(file.getvalue() + tail, 1))
    return path
