"""The mean number of recurrent events, by hand and against the variance of a mean."""

from typing import Any

import numpy as np
import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.recurrent import mean_cumulative

OWNERS, TIMES = [0, 0, 1, 2, 2, 2, 3], [1.0, 4.0, 2.0, 1.0, 3.0, 5.0, 2.0]
#: Events of the five subjects: 2, 1, 3, 1, 0. Mean 1.4; squares of 0.6, -0.4, 1.6, -0.4, -1.4 sum to 5.2.
MEAN, ERROR = 1.4, (5.2**0.5) / 5


@pytest.mark.parametrize("died", [[False] * 5, [True, True, True, True, False]])
def test_where_everybody_is_followed_to_the_end_it_is_a_mean(died: list[bool]) -> None:
    ends = [6.0, 3.0, 7.0, 2.5, 8.0] if any(died) else [8.0] * 5
    found = mean_cumulative(OWNERS, TIMES, ends, died)
    assert found.mean[-1] == pytest.approx(MEAN)
    assert found.standard_error[-1] == pytest.approx(ERROR)
    assert found.upper[-1] == pytest.approx(MEAN * np.exp(1.959964 * ERROR / MEAN), rel=1e-6)
    assert found.lower[-1] == pytest.approx(MEAN**2 / found.upper[-1])


def test_by_hand_with_death_and_censoring() -> None:
    # Events at 1 (subject A), 3 (B and A), deaths at 2 (C), D last seen at 2.5. At risk 4, 4, 2 at 1, 2, 3.
    found = mean_cumulative([0, 1, 0], [1.0, 3.0, 3.0], [4.0, 4.0, 2.0, 2.5], [False, False, True, False])
    assert found.time.tolist() == [1.0, 2.0, 3.0]
    assert (found.at_risk.tolist(), found.events.tolist(), found.deaths.tolist()) == (
        [4, 4, 2], [1, 0, 2], [0, 1, 0],
    )  # fmt: skip
    # 1/4; then the same; then 1/4 + (1 - 1/4) x 2/2 = 1.
    assert found.mean.tolist() == pytest.approx([0.25, 0.25, 1.0])
    # At 1: A 1/4 x 3/4, the others -1/16: root of (9 + 3) / 256. At 3 death adds -(1 - 1/4) / 3 x (3/4) to C and
    # (1/4) / 4 to A, B and D: A 3/16 + 1/16, B and D 0, C -1/16 - 3/16. The events at 3 move nobody: one each.
    assert found.standard_error.tolist() == pytest.approx(
        [(12 / 256) ** 0.5, (12 / 256) ** 0.5, (2 / 16) ** 0.5]
    )
    means, lower, _ = found.at([0.5, 1.5, 9.0])
    assert means.tolist() == pytest.approx([0.0, 0.25, 1.0])
    assert np.isnan(lower[0])


def test_nobody_and_no_event() -> None:
    found = mean_cumulative([], [], [3.0, 4.0], [False, False])
    assert found.n == 2
    assert found.at([3.0])[0].tolist() == [0.0]
    assert mean_cumulative([], [], [], []).n == 0


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (([0], [1.0, 2.0], [3.0], [False]), ShapeError),
        (([0], [1.0], [3.0], [False, True]), ShapeError),
        (([0], [4.0], [3.0], [False]), ValueRangeError),
        (([1], [1.0], [3.0], [False]), ValueRangeError),
        (([0], [-1.0], [3.0], [False]), ValueRangeError),
    ],
)
def test_what_cannot_be_is_refused(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        mean_cumulative(*given)
