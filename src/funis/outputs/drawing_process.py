"""The figure engine as a program of its own: one Vega-Lite specification a line in, one drawing a line out.

It is run by path, imports nothing of funis and ends when its input ends.
"""

from __future__ import annotations

import json
import sys

_FIRST = (
    '{"data": {"values": [{"x": 0}]}, "mark": "line", "encoding": {"x": {"field": "x", "type": "nominal"}}}'
)


def main() -> None:
    """Draw what is asked; the engine is warmed before the first question comes."""
    import vl_convert

    vl_convert.vegalite_to_svg(_FIRST, allowed_base_urls=[])
    for line in sys.stdin.buffer:
        try:
            answer = {"svg": vl_convert.vegalite_to_svg(line.decode("ascii"), allowed_base_urls=[])}
        except ValueError as error:
            answer = {"error": str(error)}
        sys.stdout.buffer.write(json.dumps(answer).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
