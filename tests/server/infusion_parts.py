"""A subject who may be given a bag, and a bag that is thawed for him: as tests of infusions make them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.server.product_parts import acts, released_bags
from tests.server.test_eligibility import MET, active, fill

WEIGHT = "48"
"""Of the subject: 48 million cells are planned, as many as 48 of 50 mL of the thawed bag hold viable."""


def eligible(subject: Any) -> None:
    """Let a subject with a consent meet every criterion, and an investigator confirm it."""
    from funis.capture.conduct.eligibility import answer_criteria, confirm_eligibility

    fill(subject, "subjects", {"age": 30})
    active(subject)
    with acts("investigator"):
        answer_criteria(subject, MET, "")
        confirm_eligibility(subject, "investigator")


def thawed_bag(subject: Any, infusion: int = 1, viable: int = 45_000_000) -> Any:
    """Let a bag of 50 million cells in 50 mL go to the subject, thawed now."""
    from funis.capture.conduct.product.bags import Transport, issue, receive, reserve, thaw
    from funis.capture.conduct.product.labels import print_label

    with acts():
        _, (bag,) = released_bags(1)
        reserve(bag, subject, infusion)
        issue(bag)
        receive(bag, Transport(is_unbroken=True))
        thaw(bag, viable, Decimal(50))
        print_label(bag)
    return bag


def label_of(bag: Any) -> str:
    from funis.capture.conduct.product.labels import label_text

    return label_text(bag.labels.order_by("number").last())


def wristband(subject: Any) -> str:
    from funis.capture.conduct.product.labels import encode_label

    return encode_label("subject", subject.number)


def form_of(subject: Any, bag: Any, /, **other: str) -> dict[str, str]:
    """Give the form of the check as the page sends it after two scans."""
    from tests.server.people import PASSWORD

    from funis.capture.study_in_force import today

    return {
        "key": f"check-{bag.code}-{len(other)}",
        "subject": wristband(subject),
        "subject_by": "scanner",
        "bag": label_of(bag),
        "bag_by": "scanner",
        "given_ml": "50",
        "weight_kg": WEIGHT,
        "weighed_on": today().isoformat(),
        "second": "investigator-01",
        "password": PASSWORD,
    } | other
