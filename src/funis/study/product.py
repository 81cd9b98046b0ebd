"""The cell product of a study file: release criteria of a lot, what a donor must meet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from funis.study.part import StudyPart, Text


class ProductTest(StudyPart):
    """One test of a lot."""

    test: Text = Field(description="Column of lots that holds the result.")
    rule: Text = Field(
        description="SQL expression over `result`, true for a lot that passes: result = 'negative'."
    )
    result: Literal["before_release", "after_release"] = Field(
        default="before_release",
        description="When the result is known. after_release: the lot may be released, and infused, while it "
        "is pending, as sterility of a fresh product is; release is then written conditional.",
    )


class Product(StudyPart):
    """The cell product."""

    name: str = Field(default="", description="Name of the product.")
    release: tuple[str, ...] = Field(
        default=(), description="Release criteria: SQL expressions over the columns of lots."
    )
    tests: tuple[ProductTest, ...] = Field(
        default=(), description="Tests that every lot has: one missing is an error, not a question."
    )
    max_hold_minutes: int | None = Field(
        default=None,
        gt=0,
        description="Minutes from the thaw of a bag within which its infusion begins, by the clock of the "
        "server; absent: no limit is checked at the bedside.",
    )
    min_viability_percent: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Viable cells at the thaw of a bag, percent of its cells, with which it may be given; "
        "absent: no limit is checked at the bedside.",
    )
    max_weight_age_days: int | None = Field(
        default=None,
        ge=0,
        description="Days that the body weight may be old from which the dose is computed; 0: of the same "
        "day; absent: no limit is checked at the bedside.",
    )


class DonorTest(StudyPart):
    """One test of the donor's blood."""

    test: Text = Field(description="Column of donors that holds the result; its date stands in <test>_date.")
    rule: Text = Field(
        description="SQL expression over `result`, true for a donor who passes: result = 'negative'."
    )
    max_days_before_collection: int | None = Field(
        default=None,
        ge=0,
        description="How early the specimen may be taken: days before the collection; absent: any.",
    )
    max_days_after_collection: int | None = Field(
        default=None,
        ge=0,
        description="How late it may be taken: days after the collection; absent: any until cells are given.",
    )

    @property
    def window_words(self) -> str:
        """Say when the specimen may be taken; empty where that is not limited.

        Examples
        --------
        >>> DonorTest(test="hiv", rule="result = 'negative'", max_days_before_collection=7).window_words
        'at most 7 days before the collection'
        """
        limits = ((self.max_days_before_collection, "before"), (self.max_days_after_collection, "after"))
        said = [
            f"{days} {'day' if days == 1 else 'days'} {side}" for days, side in limits if days is not None
        ]
        return f"at most {' and '.join(said)} the collection" if said else ""


class Donor(StudyPart):
    """Who may give the cells."""

    rules: tuple[str, ...] = Field(
        default=(),
        description="SQL expressions over the columns of donors, true for a donor whose cells may be given.",
    )
    tests: tuple[DonorTest, ...] = Field(
        default=tuple(
            DonorTest(test=name, rule="result = 'negative'") for name in ("hiv", "hbv", "hcv", "syphilis")
        ),
        description="Tests that every donor has. Absent: hiv, hbv, hcv and syphilis are negative, which 21 "
        "CFR 1271.85(a) and point 1.1 of annex II of Directive 2006/17/EC ask of every donor; what they ask "
        "beyond that, and when the specimen is taken, stands in the guide to the data folder.",
    )
