"""Break cells of a served trial at random, and say whether its automatic queries are the findings of the checks.

Run in a process of its own, as one process knows one server: ``python break_data.py FOLDER SEED ROUNDS OUT``. The
last state is exported to OUT, so that ``funis check`` can be asked, too.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

from funis.capture.configuration import Configuration
from funis.capture.serve import configure, export_data

VALUES = ("", -1, 7, 99999, "x", "2999-01-01", "1999-01-01", "2026-02-30", 0, 1, "ND")


def break_rows(rows: list[Any], chance: random.Random, count: int) -> list[tuple[Any, dict[str, Any]]]:
    """Break some items of some rows; give each with the document that it had."""
    from funis.capture.context import Acting, acting

    before = []
    for row in chance.sample(rows, count):
        before.append((row, dict(row.data)))
        data = dict(row.data)
        name = chance.choice(sorted(data))
        others = [each.data[name] for each in rows if name in each.data]
        value = chance.choice([*VALUES, chance.choice(others)])
        data[name] = value
        row.data = {key: each for key, each in data.items() if each != ""}
        with acting(Acting("breaker", "broken for a test", sites=None)):
            row.save()
    return before


def put_back(before: list[tuple[Any, dict[str, Any]]]) -> None:
    from funis.capture.context import Acting, acting

    for row, data in reversed(before):
        row.data = data
        with acting(Acting("breaker", "put back", sites=None)):
            row.save()


def compare(round_: str) -> dict[str, Any]:
    """Check what was changed, then everything; compare both with the findings on the tables of the export."""
    from tests.server.test_queries import found_in_export, standing

    from funis.capture.context import Acting, acting
    from funis.capture.monitoring.automatic import (
        ACROSS_SUBJECTS,
        check_everything,
        check_subjects,
        find_waiting,
    )

    with acting(Acting("funis", "check", sites=None)):
        check_subjects(find_waiting(None, 1000)[0])
    wanted = found_in_export()
    alone = {each for each in standing() if each[4] and each[0] not in ACROSS_SUBJECTS}
    of_subjects = {each for each in wanted if each[4] and each[0] not in ACROSS_SUBJECTS}
    with acting(Acting("funis", "check", sites=None)):
        check_everything()
    return {
        "round": round_,
        "findings": len(wanted),
        "codes": sorted({each[0] for each in wanted}),
        "alone": sorted(alone ^ of_subjects),
        "everything": sorted(standing() ^ wanted),
    }


def main(folder: Path, seed: int, rounds: int, out: Path) -> None:
    configure(Configuration(folder))
    from funis.capture.models import Form, Query, StudyForm, SubjectVisit

    chance = random.Random(seed)  # noqa: S311 - for a test
    told = []
    for number in range(rounds):
        rows: list[Any] = [
            *Form.objects.select_related("version").exclude(name="labs"),
            *SubjectVisit.objects.all(),
            *(list(Form.objects.filter(name="labs"))[:400]),
            *StudyForm.objects.all(),
        ]
        before = break_rows([row for row in rows if row.data], chance, 40)
        told.append(compare(f"broken {number}"))
        put_back(before if number % 2 else before[:20])
        told.append(compare(f"put back {number}"))
    states = list(Query.objects.values_list("state", "fault_stands"))
    export_data(Configuration(folder), out)
    from tests.server.test_queries import standing

    answer = {"rounds": told, "states": states, "standing": sorted(standing())}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
