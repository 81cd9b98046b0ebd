"""A drawing is made smaller by what is not seen and by what is said again."""

from xml.etree import ElementTree as ET

from funis.documents.compact_drawing import compact_drawing

TILE = '<path d="M{0},0h9v9h-9Z" fill="#CFE3F0" stroke="#fff"/>'


def painted(svg: str) -> list[tuple[str, str]]:
    """Give every path with the fill it has or inherits, in order of painting."""
    found: list[tuple[str, str]] = []

    def walk(element: ET.Element, fill: str) -> None:
        fill = element.get("fill", fill)
        if element.tag == "path" and element.get("display") != "none" and fill != "none":
            found.append((element.get("d", ""), fill))
        for child in element:
            walk(child, fill)

    walk(ET.fromstring(svg), "black")  # noqa: S314  (written above)
    return found


def test_tiles_that_look_alike_are_one_group_in_the_same_order() -> None:
    tiles = "".join(TILE.format(place) for place in range(4))
    other = '<path d="M7" fill="#D55E00" stroke="#fff"/>'
    svg = f'<svg fill="none"><g>{tiles}{other}{tiles}</g></svg>'
    small = compact_drawing(svg)
    assert small.count("#CFE3F0") == 2
    assert painted(small) == painted(svg)
    assert len(painted(svg)) == 9


def test_two_alike_are_left_and_three_are_grouped() -> None:
    two, three = TILE.format(1) + TILE.format(2), TILE.format(1) + TILE.format(2) + TILE.format(3)
    assert compact_drawing(f"<g>{two}</g>") == f"<g>{two}</g>"
    assert compact_drawing(f"<g>{three}</g>").count("<g") == 2


def test_what_belongs_to_one_path_is_not_said_of_several() -> None:
    for own in ('transform="translate(1,2)"', 'opacity="0.5"', 'id="a"', 'clip-path="url(#c)"'):
        paths = f'<path d="M1" {own}/>' * 3
        assert compact_drawing(f"<g>{paths}</g>") == f"<g>{paths}</g>"


def test_frames_that_are_never_painted_are_left_out() -> None:
    svg = (
        '<svg fill="none"><path class="background" d="M0,0h1v1h-1Z"/><path d="M5" fill="red"/>'
        '<path class="background" d="M1" fill="white"/><path class="background" d="M2" stroke="grey"/>'
        '<path class="foreground" d="M9" display="none"/><text class="x">class="y"</text></svg>'
    )
    small = compact_drawing(svg)
    assert painted(small) == [("M5", "red"), ("M1", "white")]
    assert 'd="M2" stroke="grey"' in small
    assert "M9" not in small
    assert "h1v1" not in small
    # Words of the drawing are no attributes.
    assert '<text>class="y"</text>' in small
