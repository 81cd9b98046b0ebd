"""The demonstration: every published figure of both trials is met, and a difference makes it fail."""

from io import StringIO
from pathlib import Path

import polars as pl
import pytest

import funis
from funis.demo import run_demo as demo
from funis.demo.reconstruct import reconstruct
from funis.demo.run_demo import (
    DemoError,
    check_folder,
    demonstrate,
    find_deposit,
    find_differing,
    run_demonstrations,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """Folder, exit code and output of one demonstration without the real cohort."""
    out = tmp_path_factory.mktemp("demo")
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FUNIS_REFERENCE_DATA", raising=False)
        code = int(bool(find_differing(run_demonstrations(out, echo=lines.append))))
    return out, code, "\n".join(lines)


def test_every_published_figure_agrees(made: tuple[Path, int, str]) -> None:
    out, code, text = made
    for name in ("sle", "sjogren"):
        assert f"published text, sentence by sentence: {out / name / 'report' / 'abstract.html'}" in text
        assert (out / name / "report" / "abstract.html").is_file()
    assert "DIFFERS" not in text
    assert code == 0


def test_claims_are_not_counted_among_the_figures(made: tuple[Path, int, str]) -> None:
    for name, count in (("sle", 100), ("sjogren", 68)):
        assert f"{count} of {count} published figures agree." in made[2]
        written = pl.read_csv(made[0] / name / "report" / "published.csv")
        assert written["agrees"].count() == count
        rows = written.rows(named=True)
        assert all(row["reason"] for row in rows)
        assert all(row["results"] for row in rows if row["agrees"] is not None)
        sentences = sorted({row["sentence"] for row in rows})
        assert sentences == list(range(1, len(sentences) + 1))


@pytest.mark.parametrize("name", ["sle", "sjogren"])
def test_each_trial_has_study_data_and_report(made: tuple[Path, int, str], name: str) -> None:
    folder = made[0] / name
    for file in ("study.toml", "README.md", "data/subjects.csv", "report/report.html", "report/results.csv"):
        assert (folder / file).stat().st_size > 0, file
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# Reconstructed data")
    compared = pl.read_csv(folder / "report" / "published.csv")
    assert compared["agrees"].all()
    assert compared.height > 60


@pytest.mark.parametrize("name", ["sle", "sjogren"])
def test_the_reconstructed_data_hold_no_error_and_no_warning(tmp_path: Path, name: str) -> None:
    run = demonstrate(name, reconstruct(name, tmp_path / name, seed=5))
    assert run.findings == {}
    assert run.text is not None
    assert run.text.differing == ()
    # No claim names a number that the report does not have.
    assert [each.id for each in run.text.rows if each.computed == "no such number was computed"] == []


@pytest.mark.parametrize("name", ["sle", "sjogren"])
def test_the_report_says_that_nobody_was_treated(made: tuple[Path, int, str], name: str) -> None:
    page = (made[0] / name / "report" / "report.html").read_text(encoding="utf-8").lower()
    assert "reconstructed" in page
    assert "not patient data" in page


@pytest.mark.parametrize("name", ["sle", "sjogren"])
def test_tables_given_as_frames_give_the_same_numbers(made: tuple[Path, int, str], name: str) -> None:
    folder = made[0] / name
    frames = {
        path.stem: pl.read_csv(
            path, try_parse_dates=True, infer_schema_length=None, schema_overrides={"site": pl.String}
        )
        for path in sorted((folder / "data").glob("*.csv"))
    }
    study = funis.read_study(folder)
    results = funis.analyse(study, funis.tables_from_frames(study, frames))
    written = pl.read_csv(folder / "report" / "results.csv", infer_schema=False)
    given = pl.read_csv(StringIO(results.numbers.write_csv()), infer_schema=False)
    assert given.select(written.columns).equals(written, null_equal=True)
    # A file is named after its table, and its header is line 1.
    read = funis.analyse(study, funis.read_tables(folder, study)).sources
    named = read.with_columns(pl.col("file").str.strip_suffix(".csv"), pl.col("line") - 1)
    assert results.sources.equals(named, null_equal=True)


def test_every_data_file_is_marked(made: tuple[Path, int, str]) -> None:
    for path in sorted(made[0].glob("s*/data/*.csv")):
        rows = path.read_text(encoding="utf-8").splitlines()[1:]
        assert all(row.startswith("RECON-") for row in rows), path.name


def test_without_the_real_cohort_it_says_where_it_is_had(made: tuple[Path, int, str]) -> None:
    assert "series GSE65391" in made[2]
    assert not (made[0] / "gse65391").exists()


def test_a_figure_that_differs_ends_with_1_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FUNIS_REFERENCE_DATA", raising=False)
    monkeypatch.setattr(demo, "COHORTS", ("sjogren",))

    def spoilt(name: str, folder: Path, **_: int) -> Path:
        """One subject's fatigue is turned over, which moves the mean at every such visit."""
        reconstruct(name, folder)
        path = folder / "data" / "ssdai.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        fatigue = lines[0].split(",").index("fatigue")
        cells = lines[1].split(",")
        cells[fatigue] = "1" if cells[fatigue] == "0" else "0"
        path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:], ""]), encoding="utf-8")
        return folder

    monkeypatch.setattr(demo, "reconstruct", spoilt)
    said: list[str] = []
    assert find_differing(run_demonstrations(tmp_path, echo=said.append))
    assert "sjogren ssdai_baseline_mean" in said[-1]


def test_a_folder_of_an_earlier_demonstration_may_be_written_again(tmp_path: Path) -> None:
    assert check_folder(tmp_path / "new") == tmp_path / "new"
    assert check_folder(tmp_path) == tmp_path
    (tmp_path / "old.csv").write_text("subject\n", encoding="utf-8")
    (tmp_path / ".funis-demo").touch()
    assert check_folder(tmp_path) == tmp_path


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(DemoError, match="was not written by a demonstration"):
        check_folder(tmp_path)
    assert (tmp_path / "study.toml").read_text(encoding="utf-8") == "mine"


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="There is no file"):
        find_deposit(tmp_path / "GSE65391_sle_visits.csv")


def test_the_file_is_found_in_the_folder_of_reference_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNIS_REFERENCE_DATA", str(tmp_path))
    assert find_deposit(None) is None
    path = tmp_path / "gse65391" / "GSE65391_sle_visits.csv"
    path.parent.mkdir()
    path.touch()
    assert find_deposit(None) == path
