"""What the study file does not say and an abstract needs: places that the authors fill in, never made up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from funis.reporting.congress.sentence import to_fill
from funis.study.model import Study

#: Where the study file names nobody.
NOBODY_NAMED: Final = "names and disclosures of all authors"


class Gap(NamedTuple):
    """One place to be filled in.

    Attributes
    ----------
    what : what is to be written there
    room : characters that are kept free for it
    """

    what: str
    room: int

    @property
    def text(self) -> str:
        """Give the place as it stands in the text."""
        return to_fill(self.what)

    @property
    def kept_free(self) -> int:
        """Give the characters kept free beyond the place itself."""
        return max(0, self.room - len(self.text))


BACKGROUND: Final = Gap("what was known, and why the study was done", 250)
INTERPRETATION: Final = Gap("what the authors conclude beyond this", 100)
ETHICS: Final = Gap("approval by an ethics committee", 40)
REGISTRATION: Final = Gap("register and number", 25)
FUNDING: Final = Gap("who paid for the study", 0)


def gap_of_disclosure(name: str) -> Gap:
    """Give the place for what one person disclosed."""
    return Gap(f"disclosure of {name}", 0)


def registration_words(study: Study) -> str:
    """Say how the study is registered, or that it is to be filled in."""
    return f"Registration: {study.trial.registration or REGISTRATION.text}."


def ethics_words(study: Study) -> str:
    """Say who approved the study, or that it is to be filled in."""
    return f"Ethics: {study.trial.ethics or ETHICS.text}."


def funding_words(study: Study) -> str:
    """Say who paid, or that it is to be filled in."""
    return f"Funding: {study.trial.funding or FUNDING.text}."


def disclosure_words(study: Study) -> str:
    """Say what each person disclosed; of whom nothing is stated, that it is to be filled in.

    Examples
    --------
    >>> from funis.study.model import Study
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> people = ({"name": "A. Example", "disclosure": "none"}, {"name": "B. Example"})
    >>> disclosure_words(Study.model_validate({"study": trial, "people": people}))
    'A. Example: none. B. Example: [to be filled in: disclosure of B. Example].'
    """
    if not study.people:
        return f"{to_fill(NOBODY_NAMED)}."
    by_words: dict[str, list[str]] = {}
    for person in study.people:
        said = person.disclosure or gap_of_disclosure(person.name).text
        by_words.setdefault(said.rstrip("."), []).append(person.name)
    return " ".join(f"{', '.join(names)}: {said}." for said, names in by_words.items())


def find_gaps(study: Study) -> tuple[Gap, ...]:
    """Give every place that stands to be filled in, in reading order.

    Parameters
    ----------
    study : the study file
    """
    return tuple(_gaps(study))


def _gaps(study: Study) -> Iterator[Gap]:
    yield BACKGROUND
    if not study.trial.registration:
        yield REGISTRATION
    if not study.trial.ethics:
        yield ETHICS
    yield INTERPRETATION
    if not study.people:
        yield Gap(NOBODY_NAMED, 0)
    yield from (gap_of_disclosure(each.name) for each in study.people if not each.disclosure)
    if not study.trial.funding:
        yield FUNDING
