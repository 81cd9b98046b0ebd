"""Eye tests, focus score and global assessment: the worked examples of the reference."""

import polars as pl
import pytest

import funis


def score_one(name: str, **cells: object) -> dict[str, object]:
    frame = pl.DataFrame({column: [cell] for column, cell in cells.items()})
    found: dict[str, object] = funis.score(frame, name).row(0, named=True)
    return found


def stained(nasal: int, temporal: int, cornea: int, **extras: object) -> dict[str, object]:
    """Dots of the right eye, the left eye without staining."""
    cells: dict[str, object] = {f"{area}_left": 0 for area in ("nasal_dots", "temporal_dots", "corneal_dots")}
    cells |= {"nasal_dots_right": nasal, "temporal_dots_right": temporal, "corneal_dots_right": cornea}
    for extra in ("confluent", "pupillary", "filaments"):
        cells |= {f"{extra}_left": 0, f"{extra}_right": extras.get(extra, 0)}
    return cells


@pytest.mark.parametrize(
    ("dots", "extras", "eye", "positive"),
    [
        # OSS-01: 1 + 2 + 2 + 1; OSS-02: 0 + 1 + 1; OSS-03: all maximal with three extras.
        ((12, 40, 7), {"pupillary": 1}, 6, 1),
        ((9, 10, 5), {}, 2, 0),
        ((101, 101, 31), {"confluent": 1, "pupillary": 1, "filaments": 1}, 12, 1),
    ],
    ids=["OSS-01", "OSS-02", "OSS-03"],
)
def test_ocular_staining(
    dots: tuple[int, int, int], extras: dict[str, int], eye: float, positive: int
) -> None:
    found = score_one("ocular_staining_score", **stained(*dots, **extras))
    assert found["ocular_staining_score_right"] == eye
    assert found["ocular_staining_score_worst"] == eye
    assert found["ocular_staining_score"] == eye / 2  # the left eye has none
    assert found["ocular_staining_score_positive"] == positive


@pytest.mark.parametrize(("dots", "level"), [(9, 0), (10, 1), (32, 1), (33, 2), (100, 2), (101, 3)], ids=str)
def test_conjunctival_dots(dots: int, level: int) -> None:
    assert score_one("ocular_staining_score", **stained(dots, 0, 0))["ocular_staining_score_right"] == level


@pytest.mark.parametrize(("dots", "level"), [(0, 0), (1, 1), (5, 1), (6, 2), (30, 2), (31, 3)], ids=str)
def test_corneal_dots(dots: int, level: int) -> None:
    assert score_one("ocular_staining_score", **stained(0, 0, dots))["ocular_staining_score_right"] == level


def test_one_eye_decides_what_it_can() -> None:
    cells = {name: cell for name, cell in stained(12, 40, 7, pupillary="Y").items() if "left" not in name}
    found = score_one("ocular_staining_score", **cells)
    # Right eye 6, left eye 0 to 12: mean 3 to 9, the worse eye 6 to 12, so the criterion is met for sure.
    assert (found["ocular_staining_score_lower"], found["ocular_staining_score_upper"]) == (3, 9)
    assert found["ocular_staining_score_status"] == "incomplete"
    assert found["ocular_staining_score"] is None
    assert found["ocular_staining_score_right"] == 6
    assert found["ocular_staining_score_positive"] == 1
    assert found["ocular_staining_score_abnormal"] == 1


def test_van_bijsterveld_by_eye() -> None:
    right = {"nasal_right": 2, "cornea_right": 1, "temporal_right": 1}
    left = {"nasal_left": 1, "cornea_left": 1, "temporal_left": 1}
    found = score_one("van_bijsterveld", **right, **left)
    assert found["van_bijsterveld_right"] == 4
    assert found["van_bijsterveld_left"] == 3
    assert found["van_bijsterveld"] == 3.5
    assert found["van_bijsterveld_positive"] == 1
    assert score_one("van_bijsterveld", **left, **{f"{k[:-6]}_right": 1 for k in right})[
        "van_bijsterveld_positive"
    ] == 0  # fmt: skip


@pytest.mark.parametrize(
    ("right", "left", "mean", "positive", "abnormal"),
    [(5, 12, 8.5, 1, 0), (5, 5, 5.0, 1, 0), (4, 5, 4.5, 1, 1), (6, 35, 20.5, 0, 0)],
    ids=["SCH-01", "SCH-02", "below", "normal"],
)
def test_schirmer(right: float, left: float, mean: float, positive: int, abnormal: int) -> None:
    found = score_one("schirmer", right_mm=right, left_mm=left)
    assert found["schirmer"] == mean
    assert found["schirmer_worst"] == min(right, left)
    assert (found["schirmer_positive"], found["schirmer_abnormal"]) == (positive, abnormal)


def test_a_missing_eye_at_worst_is_a_dry_eye() -> None:
    frame = pl.DataFrame({"right_mm": [11.0], "left_mm": [None]}, schema_overrides={"left_mm": pl.Float64})
    assert funis.score(frame, "schirmer", missing="worst")["schirmer"].to_list() == [5.5]
    assert funis.score(frame, "schirmer", missing="absent")["schirmer"].to_list() == [23.0]
    assert funis.score(frame, "schirmer")["schirmer_positive"].to_list() == [None]


@pytest.mark.parametrize(
    ("foci", "area", "score", "positive"),
    [(5, 8, 2.5, 1), (2, 9, 8 / 9, 0), (4, 16, 1.0, 1)],
    ids=["FOC-01", "FOC-02", "FOC-03"],
)
def test_focus_score(foci: float, area: float, score: float, positive: int) -> None:
    found = score_one("focus_score", foci=foci, glandular_area=area)
    assert found["focus_score"] == pytest.approx(score, abs=1e-12)
    assert found["focus_score_positive"] == positive


def test_confluent_foci_are_twelve() -> None:
    assert score_one("focus_score", confluent=1)["focus_score"] == 12
    assert score_one("focus_score", confluent=1, foci=3, glandular_area=8)["focus_score"] == 12
    assert score_one("focus_score", confluent=0, foci=3, glandular_area=8)["focus_score"] == 1.5
    assert score_one("focus_score", foci=3)["focus_score_status"] == "incomplete"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"pga_0_3": 1.7}, 1.7),
        ({"mark_mm": 50, "line_length_mm": 100}, 1.5),  # 3 x 50 / 100
        ({"mark_mm": 40, "line_length_mm": 80}, 1.5),  # the same mark on a line of 8 cm
        ({"pga_0_10": 6}, 1.8),
        ({"pga_0_100": 43}, 1.29),
        ({"mark_mm": 90, "line_length_mm": 80}, None),  # beyond the end of the line
        ({"mark_mm": 40}, None),  # the length of the line is never assumed
    ],
)
def test_global_assessment(cells: dict[str, float], expected: float | None) -> None:
    found = score_one("pga", **cells)["pga"]
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_a_flow_beyond_the_range_is_no_flow() -> None:
    found = score_one("unstimulated_flow", volume_ml=70.0, minutes=1.0)
    assert found["unstimulated_flow"] is None
    assert found["unstimulated_flow_status"] == "incomplete"
