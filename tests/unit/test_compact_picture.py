"""A picture in fewer bytes has the pixels it had, as another reader of PNG sees them."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.documents.compact_picture import compact_picture
from funis.documents.drawing import render_png

image = pytest.importorskip("PIL.Image")


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(image.open(io.BytesIO(png)).convert("RGBA"))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write(wide: int, lines: bytes, *more: bytes) -> bytes:
    """Write a picture of eight bits a colour whose lines stand as they are given."""
    high = len(lines) // (1 + 4 * wide)
    header = struct.pack(">IIBBBBB", wide, high, 8, 6, 0, 0, 0)
    parts = (chunk(b"IHDR", header), *more, chunk(b"IDAT", zlib.compress(lines, 0)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_drawing_weighs_less_than_half_and_looks_the_same() -> None:
    marks = "".join(
        f'<circle cx="{x}" cy="{y}" r="4.3" fill="#{x * 3:02x}4080" opacity="0.{y % 9 + 1}"/>'
        for x in range(6, 80, 9)
        for y in range(6, 80, 9)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">{marks}</svg>'
    drawn = render_png(svg, 300)
    assert drawn.startswith(b"\x89PNG")
    # What the engine gave is no longer to be had; the picture is read and written again by hand.
    seen = pixels(drawn)
    lines = b"".join(b"\x00" + row.tobytes() for row in seen)
    plain = write(seen.shape[1], lines)
    assert len(compact_picture(plain)) < len(plain) / 2
    assert (pixels(compact_picture(plain)) == seen).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1), st.sampled_from([2, 250, 2**24]))
def test_every_picture_keeps_its_pixels(wide: int, high: int, seed: int, most: int) -> None:
    draw = np.random.default_rng(seed)
    values = draw.integers(0, most, (high, wide), dtype=np.uint64) * 97 % 2**32
    rows = values.astype("<u4").view(np.uint8).reshape(high, 4 * wide)
    kinds = draw.integers(0, 2, high)
    lines = b""
    for kind, row in zip(kinds, rows, strict=True):
        before = np.concatenate([np.zeros(4, np.uint8), row[:-4]])
        lines += bytes([kind]) + (row - before if kind else row).tobytes()
    png = write(wide, lines)
    assert (pixels(png).reshape(high, 4 * wide) == rows).all()
    made = compact_picture(png)
    assert (pixels(made) == pixels(png)).all()
    assert len(made) <= len(png)


def test_a_line_of_another_kind_and_another_file_stay_as_they_are() -> None:
    # Line 2 holds differences from the line above (kind 2).
    png = write(1, b"\x00\x01\x02\x03\xff\x02\x01\x01\x01\x00")
    assert pixels(png)[1, 0].tolist() == [2, 3, 4, 255]
    assert compact_picture(png) == png
    assert compact_picture(b"GIF89a") == b"GIF89a"


def test_density_of_a_picture_is_kept() -> None:
    density = chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))
    made = compact_picture(write(2, b"\x00" + b"\x00\x00\x00\xff" * 2, density))
    assert image.open(io.BytesIO(made)).info["dpi"] == pytest.approx((300, 300), abs=0.01)
