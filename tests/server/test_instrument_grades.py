"""The grade of an instrument for an event: of the form that looks back on its first day."""

from typing import Any

from tests.server.test_queries import act


def add_form(subject: Any, name: str, data: dict[str, Any], scores: dict[str, Any]) -> Any:
    from funis.capture.models import Form

    version = Form.objects.filter(subject=subject).with_version()[0].version
    number = Form.objects.filter(subject=subject, name=name).count() + 1

    def write() -> Any:
        made = Form(
            subject=subject,
            site=subject.site,
            name=name,
            number=number,
            version=version,
            data=data,
            scores=scores,
        )
        made.save()
        return made

    return act("coordinator", write)


def test_the_first_form_of_that_day_or_later_looks_back_on_the_event(subject: Any) -> None:
    from funis.capture.safety.instrument_grades import grades_for_event

    graded = {"2026-03-02": 1, "2026-03-09": 3, "2026-03-16": 0}
    for day, grade in graded.items():
        add_form(subject, "astct_crs", {"date": day}, {"astct_crs": grade})
    add_form(subject, "astct_icans", {"date": "2026-03-02"}, {"astct_icans": None, "astct_icans_lower": 1})
    add_form(subject, "astct_icans", {"date": "2026-03-09"}, {"astct_icans": 2})

    def found(start: str) -> dict[str, int]:
        event = add_form(subject, "adverse_events", {"start": start} if start else {"term": "Fever"}, {})
        return {column: each.grade for column, each in grades_for_event(event).items()}

    # The form of ICANS that looks back on the first of March has no score: a later one does not speak for it.
    assert found("2026-03-01") == {"crs_grade": 1}
    assert found("2026-03-02") == {"crs_grade": 1}
    assert found("2026-03-03") == {"crs_grade": 3, "icans_grade": 2}
    assert found("2026-03-10") == {"crs_grade": 0}
    assert found("2026-03-17") == {}
    assert found("") == {}
