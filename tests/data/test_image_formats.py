"""Image files of every kind and oddity, and files that are none."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from tinygen.data import formats
from tinygen.data.formats import kind_of, read_image
from tinygen.errors import ConfigError, DataError

KINDS = ["PNG", "JPEG", "WEBP", "BMP", "GIF"]
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def saved(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def halves(left=RED, right=BLUE, mode="RGB"):
    """8 x 8, plain on either side."""
    image = Image.new(mode, (8, 8), left)
    image.paste(right, (4, 0, 8, 8))
    return image


def noise(size=(24, 20), seed=0):
    width, height = size
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


def chunk(name, content):
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png(width, height, rows=b"", depth=8, color=2):
    """A PNG that says what it likes about its size."""
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = zlib.compress(rows, 9)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", body), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_by_content(kind, tmp_path):
    path = tmp_path / "a name.txt"
    path.write_bytes(saved(halves(), kind))
    assert kind_of(path.read_bytes()[:16]) == kind
    pixels = read_image(path, size=8)
    assert pixels.shape == (3, 8, 8) and pixels.dtype == np.uint8
    # 45: what JPEG and WebP lose of colours in the one column beside the edge
    assert abs(pixels[:, :, 1].T.astype(int) - RED).max() < 45
    assert abs(pixels[:, :, 6].T.astype(int) - BLUE).max() < 45


def test_lossless_kinds_are_exact():
    image = noise((9, 9))
    expected = np.asarray(image).transpose(2, 0, 1)
    for kind in ("PNG", "BMP"):
        assert np.array_equal(read_image(saved(image, kind), size=9), expected)
    assert np.array_equal(
        read_image(saved(image, "WEBP", lossless=True), size=9), expected
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation_of_exif_is_applied(kind):
    exact = {} if kind == "JPEG" else {"lossless": True}
    upright = Image.new("RGB", (8, 8))  # four plain quarters
    quarters = [(0, 0, RED), (4, 0, GREEN), (0, 4, BLUE), (4, 4, (255, 255, 0))]
    for left, top, color in quarters:
        upright.paste(color, (left, top, left + 4, top + 4))
    how = Image.Transpose  # how a camera stored what has to be undone
    stored = {
        1: None,
        2: how.FLIP_LEFT_RIGHT,
        3: how.ROTATE_180,
        4: how.FLIP_TOP_BOTTOM,
        5: how.TRANSPOSE,
        6: how.ROTATE_90,
        7: how.TRANSVERSE,
        8: how.ROTATE_270,
    }
    for tag, turn in stored.items():
        exif = Image.Exif()
        exif[0x0112] = tag
        image = upright if turn is None else upright.transpose(turn)
        found = read_image(saved(image, kind, exif=exif, **exact), size=8)
        for left, top, color in quarters:
            corner = found[:, 7 if top else 0, 7 if left else 0].astype(int)
            assert abs(corner - color).max() < 40, (kind, tag)


def test_a_damaged_orientation_is_ignored():
    broken = b"Exif\0\0MM\0*\xff\xff\xff\xff"
    pixels = read_image(saved(halves(), "PNG", exif=broken), size=8)
    assert pixels[0, 0, 0] == 255 and pixels[2, 0, 7] == 255


def test_sixteen_bits_keep_the_upper_eight():
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1024
    pixels = read_image(saved(Image.fromarray(deep), "PNG"), size=8, grey=True)
    assert np.array_equal(pixels[0], (deep >> 8).astype(np.uint8))
    color = np.zeros((8, 8, 3), ">u2")
    color[..., 0], color[..., 1] = deep, 65535 - deep
    rows = b"".join(b"\0" + row.tobytes() for row in color)
    pixels = read_image(png(8, 8, rows, depth=16), size=8)
    assert np.array_equal(pixels, (color >> 8).astype(np.uint8).transpose(2, 0, 1))


def test_palettes_have_colours_also_in_grey():
    image = halves().convert("P", palette=Image.Palette.ADAPTIVE)
    assert image.mode == "P"
    assert read_image(saved(image, "PNG"), size=8)[:, 0, 0].tolist() == [255, 0, 0]
    grey = read_image(saved(image, "PNG"), size=8, grey=True)
    assert grey[0, 0, 0] == 76 and grey[0, 0, 7] == 29  # 0.299 and 0.114 of 255


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_lies_over_white(mode):
    settings = {}
    if mode == "P":
        image = halves().convert("P", palette=Image.Palette.ADAPTIVE)
        settings = {"transparency": image.getpixel((0, 0))}
    else:
        image = halves().convert(mode)
        image.putalpha(Image.fromarray(np.uint8([[0] * 4 + [255] * 4] * 8)))
    pixels = read_image(saved(image, "PNG", **settings), size=8)
    assert pixels[:, 0, 0].tolist() == [255, 255, 255]
    assert pixels[:, 0, 7].tolist() == ([29] * 3 if mode == "LA" else [0, 0, 255])


def test_half_transparent_is_half_white():
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert set(read_image(saved(image, "PNG"), size=4).ravel()) <= {126, 127, 128}


def test_cmyk_and_one_bit_and_grey():
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    pixels = read_image(saved(cyan, "JPEG"), size=8)
    assert abs(pixels[:, 0, 0].astype(int) - [0, 255, 255]).max() < 10
    bits = Image.fromarray(np.eye(8, dtype=bool))
    assert set(read_image(saved(bits, "PNG"), size=8).ravel()) == {0, 255}
    grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    pixels = read_image(saved(grey, "PNG"), size=8)
    assert (pixels == np.asarray(grey)).all() and pixels.shape == (3, 8, 8)


def test_only_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, GREEN)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        red, green, _ = read_image(data, size=8)[:, 0, 0]
        assert red > 240 and green < 15


def test_the_middle_square_is_taken():
    wide = Image.new("RGB", (30, 10), GREEN)
    wide.paste(RED, (10, 0, 20, 10))
    for image in (wide, wide.transpose(Image.Transpose.ROTATE_90)):
        pixels = read_image(saved(image, "PNG"), size=16)
        assert (pixels == np.array(RED)[:, None, None]).all()


def test_shrinking_averages_and_enlarging_works():
    board = np.indices((64, 64)).sum(0) % 2 * np.uint8(255)
    data = saved(Image.fromarray(board.astype(np.uint8)), "PNG")
    assert abs(read_image(data, size=8, grey=True).astype(int) - 127).max() < 25
    dot = saved(Image.new("L", (1, 1), 93), "PNG")
    assert (read_image(dot, size=64, grey=True) == 93).all()


def test_bombs_are_refused_before_they_are_unpacked():
    started = time.perf_counter()
    for data in (png(10**5, 10**5), png(2**31 - 1, 2**31 - 1)):
        with pytest.raises(DataError, match=r"pixels|damaged PNG"):
            read_image(data, size=8)
    with pytest.raises(DataError, match=r"has 8,193 x 8,193 pixels, possible are 1 to"):
        read_image(png(8193, 8193), size=8)
    heavy = png(8, 8, bytes(2**24))  # rows that unpack to far more than the header says
    assert read_image(heavy, size=8).shape == (3, 8, 8)
    assert time.perf_counter() - started < 2


def test_files_that_are_too_large_or_missing(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    with pytest.raises(DataError, match=r"a.png.*No such file.*Fix:"):
        read_image(path, size=8)
    path.write_bytes(saved(noise(), "PNG"))
    monkeypatch.setattr(formats, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="larger than 100 bytes"):
        read_image(path, size=8)


def test_what_is_no_image_is_told_apart():
    words = "is not a PNG, JPEG, WebP, BMP or GIF"
    for data in (b"", b"<html><body>404", b"BMW is a maker of cars", b"RIFF1234WAVE"):
        with pytest.raises(DataError, match=words):
            read_image(data, size=8)
    tiff = saved(noise(), "TIFF")  # Pillow could, the rules do not
    with pytest.raises(DataError, match=words):
        read_image(tiff, size=8)


def test_without_pillow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ConfigError, match=r"Pillow. Fix: pip install 'tinygen\[ima"):
        read_image(png(8, 8), size=8)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_gives_a_picture_or_a_data_error(kind):
    """Cut off, flipped bits, junk in the middle: nothing else may come out."""
    whole = saved(noise(), kind)
    rng = np.random.default_rng(KINDS.index(kind))
    outcomes = {"read": 0, "refused": 0}
    for case in range(150):
        data = bytearray(whole)
        place = int(rng.integers(len(data)))
        if case % 3 == 0:
            del data[place:]
        elif case % 3 == 1:
            for i in rng.integers(len(data), size=4):
                data[i] ^= 1 << int(rng.integers(8))
        else:
            data[place : place + 9] = rng.bytes(int(rng.integers(1, 30)))
        started = time.perf_counter()
        try:
            assert read_image(bytes(data), size=8).shape == (3, 8, 8)
            outcomes["read"] += 1
        except DataError as error:
            assert str(error).endswith("Fix: repair, replace or remove it")
            outcomes["refused"] += 1
        assert time.perf_counter() - started < 2
    assert outcomes["refused"] >= 30  # BMP has no checks; the others refuse far more


def test_random_bytes_behind_every_beginning():
    rng = np.random.default_rng(9)
    starts = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM" + bytes(8)]
    starts += [b"RIFF\x10\0\0\0WEBP", b""]
    for start in starts:
        for _ in range(20):
            data = start + rng.bytes(int(rng.integers(0, 300)))
            with pytest.raises(DataError):
                read_image(data, size=8)
