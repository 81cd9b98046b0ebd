"""Every list of the server before 50,000 subjects: the time in which a page is made, on SQLite and on PostgreSQL.

Asked in one process, without the network, each page several times, with a change of a form before each; the median is
told, and the slowest. Aim: 100 ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "scripts")]
from many_subjects import fill_many  # noqa: E402
from postgresql_cluster import find_programs, running_cluster  # noqa: E402

SUBJECTS = 50_000
AIM = 100.0
PAGES = {
    "subjects": ("auditor", "/subjects"),
    "subjects of a site": ("coordinator-01", "/subjects"),
    "screening log": ("auditor", "/screening"),
    "queries": ("auditor", "/queries"),
    "queries of a site": ("coordinator-01", "/queries"),
    "calendar": ("auditor", "/calendar"),
    "calendar by subject": ("auditor", "/calendar/subjects"),
    "scores by subject": ("auditor", "/activity"),
    "overview": ("auditor", "/overview"),
    "overview of a site": ("coordinator-01", "/overview"),
    "serious events": ("auditor", "/safety"),
    "serious events of a site": ("investigator-01", "/safety"),
    "safety board": ("safety_board", "/safety/board"),
    "fallen verification": ("monitor-01", "/verification"),
    "locks": ("data_manager", "/locks"),
    "product": ("cell_laboratory", "/product"),
    "notices": ("investigator-01", "/notices"),
    "trail of a long history": ("auditor", "/subjects/{longest}/trail"),
    "its second page": ("auditor", "/subjects/{longest}/trail?before={before}"),
    "changes since an hour, by API": ("api", "/api/forms?since={hour}"),
    "forms by API": ("api", "/api/forms?limit=100"),
}
"""Each list, with who asks for it and where."""


def time_pages(folder: Path, repeats: int = 5) -> dict[str, list[float]]:
    """Time every page of a server that is prepared; milliseconds of each turn."""
    from funis.capture.configuration import configuration_of
    from funis.capture.serve import configure

    configure(configuration_of(folder))
    from django.db import connection
    from django.test import Client

    from funis.capture.context import Acting, acting
    from funis.capture.models import Account

    found: dict[str, list[float]] = {}
    with acting(Acting("auditor", sites=None)), connection.cursor() as cursor:
        cursor.execute(
            "SELECT chain, count(*) FROM capture_trail WHERE chain LIKE 'subject:%' "
            "GROUP BY chain ORDER BY count(*) DESC LIMIT 1"
        )
        chain, rows = cursor.fetchone()
    told = {"longest": chain.partition(":")[2], "before": rows // 2, "hour": _an_hour_ago()}
    headers = {"Authorization": f"Bearer {_token()}"}
    for name, (login, address) in PAGES.items():
        client = Client(SERVER_NAME="localhost")
        if login != "api":
            account = Account.objects.get(login=login)
            client.force_login(account, backend="funis.capture.people.accounts.AccountBackend")
        times = found.setdefault(name, [])
        for _ in range(repeats + 1):
            _write_to_a_subject()
            started = time.perf_counter()
            answer: Any = client.get(address.format(**told), headers=headers if login == "api" else {})
            times.append(1000 * (time.perf_counter() - started))
            if answer.status_code != 200:
                raise RuntimeError(f"{address} was answered by {answer.status_code}")
        del times[0]
    return found


def _write_to_a_subject() -> None:
    """Change a form, as somebody does between two looks at a list: what is counted is then behind."""
    from funis.capture.context import Acting, acting
    from funis.capture.models import Form

    with acting(Acting("timing", "changed between two looks", sites=None)):
        # Of a subject whom nobody has frozen.
        form = Form.objects.filter(name="sledai_2k", subject__status="consented").order_by("pk")[0]
        form.data = form.data | {"rash": 1 - int(form.data.get("rash", 0))}
        form.save()


def _an_hour_ago() -> str:
    from datetime import timedelta

    from funis.study.today import read_clock

    return (read_clock() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _token() -> str:
    from datetime import timedelta

    from funis.capture.context import Acting, acting
    from funis.capture.people.tokens import issue_token
    from funis.capture.study_in_force import today

    with acting(Acting("administrator", sites=None)):
        return issue_token("timing", "auditor", "", today() + timedelta(days=1))[1]


def measure_all(subjects: int = SUBJECTS) -> dict[str, dict[str, list[float]]]:
    """Fill and time SQLite, and PostgreSQL where the machine has it."""
    found = {"SQLite": _measure(subjects, {})}
    programs = find_programs()
    if programs is not None:
        with running_cluster(programs) as cluster:
            addresses = {
                "DATABASE_URL": cluster.address("funis_app"),
                "DATABASE_OWNER_URL": cluster.address("funis_owner"),
                "FUNIS_BENCH_SUPERUSER": cluster.address(cluster.superuser),
            }
            found["PostgreSQL"] = _measure(subjects, addresses)
    return found


def _measure(subjects: int, addresses: dict[str, str]) -> dict[str, list[float]]:
    """Fill and time in processes of their own: Django knows one database in a process."""
    with tempfile.TemporaryDirectory() as place:
        folder = str(Path(place) / "trial")
        base = [sys.executable, str(Path(__file__).resolve())]
        surroundings = {name: text for name, text in os.environ.items() if not name.startswith("DATABASE_")}
        surroundings |= addresses
        subprocess.run([*base, "fill", folder, str(subjects)], check=True, env=surroundings)
        done = subprocess.run([*base, "time", folder], check=True, env=surroundings, capture_output=True)
        found: dict[str, list[float]] = json.loads(done.stdout)
        return found


def format_table(found: dict[str, dict[str, list[float]]], subjects: int = SUBJECTS) -> str:
    """Give the figures as Markdown."""
    databases = list(found)
    lines = [
        f"{subjects:,} subjects; median of {len(next(iter(found[databases[0]].values())))} and the slowest, in ms; aim: {AIM:.0f}",
        "",
        "| list | " + " | ".join(f"{each} | slowest" for each in databases) + " |",
        "|---|" + "---:|---:|" * len(databases),
    ]
    for name in PAGES:
        figures = [f"{median(found[each][name]):.0f} | {max(found[each][name]):.0f}" for each in databases]
        lines.append(f"| {name} | {' | '.join(figures)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fill", folder, subjects]:
            fill_many(Path(folder), int(subjects), os.environ.get("FUNIS_BENCH_SUPERUSER", ""))
        case ["time", folder]:
            print(json.dumps(time_pages(Path(folder))))
        case _:
            print(format_table(measure_all()))
