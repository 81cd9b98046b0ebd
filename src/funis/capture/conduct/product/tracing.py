"""Who gave the cells of a unit, and who was given them: both ways over one picture of all units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from funis.capture.models import Form, LotSource, StudyForm, Subject, Unit
from funis.capture.models.product_moves import BAG


@dataclass(frozen=True, slots=True)
class Lineage:
    """What was made from what, of all units, read at once.

    Attributes
    ----------
    parent : of each unit, by id; a cord has none
    children : of each unit
    donor : id of the donor's row, of each cord
    lot : id of the lot's row, of each bag
    bags : of each lot
    sources : units that each lot was made from
    made_into : lots that were made from each unit
    """

    parent: dict[str, str] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    donor: dict[str, str] = field(default_factory=dict)
    lot: dict[str, str] = field(default_factory=dict)
    bags: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    made_into: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def donors_above(self, unit: str) -> set[str]:
        """Give the donors of a unit: the one its chain of parents ends in, of a bag also those of its lot."""
        starts = [unit, *self.sources.get(self.lot.get(unit, ""), ())]
        return {self.donor[self._cord_of(start)] for start in starts}

    def donors_of_lot(self, lot: str) -> set[str]:
        """Give the donors of everything that a lot was made from."""
        return {self.donor[self._cord_of(source)] for source in self.sources.get(lot, ())}

    def _cord_of(self, unit: str) -> str:
        while unit in self.parent:
            unit = self.parent[unit]
        return unit

    def below(self, starts: Iterable[str]) -> set[str]:
        """Give the units below some: children of children, and every bag of a lot that was made from one."""
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            unit = waiting.pop()
            if unit in found:
                continue
            found.add(unit)
            waiting += self.children.get(unit, ())
            for lot in self.made_into.get(unit, ()):
                waiting += self.bags.get(lot, ())
        return found

    def lots_below(self, units: Iterable[str]) -> set[str]:
        """Give the lots that were made from some units, or whose bags are among them."""
        chosen = set(units)
        return {lot for unit in chosen for lot in self.made_into.get(unit, ())} | {
            self.lot[unit] for unit in chosen if unit in self.lot
        }


def read_lineage() -> Lineage:
    """Read what was made from what, of all units."""
    found = Lineage()
    for key, parent, donor, lot in Unit.objects.values_list("pk", "parent_id", "donor_id", "lot_id"):
        if parent:
            found.parent[key] = parent
            found.children[parent].append(key)
        if donor:
            found.donor[key] = donor
        if lot:
            found.lot[key] = lot
            found.bags[lot].append(key)
    for lot, unit in LotSource.objects.values_list("lot_id", "unit_id"):
        found.sources[lot].append(unit)
        found.made_into[unit].append(lot)
    return found


def donors_of_units(units: Sequence[Unit]) -> list[StudyForm]:
    """Give the donors of some units, by code."""
    lineage = read_lineage()
    keys = {donor for unit in units for donor in lineage.donors_above(unit.pk)}
    return list(StudyForm.objects.filter(pk__in=keys).order_by("code"))


def donors_of_lot(lot: StudyForm) -> list[StudyForm]:
    """Give the donors of a lot, by code: of all that it was made from, and the one that its row names."""
    donors = StudyForm.objects.filter(name="donors").order_by("code")
    return _choose_donors(lot, read_lineage(), list(donors))


def _choose_donors(lot: StudyForm, lineage: Lineage, donors: Sequence[StudyForm]) -> list[StudyForm]:
    keys, named = lineage.donors_of_lot(lot.pk), lot.data.get("donor")
    return [each for each in donors if each.pk in keys or each.code == named]


@dataclass(frozen=True, slots=True)
class GivenCells:
    """That cells of a lot were given to a subject.

    Attributes
    ----------
    donors : codes of the donors, by code; empty where none is known
    lot : code of the lot
    bag : code of the bag; empty where the infusion was entered or loaded without a bag of this server
    subject : who was given them
    infusion : number of the infusion
    """

    donors: tuple[str, ...]
    lot: str
    bag: str
    subject: Subject
    infusion: int


def everything_given() -> list[GivenCells]:
    """Give every infusion with its lot and its donors: by bags, and by rows of infusions that name a lot."""
    lineage = read_lineage()
    lots = list(StudyForm.objects.filter(name="lots"))
    known = list(StudyForm.objects.filter(name="donors").order_by("code"))
    donors = {lot.pk: tuple(each.code for each in _choose_donors(lot, lineage, known)) for lot in lots}
    by_code = {lot.code: lot for lot in lots}
    codes = {each.pk: each.code for each in known}
    found = [
        GivenCells(
            tuple(sorted({*donors[str(bag.lot_id)], *(codes[key] for key in lineage.donors_above(bag.pk))})),
            bag.lot.code if bag.lot else "",
            bag.code,
            bag.subject,
            bag.infusion or 0,
        )
        for bag in Unit.objects.filter(kind=BAG, state="infused").select_related("lot", "subject")
        if bag.subject
    ]
    by_bag = {(each.subject.pk, each.infusion, each.lot) for each in found}
    for row in _rows_of_infusions():
        lot = by_code.get(str(row.data.get("lot") or ""))
        code = lot.code if lot else str(row.data["lot"])
        if (row.subject_id, row.number, code) not in by_bag:
            found.append(GivenCells(donors[lot.pk] if lot else (), code, "", row.subject, row.number))
    return sorted(found, key=lambda each: (each.subject.number, each.infusion, each.lot, each.bag))


def _rows_of_infusions() -> Iterator[Form]:
    rows = Form.objects.filter(name="infusions").select_related("subject")
    return (row for row in rows if row.data.get("lot"))


def subjects_of_donor(donor: StudyForm) -> list[GivenCells]:
    """Look back: everything that was given of a donor's cells."""
    return [each for each in everything_given() if donor.code in each.donors]


def subjects_of_lot(lot: StudyForm) -> list[GivenCells]:
    """Look back: everything that was given of a lot."""
    return [each for each in everything_given() if each.lot == lot.code]


def donors_of_subject(subject: Subject) -> list[GivenCells]:
    """Look forward: everything that a subject was given, with its donors."""
    return [each for each in everything_given() if each.subject.pk == subject.pk]
