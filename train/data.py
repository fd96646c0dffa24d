"""Finds and reads MNIST in its published form: four gzipped IDX files.

The folder comes from --data, else from SOTTO_DATA, else from ../shared/data beside the repository; MNIST
may lie in it directly or in its sub-folder mnist/. A pixel byte b means the number b / 255; nothing else is
done to an image, so a client needs no statistics of the training set to prepare one.
"""

import gzip
import os
import pathlib
import re
import struct

import numpy as np

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
DIVIDE_BY = 255

FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}


def find_mnist(folder=None):
    """The folder that holds MNIST; raises FileNotFoundError naming every place that was tried."""
    if folder is not None:
        roots = [pathlib.Path(folder)]
    elif os.environ.get("SOTTO_DATA"):
        roots = [pathlib.Path(os.environ["SOTTO_DATA"])]
    else:
        roots = [REPOSITORY.parent / "shared" / "data"]
    tried = [place for root in roots for place in (root, root / "mnist")]
    for place in tried:
        if all((place / name).is_file() for names in FILES.values() for name in names):
            return place
    raise FileNotFoundError(
        "MNIST (four *-ubyte.gz files) is not in " + " or ".join(map(str, tried))
        + "; name its folder with --data or SOTTO_DATA"
    )


def read_idx(path):
    """A gzipped IDX file of unsigned bytes as an array; the header must agree with the length."""
    with gzip.open(path, "rb") as file:
        raw = file.read()
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an IDX file of unsigned bytes")
    rank = raw[3]
    shape = struct.unpack_from(f">{rank}I", raw, 4)
    body = np.frombuffer(raw, np.uint8, offset=4 + 4 * rank)
    if body.size != np.prod(shape):
        raise ValueError(f"{path}: the header promises {shape}, the file holds {body.size} bytes")
    return body.reshape(shape)


def load_mnist(split, folder=None):
    """(images [count, 28, 28] of bytes, labels [count] of bytes) of "train" or "test"."""
    place = find_mnist(folder)
    images, labels = (read_idx(place / name) for name in FILES[split])
    if len(images) != len(labels):
        raise ValueError(f"{place}: {len(images)} images but {len(labels)} labels")
    return images, labels


def read_pgm(path):
    """A binary 8-bit PGM (P5, no comments) as an array [rows, columns] of bytes."""
    raw = pathlib.Path(path).read_bytes()
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", raw)
    if header is None:
        raise ValueError(f"{path}: not a binary PGM with 255 as its white")
    columns, rows = map(int, header.groups())
    return np.frombuffer(raw, np.uint8, offset=header.end()).reshape(rows, columns)
