"""Commands about results of several studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funis.cli.answers import Json, print_answer

StudyTable = Annotated[
    Path,
    typer.Argument(
        help="CSV: study, arm, outcome, time, n, and as far as printed mean, sd, events, median, q1, q3, "
        "minimum, maximum.",
        metavar="TABLE",
    ),
]


def pool(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    table: StudyTable,
    measure: Annotated[
        str,
        typer.Option(
            help="mean, mean_change, mean_difference, standardised_mean_difference, proportion, risk_ratio, "
            "odds_ratio or risk_difference."
        ),
    ],
    outcome: Annotated[str, typer.Option(help="Outcome, as in the table.")] = "",
    time: Annotated[str, typer.Option(help="Time, as in the table.")] = "",
    arm: Annotated[str, typer.Option(help="Arm; of two arms the first.")] = "",
    against: Annotated[str, typer.Option(help="Arm that it is compared with.")] = "",
    before: Annotated[str, typer.Option(help="Of a mean change: time of the values before.")] = "baseline",
    correlation: Annotated[
        float | None,
        typer.Option(help="Of a mean change that is not printed: assumed correlation of both values."),
    ] = None,
    correlations: Annotated[
        list[float] | None,
        typer.Option(help="Others to show the answer with (0.3, 0.5, 0.7, 0.9). May be given again."),
    ] = None,
    kind: Annotated[str, typer.Option(help="value or change, where the table has both.")] = "",
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Study that is not to take part. May be given again.")
    ] = None,
    model: Annotated[str, typer.Option(help="random, fixed or mantel_haenszel.")] = "random",
    estimator: Annotated[
        str, typer.Option(help="Of tau2: reml, ml, paule_mandel or dersimonian_laird.")
    ] = "reml",
    interval: Annotated[
        str, typer.Option(help="hartung_knapp, hartung_knapp_ad_hoc or normal.")
    ] = "hartung_knapp",
    prediction: Annotated[
        str, typer.Option(help="Quantile of the prediction interval: k_minus_2, k_minus_1 or normal.")
    ] = "k_minus_2",
    zero_cells: Annotated[str, typer.Option(help="half_if_zero, half_to_all or none.")] = "half_if_zero",
    scale: Annotated[
        str, typer.Option(help="Of a proportion: binomial_normal, logit or double_arcsine.")
    ] = "binomial_normal",
    undoing: Annotated[
        str,
        typer.Option(help="How a combined double arcsine is turned back: harmonic_mean or pooled_variance."),
    ] = "harmonic_mean",
    medians: Annotated[
        str,
        typer.Option(
            help="A median where a mean is needed: left_out, luo_wan (mean by Luo 2018, standard deviation "
            "by Wan 2014) or wan."
        ),
    ] = "left_out",
    level: Annotated[float, typer.Option(help="Coverage of the intervals.")] = 0.95,
    html: Annotated[Path | None, typer.Option(help="File to write, with the forest plot.")] = None,
    json_: Json = False,
) -> None:
    """Combine the printed results of several studies, and say which took part and why others did not.

    Exit 1 when a study was left out for its figures (no n, no spread, a spread that looks like a standard
    error): what can be combined is printed all the same.
    """
    from funis.audit.pool.choice import PoolChoice
    from funis.audit.pool.pooled import pool_studies
    from funis.audit.pool.records import as_record
    from funis.audit.pool.study_table import read_study_table
    from funis.audit.pool.text import write_text

    choice = PoolChoice(
        measure, outcome, time, arm, against, before, correlation, kind, model, estimator, interval,
        prediction, zero_cells, scale, undoing, level, tuple(leave_out or ()),
        medians, *((tuple(correlations),) if correlations else ()),
    )  # fmt: skip
    found = pool_studies(read_study_table(table), choice, table.name)
    if html is not None:
        from funis.audit.pool.page import build_page
        from funis.documents.html import render_page
        from funis.files import write_whole

        write_whole(html, render_page(build_page(found, table.name)))
    print_answer(write_text(found), as_record(found), as_json=json_)
    raise typer.Exit(int(found.has_faults))
