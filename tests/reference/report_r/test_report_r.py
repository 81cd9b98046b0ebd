"""Every number of a report against R, which computed it from the tables alone."""

from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.results import Results
from funis.study.read import read_study

HERE = Path(__file__).parent
KEY = [
    "analysis", "endpoint", "population", "subgroup", "visit", "variable", "category", "statistic", "method",
    "adjustment",
]  # fmt: skip
TOLERANCE = 1e-9
#: Counted by hand, not by R: four events of three subjects of eleven. Zoster, grades 2 and 1, twice in S02,
#: and pneumonia, grade 5 and serious, in S06 began weeks after the infusion, a headache of grade 1 on its
#: day in S01, the only one that is related, and not serious. What is not named here is 0.
BY_HAND = {
    "onset_infusion_day.count": 1,
    "onset_infusion_day.events": 1,
    "onset_infusion_day.percent": 100 / 11,
    "onset_later.count": 2,
    "onset_later.events": 3,
    "onset_later.percent": 200 / 11,
    "term_grade_1_2_headache.count": 1,
    "term_grade_1_2_herpes_zoster.count": 1,
    "term_serious_pneumonia.count": 1,
    "term_grade_5_pneumonia.count": 1,
    "any_serious.count": 1,
    "any_grade_1_2.count": 2,
    "any_grade_5.count": 1,
}
#: Variables of events that the program in R does not count.
COUNTED_BY_HAND = ("onset", "related_serious", "no_further_infusion")
#: Counted by hand: of the eleven treated S06 died and S10 withdrew; S12, lost, was never treated.
ENDS_BY_HAND = {
    "disposition.treated.left_early.count": 2,
    "disposition.treated.left_early.percent": 200 / 11,
}


@pytest.fixture(scope="module")
def results() -> Results:
    folder = HERE / "input"
    study = read_study(folder)
    return analyse(study, read_tables(folder, study))


@pytest.fixture(scope="module")
def expected() -> pl.DataFrame:
    """Read what make.R wrote: a category stands after a colon there, an adjustment after a comma."""
    found = pl.read_csv(HERE / "expected.csv", infer_schema=False)
    variable = pl.col("variable").str.split_exact(": ", 1)
    method = pl.col("method").fill_null("").str.split_exact(", ", 1)
    return found.with_columns(
        pl.col("value").replace("", None).cast(pl.Float64),
        pl.col("endpoint").fill_null(""),
        variable.struct[0].alias("variable"),
        variable.struct[1].fill_null("").alias("category"),
        method.struct[0].alias("method"),
        method.struct[1].fill_null("").alias("adjustment"),
    )


def test_every_number_of_r_is_computed_and_agrees(results: Results, expected: pl.DataFrame) -> None:
    joined = expected.join(results.numbers.rename({"value": "ours"}), on=KEY, how="left", nulls_equal=True)
    lacking = joined.filter(pl.col("id").is_null()).select(KEY).rows()
    assert not lacking
    apart = (pl.col("ours") - pl.col("value")).abs() > TOLERANCE * (1 + pl.col("value").abs())
    differing = joined.filter(apart | (pl.col("ours").is_null() != pl.col("value").is_null()))
    assert not differing.select("id", "value", "ours").rows()
    assert joined.height == expected.height > 800


def test_no_number_of_these_analyses_is_left_unchecked(results: Results, expected: pl.DataFrame) -> None:
    checked = results.numbers.filter(pl.col("analysis").is_in(expected["analysis"].unique().to_list()))
    beyond = checked.join(expected.select(KEY), on=KEY, how="anti", nulls_equal=True)
    ends = beyond.filter(pl.col("analysis") == "disposition")
    assert dict(ends.select("id", "value").rows()) == pytest.approx(ENDS_BY_HAND)
    beyond = beyond.filter(pl.col("analysis") != "disposition")
    prefix = "adverse_events.treated."
    of_cells = beyond.filter(
        (pl.col("measure") != pl.col("variable")) | pl.col("variable").is_in(COUNTED_BY_HAND)
    )
    assert beyond["id"].to_list() == of_cells["id"].to_list()
    assert set(BY_HAND) <= {name.removeprefix(prefix) for name in beyond["id"]}
    for name, value in beyond.select("id", "value").iter_rows():
        if name == f"{prefix}no_further_infusion.count":
            assert value is None, "nobody wrote down what was done"
            continue
        assert value == pytest.approx(BY_HAND.get(name.removeprefix(prefix), 0)), name
