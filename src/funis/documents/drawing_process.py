"""The figure engine as a program of its own: one question a line in, one answer a line out.

A question is JSON: a Vega-Lite specification, which is an object and becomes a drawing, or the list of a
drawing, its pixels an inch and a folder of typefaces, which becomes a picture. The program is run by path
with the seconds that one answer may take, imports nothing of funis and ends when its input ends.
"""

from __future__ import annotations

import base64
import faulthandler
import json
import sys

#: Kinds of figure the report holds, small: what the engine has drawn once it draws several times faster.
_VALUES = [
    {"x": number, "y": number % 5, "low": 0, "high": 3, "who": str(number % 4)} for number in range(40)
]
_PANEL = {
    "layer": [
        {"mark": "line", "encoding": {"detail": {"field": "who", "type": "nominal"}}},
        {"mark": "rule", "encoding": {"y": {"field": "low"}, "y2": {"field": "high"}}},
        {
            "mark": {"type": "point", "filled": True},
            "encoding": {"color": {"field": "who", "type": "nominal"}},
        },
        {"mark": "text", "encoding": {"text": {"field": "who"}}},
    ],
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}
_GRID = {
    "mark": "rect",
    "encoding": {
        "x": {"field": "x", "type": "ordinal"},
        "y": {"field": "who", "type": "nominal"},
        "color": {"field": "y", "type": "nominal"},
    },
}
_WARM_UP = {"data": {"values": _VALUES}, "concat": [_PANEL, _GRID], "columns": 2}
_TURNS = 3


def main(seconds: float) -> None:
    """Draw what is asked; the engine is warmed before the first question comes.

    A drawing holds the interpreter's lock, so that no thread of Python could end it. The watch of the fault
    handler needs no lock.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)
    import vl_convert

    for _ in range(_TURNS):
        vl_convert.vegalite_to_svg(json.dumps(_WARM_UP), allowed_base_urls=[])
    faulthandler.cancel_dump_traceback_later()
    for line in sys.stdin.buffer:
        faulthandler.dump_traceback_later(seconds, exit=True)
        try:
            answer = _answer(line.decode("ascii"))
        except ValueError as error:
            answer = {"error": str(error)}
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.buffer.write(json.dumps(answer).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()


def _answer(line: str) -> dict[str, str]:
    """Draw a specification, or make the picture of a drawing."""
    import vl_convert

    if not line.startswith("["):
        return {"svg": vl_convert.vegalite_to_svg(line, allowed_base_urls=[])}
    svg, density, typefaces = json.loads(line)
    if typefaces:
        vl_convert.register_font_directory(typefaces)
    return {"png": base64.b64encode(vl_convert.svg_to_png(svg, scale=1, ppi=density)).decode("ascii")}


if __name__ == "__main__":
    main(float(sys.argv[1]))
