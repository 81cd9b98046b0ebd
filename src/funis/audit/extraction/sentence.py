"""One sentence read: its statistics to records, and what was seen there and not understood."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from funis.audit.extraction.groups import assign_groups, find_groups, find_subgroup, name_before
from funis.audit.extraction.intervals import add_intervals
from funis.audit.extraction.not_figures import IDENTIFIER, NUMBER, NoFigure, find_no_figures
from funis.audit.extraction.outcome_names import find_outcomes, outcome_before
from funis.audit.extraction.phrases import phrase_of_count, phrase_of_value, trim_phrase
from funis.audit.extraction.plain_letters import plain_letters
from funis.audit.extraction.records import RELATIONS, FigureMaker, find_two_groups, labels_of, number_of
from funis.audit.extraction.sentence_parts import bracket_around, coordinated_counts
from funis.audit.extraction.sentence_reading import SentenceReading, TextFacts
from funis.audit.extraction.statistics import Statistic, find_statistics
from funis.audit.extraction.times import BASELINE, assign_times, find_times
from funis.audit.figures import (
    NOT_SAID,
    FigureLabels,
    MeanSpread,
    MedianSpread,
    PrintedCount,
    PrintedGroupSize,
    PrintedLimit,
    PrintedMean,
    PrintedMedian,
    PrintedNumber,
    PrintedP,
)
from funis.audit.reading.source import TextPassage

_DIGITS: Final = re.compile(NUMBER)
_APPROXIMATE: Final = re.compile(
    r"(?:\b(?:about|approximately|approx\.?|nearly|almost|around|roughly|over|more than|less than|fewer than|at least|at most|up to|"
    r"circa|ca\.|some|estimated)\s(?:an?\s|the\s)?|[~≈<>≤≥]\s?)\Z",
    re.IGNORECASE,
)
_MODEL: Final = re.compile(
    r"\b(?:least[ -]squares?|LS[ -]?means?|LSM|adjusted|model\w*|estimated|imputed|multiple imputation|geometric|"
    r"log[ -]?\w*transform\w*|standardi[sz]ed|weighted|time-averaged|AUC|area under)\b",
    re.IGNORECASE,
)
_CHANGE: Final = re.compile(
    r"\b(?:mean |average |median )?(?:changes?|differences?|reductions?|decreases?|increases?|improvements?|falls?|declines?|drops?|gains?)"
    r"\b(?!\s(?:significantly|markedly))[^.;:()0-9]{0,60}?(?:\bwas|\bwere|\bof|\bby|:|=|\(|\bbaseline)?[^.;:0-9]{0,12}\Z"
    r"|\bby\s(?:an?\s)?(?:mean\s|average\s)?(?:of\s)?\Z",
    re.IGNORECASE,
)
_FROM_TO: Final = re.compile(r"\bfrom\s[^.;]{0,40}\Z|\bto\s(?:an?\s)?(?:mean\s)?(?:of\s)?\Z", re.IGNORECASE)
_VERSUS_BASELINE: Final = re.compile(
    r"\b(?:vs\.?|versus|compared (?:with|to)|from|than|relative to|over|and)\s(?:the\s)?(?:baseline|pre-?\s?\w+)|\bbaseline\b",
    re.IGNORECASE,
)

#: Words behind a known outcome that name another one: "a mean age of 59 years and a mean BMI of 28.9".
_OTHER: Final = re.compile(
    r"[0-9)]\s?(?:[a-z/]+[0-9]?\s?)?[,;)]?\s(?:and|while|whereas|but|with)?\s?(?:the|an?|their|its|serum|mean|median|average)\s(?:mean\s|median\s|average\s)?"
    r"(?!(?:MSC|control|placebo|treatment|study|other|second|first|baseline|same|group|value|score)\b)[A-Za-z][\w-]*(?:\s[a-z-]+){0,4}?\s(?:of|was|were|from|score|level|count|[a-z]+ed)\b"
)


#: Letters between a figure and a number of subjects that stands directly behind it.
_BESIDE: Final = 8
#: Figures of a sentence up to which a P value is looked at as one of two groups.
_MOST_COMPARED: Final = 20


class NotUnderstood(NamedTuple):
    """Numbers of a passage that were seen and are not checked.

    Attributes
    ----------
    passage : where they stand
    pieces : start and end of each in the passage
    reason : what they were taken for; empty where that is not known
    """

    passage: TextPassage
    pieces: tuple[tuple[int, int], ...]
    reason: str = ""


def look_at(passage: TextPassage, words: str) -> SentenceReading:
    """Find what stands in a sentence, without turning it to records.

    Parameters
    ----------
    passage : where it stands
    words : as printed

    Examples
    --------
    >>> found = look_at(TextPassage(0, 42), "In 2012, SLEDAI was 6.3 ± 3.6 at 6 months.")
    >>> [each.kind for each in found.statistics], [each.label for each in found.times]
    (['mean'], ['6 months'])
    """
    text = plain_letters(words)
    taken = [False] * len(text)
    every = tuple(find_no_figures(text))
    list(_take(taken, [each for each in every if each.kind == IDENTIFIER]))
    strong = tuple(find_statistics(text, taken=taken))
    times = find_times(text, strong)
    for time in times:
        taken[time.start : time.end] = [True] * (time.end - time.start)
    kept = tuple(_take(taken, every))
    weak = tuple(find_statistics(text, weak=True, taken=taken))
    statistics = tuple(sorted((*strong, *weak), key=lambda each: each.start))
    return SentenceReading(passage, text, statistics, times, find_outcomes(text), kept)


def _take(taken: list[bool], pieces: Iterable[NoFigure]) -> Iterator[NoFigure]:
    for each in pieces:
        if not any(taken[each.start : each.end]) or each.kind == IDENTIFIER:
            taken[each.start : each.end] = [True] * (each.end - each.start)
            yield each


class SentenceRecords:
    """Turns the statistics of one sentence to records."""

    def __init__(self, found: SentenceReading, maker: FigureMaker, facts: TextFacts) -> None:
        self._found, self._maker, self._facts = found, maker, facts
        self._text, self._passage = found.text, found.passage
        self._is_model = bool(_MODEL.search(found.text))
        self._sizes = found.of("size")
        self._size_starts = [each.start for each in self._sizes]

    def add_all(self) -> Iterator[NotUnderstood]:
        """Add every record to the maker; give what was not understood."""
        used: list[Statistic] = []
        used += self._add_sizes()
        used += self._add_means()
        used += self._add_medians()
        used += self._add_counts()
        used += self._add_p_values()
        used += add_intervals(self._found, self._maker, self._facts, is_model=self._is_model)
        known = set(map(id, used))
        unused = [each for each in self._found.statistics if id(each) not in known]
        yield from self._not_understood(unused)

    # --- context of a statistic ---

    def _labels(self, each: Statistic, group: str, time: str, *, is_count: bool = False) -> FigureLabels:
        if is_count:
            held = [one for one in self._found.times if one.held[0] <= each.start and each.end <= one.held[1]]
            end = None
            if held:
                chain = [one for one in self._found.times if one.chain and one.chain == held[0].chain] or held
                end = chain[0].start
            phrase = phrase_of_count(self._text, each, end=end, abbreviations=self._facts.abbreviations)
            return FigureLabels(outcome=phrase, group=group, time=time)
        name = outcome_before(self._found.outcomes, each.start)
        other = _OTHER.search(self._text, name.end, each.start) if name else None
        phrase = ""
        if other:
            name, words = None, self._text[other.start() + 1 : each.start]
            phrase = trim_phrase(words, from_end=True, abbreviations=self._facts.abbreviations)
        elif name is None:
            phrase = phrase_of_value(self._text, each, abbreviations=self._facts.abbreviations)
        before = self._text[max(0, each.start - 200) : each.start]
        is_signed = any(piece.text.startswith(("-", "–")) for piece in each.numbers.values())
        is_change = is_signed or bool(_CHANGE.search(before) and not _FROM_TO.search(before))
        made = labels_of(name, phrase, is_change=is_change, is_model=self._is_model)
        unit = " ".join((each.words.get("unit") or each.words.get("unit_between") or "").split())
        return replace(made, group=group, time=time, unit=unit)

    def _n_of(self, each: Statistic) -> PrintedNumber | None:
        """Give the number of subjects that stands in the same bracket, or in one directly behind."""
        own = bracket_around(self._text, each.start) or bracket_around(self._text, each.end - 1)
        first = bisect_left(self._size_starts, own[0] if own else each.end)
        last = bisect_right(self._size_starts, max(each.end + _BESIDE, own[1] if own else 0))
        for size in self._sizes[first:last]:
            bracket = bracket_around(self._text, size.start)
            if (bracket and bracket == own) or re.fullmatch(
                r"\s?[(\[,;]\s?", self._text[each.end : size.start]
            ):
                return number_of(size.numbers["n"])
        return None

    def _is_approximate(self, each: Statistic) -> bool:
        first = min(piece.start for piece in each.numbers.values())
        return bool(_APPROXIMATE.search(self._text[max(0, first - 24) : first]))

    # --- records of each kind ---

    def _add_sizes(self) -> list[Statistic]:
        used = []
        groups = {one.end: one for one in reversed(find_groups(self._text))}
        others = [one for one in self._found.statistics if one.kind != "size"]
        brackets = {bracket_around(self._text, one.start) for one in others}
        ends = {one.end for one in others}
        for each in self._sizes:
            n = number_of(each.numbers["n"])
            before = self._text[max(0, each.start - 400) : each.start].rstrip(" ([,;")
            stop = len(self._text[: each.start].rstrip(" ([,;"))
            named = next((groups[end] for end in range(stop - 2, stop + 1) if end in groups), None)
            shared = bracket_around(self._text, each.start) in brackets
            if n is None or not n.is_whole:
                continue
            other = name_before(self._text, each.start) if self._facts.compares_groups else ""
            group = named.name if named else "" if shared else find_subgroup(before + " ") or other
            if group:
                place = self._maker.place(self._passage, each.start, each.end)
                about = FigureLabels(group=group)
                self._maker.figures.append(PrintedGroupSize(self._maker.next_id("size"), about, place, n))
                used.append(each)
            elif shared or any(end in ends for end in range(each.start - 4, each.start + 1)):
                used.append(each)
        return used

    def _add_means(self) -> list[Statistic]:
        means = tuple(each for each in self._found.of("mean") if not self._is_approximate(each))
        times = assign_times(self._text, means, self._found.times)
        groups = assign_groups(self._text, means, is_compared=self._facts.compares_groups)
        used = []
        for place, each in enumerate(means):
            mean, spread = number_of(each.numbers["mean"]), number_of(each.numbers.get("spread"))
            if mean is None:
                continue
            about = self._labels(each, groups[place], times.get(place, ""))
            record = PrintedMean(
                self._maker.next_id("mean"),
                about,
                self._maker.place(self._passage, each.start, each.end),
                mean,
                spread,
                self._spread_of(each),
                self._n_of(each),
            )
            self._maker.figures.append(record)
            used.append(each)
        return used

    def _spread_of(self, each: Statistic) -> MeanSpread:
        word = each.words.get("spread_word", "").casefold().replace(".", "")
        if word.startswith(("se", "standard e")):
            return "se"
        if word.startswith(("sd", "standard d")):
            return "sd"
        return self._facts.spread

    def _add_medians(self) -> list[Statistic]:
        medians = tuple(each for each in self._found.of("median") if not self._is_approximate(each))
        times = assign_times(self._text, medians, self._found.times)
        groups = assign_groups(self._text, medians, is_compared=self._facts.compares_groups)
        used = []
        for place, each in enumerate(medians):
            median = number_of(each.numbers["median"])
            low, high = number_of(each.numbers.get("low")), number_of(each.numbers.get("high"))
            if median is None:
                continue
            used.append(each)
            about = self._labels(each, groups[place], times.get(place, ""))
            where = self._maker.place(self._passage, each.start, each.end)
            spread = _median_spread(each) if low and high else "not said"
            made = PrintedMedian(
                self._maker.next_id("median"), about, where, median, low, high, spread, self._n_of(each)
            )
            self._maker.figures.append(made)
        for each in self._found.of("range"):
            used += self._add_range(each)
        return used

    def _add_range(self, each: Statistic) -> list[Statistic]:
        """Add the lowest and the highest value that a sentence says were observed."""
        low, high = number_of(each.numbers.get("low")), number_of(each.numbers.get("high"))
        word = each.words.get("range_word", "").casefold()
        name = outcome_before(self._found.outcomes, each.start + 4)
        is_rule = re.search(
            r"\b(?:eligib|inclusion|criteri|included|including|aged\s)", self._text[: each.end], re.IGNORECASE
        )
        if (
            low is None
            or high is None
            or name is None
            or not (word.startswith("rang") or "aged" in each.words)
            or is_rule
        ):
            return []
        about = replace(self._labels(each, find_subgroup(self._text), ""), unit=each.words.get("unit", ""))
        if self._facts.compares_groups and not about.group:
            about = replace(about, group=NOT_SAID)
        for number, relation in ((low, RELATIONS[">="]), (high, RELATIONS["<="])):
            where = self._maker.place(self._passage, each.start, each.end)
            made = PrintedLimit(self._maker.next_id("limit"), about, where, number, relation, "observed")
            self._maker.figures.append(made)
        return [each]

    def _add_counts(self) -> list[Statistic]:
        counts = tuple(each for each in self._found.of("count") if not self._is_approximate(each))
        times = assign_times(self._text, counts, self._found.times)
        groups = assign_groups(self._text, counts, is_compared=self._facts.compares_groups)
        lists = coordinated_counts(self._text)
        lone = [each for each in counts if "count" not in each.numbers]
        words = dict(zip(map(id, lone), lists, strict=True)) if len(lists) == len(lone) else {}
        used, last = [], ""
        for place, each in enumerate(counts):
            count = number_of(each.numbers.get("count") or words.get(id(each)))
            total, percent = number_of(each.numbers.get("of")), number_of(each.numbers.get("percent"))
            if any(one is not None and not one.is_whole for one in (count, total)) or (
                count is None and total is None
            ):
                continue
            subjects = (each.words.get("subjects") or "").casefold()
            about = self._labels(each, groups[place], times.get(place, ""), is_count=True)
            # "75% in one group and 5 of 6 (83%) in the other": the second is of the same as the first.
            between = self._text[counts[place - 1].end : each.start] if place else ""
            about = replace(about, outcome=about.outcome or ("" if ";" in between else last))
            last = about.outcome
            record = PrintedCount(
                self._maker.next_id("count"),
                about,
                self._maker.place(self._passage, each.start, each.end),
                count,
                total,
                percent,
                subjects if total and subjects.startswith("respond") else "",
            )
            self._maker.figures.append(record)
            used.append(each)
        return used

    def _add_p_values(self) -> list[Statistic]:
        values = self._found.of("p")
        times = assign_times(self._text, values, self._found.times)
        means = [one for one in self._maker.figures if isinstance(one, PrintedMean) and self._holds(one)]
        compared = [
            one
            for one in self._maker.figures
            if isinstance(one, PrintedMean | PrintedCount) and self._holds(one)
        ]
        used = []
        for place, each in enumerate(values):
            p = number_of(each.numbers.get("p"))
            if p is None or not 0 <= p.value <= 1:
                continue
            used.append(each)
            where = self._maker.place(self._passage, each.start, each.end)
            relation = RELATIONS[each.words.get("relation", "=")]
            is_all = "each" in each.words or "each_after" in each.words
            pair = None if is_all or self._is_model else self._two_groups(each, compared)
            if pair is not None:
                made = PrintedP(
                    self._maker.next_id("p"), replace(pair[0].about, unit=""), where, p, relation,
                    against_group=pair[1].about.group, is_two_sided="one-sided" not in self._text,
                )  # fmt: skip
                self._maker.figures.append(made)
                continue
            for about in self._p_labels(each, times.get(place, ""), means, is_all=is_all):
                against = self._against(about)
                made = PrintedP(
                    self._maker.next_id("p"), about, where, p, relation,
                    against_time=against, n=self._n_of(each), is_two_sided="one-sided" not in self._text,
                )  # fmt: skip
                self._maker.figures.append(made)
        return used

    def _two_groups(
        self, each: Statistic, held: Sequence[PrintedMean | PrintedCount]
    ) -> tuple[PrintedMean | PrintedCount, ...] | None:
        """Give the two figures before a P value that are of two named groups, one of each, and of one time.

        Where a group has two figures the P value may be of their change; where baseline is named, it may be of
        one group: then it is not known of what it is.
        """
        # A sentence of very many figures is no plain comparison of two.
        if not 1 < len(held) <= _MOST_COMPARED or _VERSUS_BASELINE.search(self._text):
            return None
        before = [one for one in held if (one.place.end or 0) <= self._passage.start + each.start]
        if not before:
            return None
        last = max(before, key=lambda one: one.place.start or 0)
        alike = [one for one in before if type(one) is type(last) and one.about.outcome == last.about.outcome]
        return find_two_groups(alike)

    def _holds(self, figure: PrintedMean | PrintedCount) -> bool:
        start = figure.place.start
        return start is not None and self._passage.start <= start < self._passage.end

    def _p_labels(
        self, each: Statistic, time: str, means: Sequence[PrintedMean], *, is_all: bool
    ) -> list[FigureLabels]:
        """Give what a P value is about: every later mean of the sentence for *all P*, else the one beside it."""
        later = [one for one in means if one.about.time not in {"", BASELINE}]
        if is_all and later:
            return [replace(one.about, unit="") for one in later]
        # A change since baseline is what is tested: a P value is never of baseline alone.
        time = "" if time == BASELINE else time
        about = self._labels(each, "", time)
        groups = {one.about.group for one in means}
        group = (
            groups.pop()
            if len(groups) == 1
            else NOT_SAID
            if self._facts.compares_groups
            else find_subgroup(self._text)
        )
        if not time:
            start = self._passage.start + each.start
            own = bracket_around(self._text, each.start)
            before = [one for one in later if (one.place.start or 0) < start]
            shared = [
                one for one in before if own and own[0] - 4 <= (one.place.start or 0) - self._passage.start
            ]
            if shared:
                return [replace(shared[0].about, unit="")]
            labels = {one.about.time for one in before}
            time = labels.pop() if len(labels) == 1 else ""
        return [replace(about, group=group, time=time, unit="")]

    def _against(self, about: FigureLabels) -> str:
        is_baseline = _VERSUS_BASELINE.search(self._text) or any(
            one.label == BASELINE for one in self._found.times
        )
        return (
            BASELINE
            if is_baseline and about.time and about.group != NOT_SAID and not find_groups(self._text)
            else ""
        )

    # --- the rest ---

    def _not_understood(self, unused: Sequence[Statistic]) -> Iterator[NotUnderstood]:
        """Give the numbers that no record, time or name has."""
        held = [False] * len(self._text)
        spans = [(one.start, one.end) for one in self._found.statistics]
        spans += [(one.start, one.end) for one in self._found.no_figures]
        spans += [(one.start, one.end) for one in self._found.times]
        for start, end in spans:
            held[start:end] = [True] * (end - start)
        by_reason: dict[str, list[tuple[int, int]]] = {}
        for each in unused:
            if each.numbers:
                by_reason.setdefault(_reason(each), []).append((each.start, each.end))
        for match in _DIGITS.finditer(self._text):
            if not any(held[match.start() : match.end()]):
                by_reason.setdefault("", []).append(match.span())
        for reason, pieces in by_reason.items():
            yield NotUnderstood(self._passage, tuple(sorted(pieces)), reason)


def _reason(each: Statistic) -> str:
    words = {
        "interval": "estimate" if "estimate" in each.numbers else "interval", "range": "range", "size": "size", "p": "p", "mean": "mean", "median": "median",
        "count": "percentage" if "count" not in each.numbers else "count",
    }  # fmt: skip
    return words[each.kind]


def _median_spread(each: Statistic) -> MedianSpread:
    word = (each.words.get("range_after") or each.words.get("range_word") or "").casefold()
    if word.startswith(("rang", "min")):
        return "range"
    return "iqr" if word else "not said"
