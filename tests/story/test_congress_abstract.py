"""The abstract for a congress, over studies of every kind: its numbers, its words, its length."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.congress_rules import congress_rule
from funis.catalogue.house_styles import house_style
from funis.data.tables import read_tables
from funis.documents.table import Inline
from funis.published.compare import compare_with_published
from funis.published.read import read_statements
from funis.reporting.congress.abstract import CongressAbstract, build_congress_abstract
from funis.reporting.congress.abstract_document import numbers_of
from funis.reporting.congress.abstract_text import LINE, render_abstract_text
from funis.reporting.congress.sentence import result_ids
from funis.reporting.withheld import withhold
from funis.results import Results, format_number
from funis.study.model import Study
from funis.study.read import read_study

from .report_kinds import KINDS, analysed_file, make_study

EVERY = (*KINDS, "randomised", "retreatment", "one_not_asked")
STYLES = ("acr", "eular")
NUMERAL = re.compile(r"\d+(?:\.(\d+))?")
PLACE = re.compile(r"\[to be filled in: [^\]]+\]")


def make_one_not_asked(folder: Path) -> Path:
    made = make_study("sle", folder)
    table = made / "data" / "safety_questions.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    # The last row is the answer of one subject at one visit: it was not asked for.
    table.write_text("".join(lines[:-1]), encoding="utf-8")
    return made


@cache
def analysed(kind: str) -> tuple[Study, Results, str]:
    if kind != "one_not_asked":
        return analysed_file(kind)
    with TemporaryDirectory() as place:
        folder = make_one_not_asked(Path(place) / kind)
        study = read_study(folder)
        text = (folder / "study.toml").read_text(encoding="utf-8")
        return study, analyse(study, read_tables(folder, study)), text


@cache
def abstract(kind: str, style: str, limit: int | None = None) -> CongressAbstract:
    study, results, _ = analysed(kind)
    return build_congress_abstract(study, results, congress_rule(style), limit=limit)


def part(written: CongressAbstract, name: str) -> str:
    return next("".join(each.text for each in said) for key, _, said in written.parts if key == name)


def whole(written: CongressAbstract) -> str:
    return " ".join("".join(each.text for each in said) for _, _, said in written.parts)


def pieces(written: CongressAbstract) -> Iterator[Inline]:
    return (each for _, _, said in written.parts for each in said)


# --- numbers -------------------------------------------------------------------------------------


def is_printed_as(text: str, row: dict[str, object]) -> bool:
    """Whether every numeral of a text is the value of its result, its n, or its denominator."""
    value, n, denominator = row["value"], row["n"], row["denominator"]
    assert isinstance(value, float), row["id"]
    if text.startswith("<"):
        return text == "< 0.001" and value < 0.001
    if text.startswith(">"):
        return text == "> 0.999" and value > 0.999
    known = {str(each) for each in (n, denominator) if each is not None}
    found = list(NUMERAL.finditer(text))
    shown = text.replace("−", "-")
    for place, numeral in enumerate(found):
        digits = len(numeral[1] or "")
        signed = ("-" if shown[numeral.start() - 1 : numeral.start()] == "-" else "") + numeral[0]
        is_value = signed in {format_number(scale * value, digits) for scale in (1, 100)}
        if not is_value and not (place and numeral[0] in known):
            return False
    return bool(found)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", EVERY)
def test_every_number_is_that_of_its_result(kind: str, style: str) -> None:
    study, results, _ = analysed(kind)
    rows = {row["id"]: row for row in withhold(study, results).numbers.to_dicts()}
    printed = numbers_of(abstract(kind, style))
    assert printed
    for text, name in printed:
        assert rows[name]["status"] != "withheld", name
        assert is_printed_as(text, rows[name]), (text, rows[name])


@pytest.mark.parametrize("kind", EVERY)
def test_a_number_without_a_result_is_one_of_the_study_file(kind: str) -> None:
    """Days, doses, limits of entry, visits: typed into the study file, and no result."""
    study, _, file = analysed(kind)
    typed = set(re.findall(r"\d+", file)) | {str(len(study.sites)), str(len(study.arms)), "95", "10", "0"}
    for each in pieces(abstract(kind, "eular")):
        if not each.id:
            assert set(re.findall(r"\d+", each.text)) <= typed, each.text


def test_a_number_that_is_no_result_is_refused() -> None:
    from funis.errors import ShapeError
    from funis.reporting.congress.abstract import _check_numbers

    written = abstract("sle", "acr")
    known = {number.id for number in written.book.numbers}
    _check_numbers(written, known)
    with pytest.raises(ShapeError, match=r"population\.treated\.subjects\.n"):
        _check_numbers(written, known - {"population.treated.subjects.n"})


@pytest.mark.parametrize("kind", EVERY)
def test_no_p_without_its_estimate_and_interval(kind: str) -> None:
    study, results, _ = analysed(kind)
    rows = {row["id"]: row for row in results.numbers.to_dicts()}
    ids = set(abstract(kind, "eular").ids)
    place = ("analysis", "endpoint", "population", "subgroup", "arm", "contrast", "visit", "variable")
    beside = {
        (*(row[name] for name in place), row["statistic"], row["method"])
        for name, row in rows.items()
        if name in ids
    }
    for name in ids:
        row = rows[name]
        if row["statistic"] in {"p", "p_adjusted"}:
            where = tuple(row[each] for each in place)
            for needed in ("estimate", "lower", "upper"):
                assert (*where, needed, row["method"]) in beside, (name, needed)
    if kind == "one_subject":
        assert not any(
            rows[name]["statistic"].startswith("p_") or rows[name]["statistic"] == "p" for name in ids
        )
    assert study


# --- words ---------------------------------------------------------------------------------------

#: What no design here can show, and what a zero does not say.
NEVER = (
    "effective", "efficacy", "safe", "well tolerated", "improved", "reduced", "benefit", "led to", "caused",
    "significant", "proved", "superior", "no adverse event", "no side effect", "stable", "unchanged", "remission was",
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", EVERY)
def test_no_word_says_more_than_the_design_allows(kind: str, style: str) -> None:
    said = whole(abstract(kind, style)).lower()
    assert not [word for word in NEVER if word in said]
    design = analysed(kind)[0]
    if design.trial.design == "single_arm":
        assert "no control group: this does not show an effect" in said
    if design.trial.design == "observational":
        assert "these are associations, and show no effect" in said
    if design.arms and design.randomisation is None:
        assert "does not say that arms were formed at random" in said
        assert "randomised trial" not in said


@pytest.mark.parametrize("kind", EVERY)
def test_it_says_who_was_asked_of_harms(kind: str) -> None:
    said = part(abstract(kind, "acr"), "results")
    if kind == "nobody_asked":
        assert said.endswith("Adverse events were not collected: whether any occurred cannot be said.")
        return
    assert re.search(r"patients were asked at \d+ of \d+ visits due\.", said)
    assert ("Counts are lowest possible values." in said) == (kind == "one_not_asked")
    if kind == "sle":
        assert "0/40 had an adverse event (upper 95% limit 8.8%); patients were asked at 200 of 200 " in said
    if kind == "one_not_asked":
        assert "asked at 199 of 200 visits due" in said


def test_a_withheld_primary_result_is_said_and_nothing_is_concluded() -> None:
    written = abstract("wrecked", "acr")
    assert "Withheld for errors in the data: clinical response; relapse after a response." in part(
        written, "results"
    )
    assert part(written, "conclusion").startswith(
        "The primary result is withheld for errors in the data: no conclusion is drawn."
    )
    assert "had a response" not in whole(written)
    assert written.notices[0].is_grave
    assert render_abstract_text(written).startswith("[Do not use: ")
    assert "Result of the primary outcome, with its precision" in {
        each.item for each in written.missing_items
    }


def test_two_arms_stand_apart_with_their_difference_and_its_interval() -> None:
    written = abstract("randomised", "eular")
    said = part(written, "results")
    assert "By arm: Cells 20, Placebo 20." in said
    assert re.search(
        r"Cells 16/20 \(80\.0%; 95% CI [\d.]+ to [\d.]+\), Placebo 13/20 \(65\.0%; 95% CI [\d.]+ to [\d.]+\); "
        r"difference 15\.0 percentage points \(95% CI −[\d.]+ to [\d.]+; Cells minus Placebo\)",
        said,
    )
    assert "difference adjusted by a mixed model" in said
    assert part(written, "conclusion").startswith(
        "At month 6 the share of responders was not shown to differ (the 95% CI of Cells minus Placebo includes 0)."
    )
    assert "allocated at random to cells and placebo (1:1)" in part(written, "methods")
    asked = {each.number for each in written.missing_items}
    assert 1 in asked
    assert not {8, 10} & asked


def test_one_subject_has_no_mean_no_interval_and_no_share() -> None:
    said = whole(abstract("one_subject", "eular"))
    assert "1 patient was treated; 1 was followed to month 12." in said
    assert "There was 1 woman, aged 29 years." in said
    assert not re.search(r"%[ ;)]|±|CI \d|P [<=]|mean", part(abstract("one_subject", "eular"), "results"))


def test_a_second_course_is_said_and_not_compared() -> None:
    written = abstract("retreatment", "eular")
    said = part(written, "results")
    assert "7 were infused again" in said
    assert "3/40 had been infused again before month 12: their values then are used as recorded." in said
    assert "after a second course, the change of SLEDAI" in said
    assert "the courses are not comparable" in said
    assert "A later course is planned at relapse" in part(written, "methods")
    assert part(written, "background").startswith("[Invented scenario: ")


def test_unknown_responses_stand_with_their_bounds() -> None:
    said = part(abstract("no_response_known", "acr"), "results")
    assert "5 cannot be told: lowest 26/40, highest 31/40" in said
    assert "Missing values: response and change left out at that visit; relapse left out." in part(
        abstract("no_response_known", "acr"), "methods"
    )


@pytest.mark.parametrize("kind", EVERY)
def test_data_that_were_made_are_marked_at_both_ends(kind: str) -> None:
    written = abstract(kind, "acr")
    assert part(written, "background").startswith(
        "[Invented scenario" if kind == "retreatment" else "[Rebuilt from"
    )
    assert "are no evidence of anything." in part(written, "conclusion")
    assert any("not patient data" in notice.title for notice in written.notices)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """Write the trial of four subjects whose every number is worked out by hand."""
    folder: Path = import_module("tests.story.small_trial").write_small_trial(
        tmp_path_factory.mktemp("small") / "trial"
    )
    return folder, read_study(folder)


def test_numbers_of_a_trial_that_was_worked_out_by_hand(small: tuple[Path, Study]) -> None:
    """The arithmetic stands in test_small_trial.py: levels of 4, changes of 3 at both visits, S4 carried forward."""
    folder, study = small
    results = analyse(study, read_tables(folder, study))
    said = part(build_congress_abstract(study, results, congress_rule("eular")), "results")
    assert said.startswith("4 patients were treated; 3 were followed to month 6; withdrew 1.")
    assert (
        "SLEDAI-2K: 9.25 ± 2.22 at baseline, 7.33 ± 1.15 (−2.67) at month 3, 4.67 ± 3.06 (−5.33) at month 6; "
        "n = 3, 4 at baseline." in said
    )
    assert "n = 4 for the change" in said
    assert "patients were asked at 5 of 6 visits due. Counts are lowest possible values." in said


def test_an_interim_abstract_says_who_is_still_followed(small: tuple[Path, Study]) -> None:
    folder, study = small
    results = analyse(study, read_tables(folder, study))
    row = {
        "id": "disposition.treated.not_reached.count", "analysis": "disposition", "population": "treated",
        "variable": "not_reached", "statistic": "count", "value": 1.0, "text": "1/4", "n": 4, "denominator": 4,
        "subgroup": "all", "arm": "all", "visit": "all", "status": "ok",
    }  # fmt: skip
    more = pl.concat([results.numbers, pl.DataFrame([row])], how="diagonal_relaxed").select(
        results.numbers.columns
    )
    written = build_congress_abstract(study, replace(results, numbers=more), congress_rule("acr"))
    assert "The trial goes on: 1/4 have not reached month 6; results will change." in part(written, "results")
    assert "Recruitment: whether the trial goes on" not in {each.item for each in written.missing_items}


# --- what is to be filled in ---------------------------------------------------------------------


def test_what_the_study_file_does_not_say_is_left_open_and_listed() -> None:
    written = abstract("sle", "acr")
    assert set(PLACE.findall(whole(written))) == {gap.text for gap in written.gaps}
    assert {gap.what for gap in written.gaps} == {
        "what was known, and why the study was done",
        "register and number",
        "approval by an ethics committee",
        "what the authors conclude beyond this",
        "who paid for the study",
    }


def test_what_it_says_is_printed() -> None:
    study, results, _ = analysed("sle")
    told = {"registration": "NCT00000000", "ethics": "Committee A, 12/3", "funding": "Fund B"}
    stated = study.model_copy(update={"trial": study.trial.model_copy(update=told)})
    written = build_congress_abstract(stated, results, congress_rule("acr"))
    assert [gap.what for gap in written.gaps] == [
        "what was known, and why the study was done",
        "what the authors conclude beyond this",
    ]
    assert "Registration: NCT00000000. Ethics: Committee A, 12/3." in part(written, "methods")
    assert part(written, "disclosure").endswith(": none. Funding: Fund B.")
    assert not {"Registration", "Funding"} & {each.item for each in written.missing_items}


def test_nobody_named_and_no_disclosure_is_not_none() -> None:
    study, results, _ = analysed("sle")
    nobody = study.model_copy(update={"people": ()})
    written = build_congress_abstract(nobody, results, congress_rule("acr"))
    assert part(written, "disclosure").startswith("[to be filled in: names and disclosures of all authors].")
    silent = study.model_copy(
        update={"people": tuple(each.model_copy(update={"disclosure": ""}) for each in study.people[:1])}
    )
    said = part(build_congress_abstract(silent, results, congress_rule("acr")), "disclosure")
    assert said.startswith("L. Sun: [to be filled in: disclosure of L. Sun].")


# --- length --------------------------------------------------------------------------------------


def count_by_hand(text: str, style: str) -> int:
    """Count what the text file holds, from the first heading to the end of the conclusion."""
    first = {"acr": "Background/Purpose: ", "eular": "Background: "}[style]
    last = {"acr": "Disclosure: ", "eular": "Disclosure of Interests: "}[style]
    told = text.partition(LINE)[0]
    counted = told[told.index(first) : told.index(last)].replace("\n", "")
    return len(counted) if style == "acr" else len(re.sub(r"\s", "", counted))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", EVERY)
def test_the_limit_is_kept_by_the_rule_of_the_congress(kind: str, style: str) -> None:
    written = abstract(kind, style)
    names = sum(len(re.sub(r"\s", "", each.name)) for each in written.study.people) if style == "eular" else 0
    assert written.characters == count_by_hand(render_abstract_text(written), style) + names
    assert written.characters + written.kept_free <= {"acr": 2750, "eular": 3600}[style]
    assert written.over == 0


@pytest.mark.parametrize("kind", EVERY)
def test_what_may_not_be_left_out_stands_however_short_the_limit(kind: str) -> None:
    written = abstract(kind, "acr", 100)
    assert written.over == written.characters + written.kept_free - 100
    topics = {topic for sentence, _ in written.fitted.told for topic in sentence.topics}
    assert {"mark", "design", "entry", "treatment", "missing", "patients", "harms", "limits"} <= topics
    full = abstract(kind, "acr", 100_000)
    for sentence in full.fitted.sentences:
        if {"primary_result", "harms"} & set(sentence.topics):
            assert sentence.name not in written.fitted.left_out
    # No share without its denominator, whatever was left out.
    assert not re.search(r"(?<![\d/(.] )\b\d+\.\d% had", whole(written))
    assert re.findall(r"\d+/\d+", part(written, "results")) or kind in {"wrecked", "nobody_asked"}


def test_the_least_is_given_up_first_and_is_said() -> None:
    lengths = {limit: abstract("observational", "acr", limit) for limit in (20_000, 4000, 3000, 2750, 2300)}
    assert lengths[20_000].fitted.left_out == ()
    assert lengths[20_000].fitted.shortened == ()
    roles = {
        "time from response to relapse": "exploratory",
        "SLEDAI (version not stated by the source)": "secondary",
    }
    for limit in (4000, 3000, 2750):
        out = lengths[limit].fitted.left_out
        assert "SLEDAI (version not stated by the source)" not in out
        if limit < 4000:
            assert "time from response to relapse" in out, roles
    assert lengths[2300].fitted.told
    words = render_abstract_text(lengths[2750])
    assert "For length, left out: " in words
    assert all(name in words for name in lengths[2750].fitted.left_out)


def test_a_title_of_the_wrong_length_is_told() -> None:
    study, results, _ = analysed("sle")
    short = study.model_copy(update={"trial": study.trial.model_copy(update={"title": "Cells"})})
    written = build_congress_abstract(short, results, congress_rule("eular"))
    assert written.title_fault == "The title has 5 characters; allowed are 15 to 300."
    assert written.title_fault in render_abstract_text(written)
    assert not build_congress_abstract(short, results, congress_rule("acr")).title_fault


# --- the style of a journal ------------------------------------------------------------------------


def styled(kind: str, house: str) -> CongressAbstract:
    study, results, _ = analysed(kind)
    own = study.model_copy(update={"report": study.report.model_copy(update={"style": house})})
    return build_congress_abstract(own, results, congress_rule("eular"))


#: Fragments of the lupus demonstration, by hand: 72.5% of 40, limits 56.1 and 85.4, 10.83 ± 4.63 at baseline.
STYLED = (
    (
        "jama",
        "29/40 (73%; 95% CI 56 to 85)",
        "SLEDAI (version not stated by the source): 10.83 (4.63)",
        "P < .001",
    ),
    ("nejm", "29/40 (73%; 95% CI 56 to 85)", "10.83 ± 4.63 at baseline", "P<0.001"),
    ("lancet", "29/40 (73%; 95% CI 56 to 85)", "10·83 (4·63) at baseline", "p<0·0001"),
    ("agency", "29/40 (72.5%; 95% CI 56.1, 85.4)", "(SD 3.93; −3.40, −4.51 to −2.29)", "P<0.0001"),
)


@pytest.mark.parametrize(("house", "share", "mean", "p"), STYLED)
def test_an_abstract_is_in_the_house_style_of_the_study(house: str, share: str, mean: str, p: str) -> None:
    written = styled("sle", house)
    text = render_abstract_text(written)
    assert share in text
    assert mean in text
    assert p in text
    assert house_style(house).name in text
    # The same sentences from the same results, but for what another length leaves room for.
    every = [said for each in written.fitted.sentences for said in each.wordings]
    plain = [said for each in abstract("sle", "eular").fitted.sentences for said in each.wordings]
    assert [result_ids(said) for said in every] == [result_ids(said) for said in plain]
    assert written.characters + written.kept_free <= written.limit


def test_the_letter_of_p_is_that_of_the_house_everywhere_in_an_abstract() -> None:
    text = render_abstract_text(styled("sle", "lancet")).partition(LINE)[0]
    assert "p by paired t test" in text
    assert not re.search(r"\bP\b", text)
    assert "mean ± SD" not in text
    assert "mean (SD; change from baseline" in text


# --- the published figures -----------------------------------------------------------------------

#: Figures of the two published abstracts: a fragment of the file of figures, and of our text.
SLE_FIGURES = (
    ("patients: 40", "40 patients were treated"),
    ("sites: 4", "at 4 centres"),
    ('age_years: ">= 16"', "age 16 years or more"),
    ('sledai: "> 6"', "SLEDAI above 6"),
    ("infusion_days: [0, 7]", "on day 0 and day 7"),
    ("major_clinical_response: {n: 14, of: 40, percent: 35.0}", "14/40 (35.0%) major clinical response"),
    ("partial_clinical_response: {n: 15, of: 40, percent: 37.5}", "15/40 (37.5%) partial clinical response"),
    ("month_9: {n: 3, percent: 7.5}", "3/40 (7.5%) at month 9"),
    ("month_12: {n: 4, percent: 10}", "4/40 (10.0%) at month 12"),
    ("baseline: [10.83, 4.63]", "10.83 ± 4.63 at baseline"),
    ("month_3: [7.43, 3.93]", "7.43 ± 3.93 (−3.40, −4.51 to −2.29) at month 3"),
    ("month_6: [6.30, 3.63]", "6.30 ± 3.63 (−4.53"),
    ("month_9: [6.40, 3.84]", "6.40 ± 3.84 (−4.43"),
    ("month_12: [6.48, 3.52]", "6.48 ± 3.52 (−4.35"),
    ('p_vs_baseline: "< 0.05 at every visit"', "each P < 0.001 unadjusted and by Holm"),
    ("unit_plausible: g", "24-h urine protein (g/24h) in lupus nephritis"),
    ("baseline: [2.24, 1.43]", "2.24 ± 1.43 at baseline"),
    ("month_9: [1.24, 1.09]", "1.24 ± 1.09 (−1.00"),
    ("month_12: [1.41, 1.33]", "1.41 ± 1.33 (−0.83"),
    ('p_vs_baseline: "< 0.05 at 9 and 12 months"', "P < 0.001 and = 0.004 unadjusted"),
    ("safety: well tolerated, no adverse event observed", "0/40 had an adverse event"),
)
SJOGREN_FIGURES = (
    ("patients: 24", "24 patients were treated"),
    ("female: 23", "23 women"),
    ("male: 1", "1 man"),
    ("age_years: {mean: 45, min: 27, max: 68}", "mean age 45 (27 to 68) years"),
    ("dose: 1e6 cells per kg body weight per infusion", "1 × 10⁶ cells per kg body weight each"),
    ("follow_up: 12 months, completed by all patients", "24 were followed to month 12"),
    ("baseline: [5.63, 1.44]", "5.63 ± 1.44 at baseline"),
    ("month_1: [4.33, 1.79]", "4.33 ± 1.79 (−1.29"),
    ("month_3: [4.08, 1.44]", "4.08 ± 1.44 (−1.54"),
    ("month_6: [3.46, 1.18]", "3.46 ± 1.18 (−2.17"),
    ("month_12: [3.08, 1.21]", "3.08 ± 1.21 (−2.54"),
    ('p_vs_baseline: "< 0.05 at every visit"', "n = 24; each P < 0.001 unadjusted and by Holm"),
    ("baseline: [0.63, 0.73]", "0.63 ± 0.73 at baseline"),
    ("week_2: [1.00, 0.78]", "1.00 ± 0.78 (0.37"),
    ("month_1: [1.26, 1.02]", "1.26 ± 1.02 (0.63"),
    ("n: 11", "n = 11; each P < 0.001 unadjusted"),
    (
        "p: {week_2: 0.008, month_1: 0.043, month_3: 0.016, month_6: 0.017, month_12: 0.016}",
        "P = 0.008, 0.043, 0.016, 0.017 and 0.016 unadjusted",
    ),
    ("safety: no adverse event during or after infusion", "0/24 had an adverse event"),
)
#: Figures that are not told, as the published text prints no level of them and ours are assumed.
NOT_TOLD = {
    "sle": (),
    "sjogren": (
        "anti_ssa_ro: falls at 1 month (P < 0.001, n = 5)",
        "anti_ssb_la: falls at 1 month (P < 0.001, n = 5)",
    ),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("name", "figures"), [("sle", SLE_FIGURES), ("sjogren", SJOGREN_FIGURES)])
def test_it_contains_the_published_figures(
    name: str, figures: tuple[tuple[str, str], ...], style: str, reference_data: Path, tmp_path: Path
) -> None:
    published = (reference_data / "published" / f"{name}-2012.yaml").read_text(encoding="utf-8")
    folder = make_study(name, tmp_path / name)
    study = read_study(folder)
    statements = read_statements(study, folder)
    assert statements is not None
    results = analysed(name)[1]
    text = compare_with_published(results.numbers, statements)
    written = build_congress_abstract(study, results, congress_rule(style), text=text)
    said = whole(written)
    for fragment, ours in figures:
        assert fragment in published, fragment
        assert ours in said, ours
    assert written.over == 0
    for fragment in NOT_TOLD[name]:
        assert fragment in published
        # They are named among what was left out, with the reason.
        assert any(each.startswith("anti-SS") for each in written.assumed)


def test_both_published_texts_keep_the_limit_that_is_known(reference_data: Path) -> None:
    """From the heading to the end of the conclusion, with spaces: what the rule of the ACR rests on."""
    rule = congress_rule("acr")
    lengths = []
    for name in ("sle", "sjogren"):
        text = (reference_data / "published" / f"{name}-2012.txt").read_text(encoding="utf-8")
        counted = text[text.index("Background/Purpose:") : text.index("Disclosure:")].replace("\n", "")
        lengths.append(len(counted))
    assert all(rule.limit - 100 < length <= rule.limit for length in lengths), lengths


def test_assumed_results_of_a_rebuilt_study_are_not_told(tmp_path: Path) -> None:
    folder = make_study("sle", tmp_path / "sle")
    study, results, _ = analysed("sle")
    statements = read_statements(study, folder)
    assert statements is not None
    text = compare_with_published(results.numbers, statements)
    written = build_congress_abstract(study, results, congress_rule("eular"), text=text)
    said = whole(written)
    assert "Clinical response at month 12 was assumed and is not told." in said
    assert not [word for word in ("Creatinine", "Albumin", "Antinuclear", "37 women") if word in said]
    assert any(each.startswith("creatinine") for each in written.assumed)
    assert isinstance(results.numbers, pl.DataFrame)
