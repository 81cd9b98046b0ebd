"""Rules about lots and donors in a study file: what is read, and what is refused with its place."""

from pathlib import Path

import pytest

from funis.errors import StudyError
from funis.study.read import read_study

HEAD = '[study]\nid = "X"\ntitle = "X"\ncondition = "sle"\ndesign = "observational"\n'


def read(folder: Path, text: str) -> list[tuple[int | None, str, str, str]]:
    path = folder / "study.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    try:
        read_study(path)
    except StudyError as error:
        return [(each.line, each.column, each.message, each.fix) for each in error.findings]
    return []


@pytest.mark.parametrize(
    "text",
    [
        '[donor]\nrules = ["consent_date <= delivery_date", "delivery = \'vaginal\'"]\n',
        '[[donor.tests]]\ntest = "hiv"\nrule = "result = \'negative\'"\nmax_days_before_collection = 0\n',
        "[[donor.tests]]\ntest = \"cmv\"\nrule = \"result IN ('negative', 'positive')\"\n",
        '[[product.tests]]\ntest = "endotoxin_eu_per_ml"\nrule = "result <= 0.5"\n',
        '[[product.tests]]\ntest = "sterility"\nrule = "result = \'negative\'"\nresult = "after_release"\n',
        '[product]\nrelease = ["passage <= 5"]\n',
        "[donor]\ntests = []\n",
    ],
)
def test_a_rule_that_can_be_judged_is_read(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "line", "key", "said", "fix"),
    [
        ('[donor]\nrules = ["health = 1"]\n', 7, "donor.rules[1]", "no column 'health'", "healthy"),
        ('[donor]\nrules = ["delivery = \'normal\'"]\n', 7, "donor.rules[1]", "normal", "vaginal"),
        ('[[donor.tests]]\ntest = "hvi"\nrule = "result = \'negative\'"\n', 7, "donor.tests[1].test", "no test", "'hiv'"),
        ('[[donor.tests]]\ntest = "hiv_date"\nrule = "result = \'negative\'"\n', 7, "donor.tests[1].test", "no test", "hiv"),
        ('[[donor.tests]]\ntest = "eligible"\nrule = "result = 1"\n', 7, "donor.tests[1].test", "no test", "hiv"),
        ('[[donor.tests]]\ntest = "hiv"\nrule = "hiv = \'negative\'"\n', 8, "donor.tests[1].rule", "no column 'hiv'", ""),
        ('[[donor.tests]]\ntest = "hiv"\nrule = "result = \'none\'"\n', 8, "donor.tests[1].rule", "none", "negative"),
        ('[[donor.tests]]\ntest = "hiv"\nrule = "result = 0"\n', 8, "donor.tests[1].rule", "compared", ""),
        ('[[donor.tests]]\ntest = "hiv"\nrule = "result = \'negative\'"\nmax_days_before_collection = -1\n', 9,
         "donor.tests[1].max_days_before_collection", "", ""),
        (2 * '[[donor.tests]]\ntest = "hiv"\nrule = "result = \'negative\'"\n', 10, "donor.tests[2].test", "given twice", "AND"),
        ('[[product.tests]]\ntest = "steril"\nrule = "result = \'negative\'"\n', 7, "product.tests[1].test", "no test", "'sterility'"),
        ('[[product.tests]]\ntest = "release"\nrule = "result = \'released\'"\n', 7, "product.tests[1].test", "no test", "sterility"),
        ('[[product.tests]]\ntest = "sterility"\nrule = "result = \'negative\'"\nresult = "later"\n', 9,
         "product.tests[1].result", "does not take", "after_release"),
        ('[product]\nrelease = ["passage <= 5", "viability > 80"]\n', 7, "product.release[2]", "no column 'viability'",
         "viability_percent"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_judged_is_refused_at_its_place(
    tmp_path: Path, text: str, line: int, key: str, said: str, fix: str
) -> None:
    (found,) = read(tmp_path, text)
    assert found[:2] == (line, key)
    assert said in f"{found[2]} {found[3]}"
    assert fix in found[3]
