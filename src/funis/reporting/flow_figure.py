"""The flow of subjects: from those screened to those analysed, losses at the side, arms side by side.

Its counts must add up. Where they do not, the figure says so before anything else: a reader cannot see from
the drawing alone whether subjects were lost or counted twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from funis.documents.flow_chart import MOST_ARMS, FlowArm, FlowBox, FlowChart, FlowStep
from funis.documents.register import reference
from funis.documents.table import Inline
from funis.reporting.baseline_tables import DISPOSITION
from funis.reporting.labels import Labels, humanise, in_sentence, listed
from funis.reporting.number_book import Number, NumberBook, bound
from funis.results import ALL, name_change
from funis.study.courses import name_course
from funis.study.model import Endpoint, Study

#: Steps before anybody is treated; those with equal counts share a box.
_ENTRY = ("screened", "consented", "enrolled", "eligible", "treated")
_MAIN = (*_ENTRY, "completed")
#: Steps of an arm: nobody has an arm before enrolment.
_IN_ARM = ("enrolled", "treated", "completed")
#: What the steps are called where subjects were allocated at random.
_RANDOMISED: dict[str, str] = {"screened": "Assessed for eligibility", "enrolled": "Randomised"}
_ALLOCATED: dict[str, str] = {
    "enrolled": "Allocated",
    "treated": "Received treatment",
    "completed": "Followed to the end",
}
#: What they are called in a cohort: nobody was enrolled to be treated, and entry is what the records hold.
_OBSERVED: dict[str, str] = {
    "screened": "Records searched",
    "consented": "Consent recorded",
    "enrolled": "In the cohort",
    "eligible": "Fits every criterion of the cohort",
    "treated": "Given the cells",
    "completed": "Followed to the last visit",
}
#: Who leaves before a step, and whose count is that step's less theirs.
_LEAVES: dict[str, tuple[str, tuple[str, ...]]] = {
    "treated": ("enrolled", ("not_treated", "treatment_not_recorded")),
    "completed": ("treated", ("withdrew", "lost", "died", "ongoing", "not_recorded")),
}

_Counts = Mapping[str, Number]


def build_flow(study: Study, book: NumberBook) -> tuple[FlowChart, ...]:
    """Specify the flow of subjects from the disposition.

    Parameters
    ----------
    study : for the arms and the first primary endpoint
    book : the numbers of a run; needs rows of the analysis ``disposition``

    Returns
    -------
    tuple of FlowChart : one; none where no disposition was computed
    """
    by_arm = _counts_by_arm(book)
    whole = by_arm.get(ALL, {})
    main = [name for name in _MAIN if name in whole]
    if len(main) < 2:
        return ()
    arms = [arm for arm in study.arms if arm.id in by_arm]
    are_drawn = 2 <= len(arms) <= MOST_ARMS and len(arms) == len(study.arms) and "enrolled" in whole
    trunk = [name for name in main if name in {"screened", "consented", "enrolled", "eligible"}]
    labels = Labels(study)
    is_random = study.randomisation is not None
    if are_drawn and is_random:
        # Who was randomised comes last before the arms; whoever is "eligible" here is as many.
        trunk.sort(key=lambda name: name == "enrolled")
    if are_drawn:
        called = _RANDOMISED if is_random else {}
        steps = (*_not_assessed(study, whole), *_steps([whole], trunk, called=called)[0])
        again = [_infused_again(book, arm.id) for arm in arms]
        found = _steps(
            [by_arm[arm.id] for arm in arms], _IN_ARM, again, called=_ALLOCATED if is_random else {}
        )
        columns = tuple(
            FlowArm(arm.name, (*own, *_analysed(labels, book, arm.id)))
            for arm, own in zip(arms, found, strict=True)
        )
    else:
        again = [_infused_again(book, ALL)]
        is_cohort = study.trial.design == "observational"
        own = _steps([whole], main, again, called=_OBSERVED if is_cohort else {})[0]
        steps, columns = (*own, *_analysed(labels, book, ALL)), ()
    wrong = list(_find_mismatches(study, by_arm if are_drawn else {ALL: whole}))
    notes = (*wrong, *_notes(whole, has_arms=bool(study.arms) and not are_drawn))
    alt = " ".join((_say(steps, columns), *wrong))
    return (FlowChart("figure-flow", "subjects", "Flow of subjects", steps, alt, notes, columns),)


def _counts_by_arm(book: NumberBook) -> dict[str, dict[str, Number]]:
    """Give the counts of the disposition by arm and step, those that are known."""
    found: dict[str, dict[str, Number]] = {}
    for group in book.of("disposition"):
        number = book.find(group, ALL, "count")
        if number is not None and number.value is not None and group.subgroup == ALL and not group.category:
            found.setdefault(group.arm, {})[group.variable] = number
    return found


def _size(number: Number) -> int:
    return int(number.value or 0)


# --- boxes -----------------------------------------------------------------------------------------------


def _infused_again(book: NumberBook, arm: str) -> tuple[FlowBox, ...]:
    """Count who had a later course of treatment, one line a course."""
    own = [each for each in book.of("exposure") if each.variable == "infused" and each.arm == arm]
    visits = dict.fromkeys(visit for group in own[-1:] for visit in book.visits(group))
    later = (name_course(number) for number in range(2, len(visits) + 1))
    found = ((name, book.find(own[-1], name, "count")) for name in later if name in visits)
    named = ((f"Infused again, {in_sentence(humanise(name))}", each) for name, each in found)
    return tuple(_box(title, each) for title, each in named if each is not None)


def _not_assessed(study: Study, whole: _Counts) -> Iterator[FlowStep]:
    """Say of a randomised trial that nobody recorded who was assessed, where that is so."""
    if study.randomisation is not None and "screened" not in whole:
        yield FlowStep(FlowBox(_RANDOMISED["screened"], (Inline("n = NA: screening was not recorded"),)))


def _steps(
    columns: Sequence[_Counts],
    names: Sequence[str],
    again: Sequence[tuple[FlowBox, ...]] = (),
    *,
    called: Mapping[str, str] | None = None,
) -> list[tuple[FlowStep, ...]]:
    """Give the steps of each column in their order, with the later courses of the treated.

    Some steps are `called` by another name.

    Entry steps of equal counts that nobody left between are one, where they are in every column: the rows of
    the columns are the same.
    """
    undated = [
        _is_undated(counts, own) for counts, own in zip(columns, again or [()] * len(columns), strict=True)
    ]
    present = [name for name in names if all(name in each and not _is_aside(each, name) for each in columns)]
    rows: list[list[str]] = []
    for name in present:
        if rows and name in _ENTRY and all(_is_same(each, rows[-1][-1], name) for each in columns):
            rows[-1].append(name)
        else:
            rows.append([name])
    following = [*(row[0] for row in rows[1:]), ""]
    return [
        tuple(
            FlowStep(
                _box(
                    _title(row, called or {}), counts[row[-1]], cannot_tell=is_open and row[-1] == "treated"
                ),
                own if row[-1] == "treated" and not is_open else (),
                left=_left_before(counts, after),
            )
            for row, after in zip(rows, following, strict=True)
        )
        for counts, own, is_open in zip(columns, again or [()] * len(columns), undated, strict=True)
    ]


def _is_undated(counts: _Counts, again: Sequence[FlowBox]) -> bool:
    """Tell whether somebody was infused again, and nobody counts as treated for want of a day."""
    return bool(again) and "treated" in counts and not _size(counts["treated"])


def _title(names: Sequence[str], called: Mapping[str, str]) -> str:
    words = [called.get(name, DISPOSITION[name]) for name in names]
    return ", ".join((words[0], *map(in_sentence, words[1:])))


def _is_same(counts: _Counts, before: str, after: str) -> bool:
    return _size(counts[before]) == _size(counts[after]) and not _left_before(counts, after)


def _is_aside(counts: _Counts, name: str) -> bool:
    """Tell whether a step is none of the flow: not every criterion met, but enrolled all the same."""
    return name == "eligible" and "enrolled" in counts and _size(counts[name]) != _size(counts["enrolled"])


def _left_before(counts: _Counts, name: str) -> tuple[FlowBox, ...]:
    """Give those who left before a step; of nobody there is no line."""
    _, leaving = _LEAVES.get(name, ("", ()))
    return tuple(
        _box(DISPOSITION[each], counts[each]) for each in leaving if each in counts and _size(counts[each])
    )


def _box(title: str, number: Number, *, cannot_tell: bool = False) -> FlowBox:
    if cannot_tell:
        return FlowBox(title, (Inline("cannot tell: no first infusion has a day"),))
    count = bound(number, 0)
    return FlowBox(title, (Inline("n = "), *((count,) if count else ())))


def _analysed(labels: Labels, book: NumberBook, arm: str) -> Iterator[FlowStep]:
    """Give who was analysed for the first primary endpoint, and of whom it cannot be told."""
    primary = next((each for each in labels.study.endpoints if each.role == "primary"), None)
    if primary is None:
        return
    if primary.id in book.withheld:
        # Box 1 withholds the result: a number of those analysed for it would say the opposite.
        yield FlowStep(FlowBox(f"{primary.printed}: withheld for errors in the data", ()))
        return
    title = f"Analysed for {in_sentence(primary.printed)}"
    lines = tuple(_lines_of(book, primary, arm))
    if len(lines) == 1:
        yield FlowStep(FlowBox(title, lines[0].count))
    elif lines:
        yield FlowStep(FlowBox(title, ()), lines)


def _lines_of(book: NumberBook, endpoint: Endpoint, arm: str) -> Iterator[FlowBox]:
    population = endpoint.population or "enrolled"
    for group in book.of("population"):
        if (group.population, group.subgroup, group.arm) == (population, ALL, arm):
            number = book.find(group, ALL, "n")
            if number is not None and number.value is not None:
                yield _box("In the analysis", number)
    for group in book.of("response"):
        is_own = group.measure == group.variable == endpoint.definition and group.endpoint in {
            endpoint.id,
            "",
        }
        if not is_own or (group.population, group.subgroup, group.arm) != (population, ALL, arm):
            continue
        for visit in book.visits(group) if group.category == "cannot tell" else ():
            number = book.find(group, visit, "count")
            if number is not None and number.value:
                yield _box("Cannot tell", number)
    if endpoint.kind == "change" and endpoint.at:
        for group in book.of("change"):
            is_first = group.variable == name_change(endpoint.all_variables[0])
            if is_first and (group.population, group.subgroup, group.arm) == (population, ALL, arm):
                number = book.find(group, endpoint.at[-1], "n")
                if number is not None and number.value is not None:
                    yield _box("With values at baseline and at the last visit", number)
                    return


# --- words -----------------------------------------------------------------------------------------------


def _find_mismatches(study: Study, by_arm: Mapping[str, _Counts]) -> Iterator[str]:
    """Find what does not add up: within each column, and between the arms and the whole."""
    names = {arm.id: f"{arm.name}: " for arm in study.arms}
    for arm, counts in by_arm.items():
        for sentence in _mismatches_of(counts):
            yield f"Counts do not add up. {names.get(arm, '')}{sentence}"
    arms = [counts for arm, counts in by_arm.items() if arm != ALL]
    for name, number in by_arm[ALL].items() if arms else ():
        total = sum(_size(counts[name]) for counts in arms if name in counts)
        if name in DISPOSITION and name not in {"screened", "consented"} and total != _size(number):
            yield (
                f"Counts do not add up. {DISPOSITION[name]}: {_size(number)} in all, {total} in the arms "
                "together."
            )


def _mismatches_of(counts: _Counts) -> Iterator[str]:
    main = [name for name in _MAIN if name in counts and not _is_aside(counts, name)]
    for before, after in pairwise(main):
        base, leaving = _LEAVES.get(after, ("", ()))
        parts = [name for name in leaving if name in counts and _size(counts[name])]
        total = _size(counts[after]) + sum(_size(counts[name]) for name in parts)
        if base in counts and total != _size(counts[base]):
            told = listed(
                [f"{in_sentence(DISPOSITION[name])} {_size(counts[name])}" for name in (after, *parts)]
            )
            yield f"{DISPOSITION[base]} {_size(counts[base])}, but {told}."
        elif not base and _size(counts[after]) > _size(counts[before]):
            yield (
                f"{DISPOSITION[before]} {_size(counts[before])}, but {in_sentence(DISPOSITION[after])} "
                f"{_size(counts[after])}."
            )


def _notes(whole: _Counts, *, has_arms: bool) -> Iterator[str]:
    yield "The same counts, one by one, stand in the table “Disposition”."
    if "eligible" in whole and _is_aside(whole, "eligible"):
        yield f"Not everybody enrolled is known to have met every criterion: {reference('eligibility')}."
    if has_arms:
        yield f"Arms: {reference('populations')}."


def _say(steps: Sequence[FlowStep], arms: Sequence[FlowArm]) -> str:
    """Say the whole chart in words."""
    told = [_say_steps(steps), *(f"{arm.title}: {_say_steps(arm.steps)}" for arm in arms)]
    return f"Flow of subjects: {'; '.join(told)}."


def _say_steps(steps: Sequence[FlowStep]) -> str:
    boxes = (box for step in steps for box in step.boxes)
    return ", ".join(
        " ".join((in_sentence(box.title), *(each.text for each in box.count[-1:]))) for box in boxes
    )
