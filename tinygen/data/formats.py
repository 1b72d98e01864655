"""One image file, of whatever kind, as a square of pixels: rules instead of guesses.

PNG, JPEG, WebP, BMP and GIF are recognised by their first bytes, never by the name, and
decoded by Pillow (`pip install 'tinygen[images]'`).  What becomes of each oddity:

EXIF orientation      applied, so that people stand upright; a damaged tag is ignored
16 bits a channel     the upper 8 of them
palette               its colours
transparency          laid over white
CMYK                  Pillow's plain conversion; colour profiles are not looked at
animation             the first frame
grey for RGB          three equal channels
RGB for grey          0.299 R + 0.587 G + 0.114 B  (ITU-R BT.601)
not square            the square in the middle
another size          antialiased bicubic, smaller or larger
"""

import io
import warnings
from pathlib import Path

import numpy as np

from tinygen.errors import ConfigError, DataError

MOST_BYTES = 2**26  # of one file, 64 MiB
MOST_PIXELS = 2**26  # of one image before it is resized, 67 million
HEAD = 16  # bytes that tell the kind
FIX_INSTALL = "Fix: pip install 'tinygen[images]'"


def kind_of(head: bytes) -> str | None:
    """What a file is by its first 16 bytes: "PNG", "JPEG", "WEBP", "BMP", "GIF", None.

    >>> kind_of(b"GIF89a" + bytes(10))
    'GIF'
    """
    starts = {
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"\xff\xd8\xff": "JPEG",
        b"GIF87a": "GIF",
        b"GIF89a": "GIF",
    }
    for start, kind in starts.items():
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    reserved = head[6:10]  # four zeros: not every text that begins with BM is a picture
    return "BMP" if head[:2] == b"BM" and reserved == bytes(4) else None


def read_image(source: Path | str | bytes, *, size: int, grey: bool = False):
    """One image, cropped to a square and resized.

    source : a path, or the bytes of a file      size : pixels of a side
    -> (1, size, size) if grey, else (3, size, size); uint8
    Raises DataError, with the reason, for a file that is no image, is damaged or cut
    off, or is larger than 64 MiB or 2**26 pixels; ConfigError if Pillow is not there.
    """
    name = "these bytes" if isinstance(source, bytes) else str(source)
    try:
        data = source if isinstance(source, bytes) else bounded(Path(source))
        return decoded(data, size, grey)
    except Unreadable as error:
        raise DataError(
            f"{name!r:.300}: {error}. Fix: repair, replace or remove it"
        ) from error


class Unreadable(Exception):
    """Why one image file cannot be used; never leaves `tinygen.data`."""


def bounded(path: Path) -> bytes:
    """The bytes of a file, if they are not too many."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    if len(data) > MOST_BYTES:
        raise Unreadable(f"is larger than {MOST_BYTES:,} bytes")
    return data


def decoded(data: bytes, size: int, grey: bool) -> np.ndarray:
    """`read_image` of bytes; raises Unreadable."""
    Image = pillow()
    kind = kind_of(data[:HEAD])
    if kind is None:
        raise Unreadable("is not a PNG, JPEG, WebP, BMP or GIF image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes and tags: judged below
            with Image.open(io.BytesIO(data), formats=[kind]) as image:
                check_size(image.size)
                image.load()
                upright = turned(image, Image)
                square = as_square(in_channels(upright, grey, Image), size, Image)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # decoders fail in every way on damaged bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise Unreadable(f"is a damaged {kind} image ({reason:.200})") from error
    return np.asarray(square).reshape(size, size, -1).transpose(2, 0, 1)


def pillow():
    """Pillow's Image module; ConfigError if it is not installed."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ConfigError(f"image files need Pillow. {FIX_INSTALL}") from error
    return Image


def check_size(size: tuple[int, int]) -> None:
    """Raise Unreadable, before anything is allocated, for too many pixels or none."""
    width, height = size
    if not 0 < width * height <= MOST_PIXELS:
        raise Unreadable(
            f"has {width:,} x {height:,} pixels, possible are 1 to {MOST_PIXELS:,}"
        )


def turned(image, Image):
    """The image with its EXIF orientation (1 to 8) applied."""
    how = Image.Transpose
    turns = {
        2: how.FLIP_LEFT_RIGHT,
        3: how.ROTATE_180,
        4: how.FLIP_TOP_BOTTOM,
        5: how.TRANSPOSE,
        6: how.ROTATE_270,
        7: how.TRANSVERSE,
        8: how.ROTATE_90,
    }
    try:
        turn = turns.get(image.getexif().get(0x0112))
    except Exception:  # a damaged tag says nothing about the pixels
        turn = None
    return image if turn is None else image.transpose(turn)


def in_channels(image, grey: bool, Image):
    """The image in mode "L" or "RGB", by the rules at the top."""
    if image.mode.startswith("I"):  # 16 bits: "I;16", "I;16B", or "I" in some files
        deep = np.asarray(image) >> 8
        image = Image.fromarray(np.clip(deep, 0, 255).astype(np.uint8))
    if image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    if image.mode not in ("1", "L", "P", "RGB", "CMYK", "YCbCr"):
        raise Unreadable(f"has pixels of kind {image.mode}, which is not supported")
    if grey and image.mode != "L":
        image = in_mode(image, "RGB")  # a palette has no grey of its own
    return in_mode(image, "L" if grey else "RGB")


def in_mode(image, mode: str):
    """The image in a mode; not a copy if it has that already."""
    return image if image.mode == mode else image.convert(mode)


def as_square(image, size: int, Image):
    """The square in the middle, resized; more room on the right and below if odd."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    whole = width == height
    square = image if whole else image.crop((left, top, left + side, top + side))
    return square.resize((size, size), Image.Resampling.BICUBIC)
