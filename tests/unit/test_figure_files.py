"""Figures as files of their own: drawing, picture and page, looked at with other programs."""

import io
import struct
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest

from funis.documents.colours import INK
from funis.documents.document import Document, Paragraph, Section, plain
from funis.documents.figure import FigureSpec
from funis.documents.figure_files import render_figure_files
from funis.documents.flow_chart import FlowBox, FlowChart, FlowStep
from funis.documents.formats import find_formats
from funis.errors import BlockError, DrawingError, MissingExtraError, TypesettingError

pytest.importorskip("typst")
pytest.importorskip("pylopdf_fonts_zh_cn")

POINTS = FigureSpec(
    "figure-sledai_change",
    "a",
    "Activity",
    {
        "width": 500,
        "height": 120,
        "data": {"values": [{"x": 1, "y": 2.5}, {"x": 2, "y": 4.0}]},
        "mark": "point",
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": "Months µmol/L"},
            "y": {"field": "y", "type": "quantitative"},
        },
    },
    "Two points.",
)
FLOW = FlowChart("figure-flow", "a", "Flow", (FlowStep(FlowBox("Treated", plain("40"))),), "One box.")


def files(*blocks: Any) -> dict[str, str | bytes]:
    return render_figure_files(Document("D", (Section("a", "A", blocks),)))


@pytest.fixture(scope="module")
def written() -> dict[str, str | bytes]:
    return files(Paragraph(plain("Words.")), POINTS, FLOW)


def test_each_figure_has_three_files_named_by_its_id(written: dict[str, str | bytes]) -> None:
    names = ("figures/figure-sledai_change", "figures/figure-flow")
    assert list(written) == [f"{name}.{ending}" for name in names for ending in ("svg", "png", "pdf")]


@pytest.mark.parametrize("name", ["figures/figure-sledai_change", "figures/figure-flow"])
def test_the_picture_has_300_pixels_an_inch_and_says_so(written: dict[str, str | bytes], name: str) -> None:
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(cast("bytes", written[f"{name}.png"])))
    image.load()
    assert [round(each) for each in image.info["dpi"]] == [300, 300]
    page = pytest.importorskip("pypdf").PdfReader(io.BytesIO(cast("bytes", written[f"{name}.pdf"]))).pages[0]
    # The page has the size in print, 72 points an inch; 174 mm are 493.2 points.
    for pixels, points in zip(image.size, (page.mediabox.width, page.mediabox.height), strict=True):
        assert abs(pixels / 300 - float(points) / 72) < 0.01
    assert float(page.mediabox.width) <= 493.3


def test_every_part_of_the_picture_has_its_sum_and_one_says_the_density(
    written: dict[str, str | bytes],
) -> None:
    png = cast("bytes", written["figures/figure-flow.png"])
    place, kinds = 8, []
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        kinds.append(png[place + 4 : place + 8])
        place += length + 12
    assert kinds[0] == b"IHDR"
    assert kinds[-1] == b"IEND"
    assert kinds.count(b"pHYs") == 1
    # 300 pixels an inch are 11811 a metre.
    assert b"pHYs" + struct.pack(">IIB", 11811, 11811, 1) in png


@pytest.mark.parametrize("name", ["figures/figure-sledai_change", "figures/figure-flow"])
def test_the_page_embeds_every_typeface_and_holds_the_words(
    written: dict[str, str | bytes], name: str
) -> None:
    content = cast("bytes", written[f"{name}.pdf"])
    reader = pytest.importorskip("pypdf").PdfReader(io.BytesIO(content))
    assert len(reader.pages) == 1
    every = [reader.get_object(number) for number in range(1, int(reader.trailer["/Size"]))]
    fonts = [each for each in every if isinstance(each, dict) and each.get("/Type") == "/FontDescriptor"]
    assert fonts
    for font in fonts:
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(font)
    words = reader.pages[0].extract_text()
    assert ("Months" if "sledai" in name else "Treated") in words
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == ("Activity" if "sledai" in name else "Flow")


def test_the_drawing_is_xml_with_its_size(written: dict[str, str | bytes]) -> None:
    for name in ("figures/figure-sledai_change.svg", "figures/figure-flow.svg"):
        root = ET.fromstring(cast("str", written[name]))  # noqa: S314 - our own
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert float(root.attrib["width"]) > 0


def test_edges_of_a_picture_are_no_darker_than_what_is_drawn(written: dict[str, str | bytes]) -> None:
    """The engine alone writes half of a pale pixel over nothing as half of black."""
    image = pytest.importorskip("PIL.Image").open(
        io.BytesIO(cast("bytes", written["figures/figure-flow.png"]))
    )
    seen = {pixel for _, pixel in image.convert("RGBA").getcolors(1 << 24)}
    assert {opacity for *_, opacity in seen} == {255}
    darkest = tuple(int(INK[place : place + 2], 16) for place in (1, 3, 5))
    assert all(part >= least - 1 for pixel in seen for part, least in zip(pixel[:3], darkest, strict=True))


def test_the_same_figure_gives_the_same_bytes(written: dict[str, str | bytes]) -> None:
    assert files(POINTS)["figures/figure-sledai_change.pdf"] == written["figures/figure-sledai_change.pdf"]
    assert files(FLOW)["figures/figure-flow.png"] == written["figures/figure-flow.png"]


def test_what_cannot_be_drawn_is_named() -> None:
    wrong = FigureSpec("figure-x", "a", "X", {"mark": "no such mark"}, "Nothing.", label="Figure 3")
    with pytest.raises(DrawingError, match="Figure 3 cannot be drawn"):
        files(wrong)
    silent = FlowChart("figure-flow", "a", "Flow", FLOW.steps, " ", label="Figure 1")
    with pytest.raises(TypesettingError, match="Figure 1 has no alternative text"):
        files(silent)
    with pytest.raises(BlockError, match="figure renderer cannot draw a block of kind 'object'"):
        files(object())


def test_without_the_typesetter_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("funis.documents.formats.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"--format figures .*funis\[documents\]"):
        find_formats("figures")
