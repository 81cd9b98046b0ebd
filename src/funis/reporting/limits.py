"""How much a page shows before it summarises: every such limit, in one table.

A page is read by people. A figure of 300 lines can still be read; one of 20,000 is a grey field and ends
 the figure engine. What is left out on the page stands whole in the files beside it.
"""

from __future__ import annotations

from typing import Final

#: Above so many subjects a figure of single subjects becomes a summary of all of them, and says so.
SUBJECTS_DRAWN: Final = 300
#: Above so many points in one panel, points are counted in cells.
POINTS_DRAWN: Final = 2_000
#: Above so many rows a listing is cut; the whole of it is a file beside the page.
ROWS_LISTED: Final = 300
#: So many rows a listing keeps that is cut.
ROWS_KEPT: Final = 50
#: So many subjects are named in one cell.
SUBJECTS_NAMED: Final = 20
#: So many recorded values stand in a page, whole behind each number; above, each number keeps some of them.
VALUES_IN_PAGE: Final = 60_000
#: So many recorded values each number keeps where not all of them stand in the page.
VALUES_OF_NUMBER: Final = 40
