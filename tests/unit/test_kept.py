"""What is kept for a study belongs to that study alone, and goes with it."""

import gc
import weakref

from funis.study.kept import once_a_study
from funis.study.model import Study, Trial


def trial(name: str) -> Study:
    return Study(trial=Trial(id=name, title=name, condition="sle", design="single_arm"))


def test_each_study_and_each_question_is_asked_once() -> None:
    asked: list[tuple[str, int, bool]] = []

    @once_a_study
    def ask(study: Study, number: int, *, often: bool = False) -> str:
        asked.append((study.trial.id, number, often))
        return f"{study.trial.id}{number}"

    one, other = trial("A"), trial("B")
    assert [ask(one, 1), ask(one, 1), ask(other, 1), ask(one, 2), ask(one, 2, often=True)] == [
        *("A1", "A1", "B1", "A2", "A2")
    ]
    assert ask(one, 2, often=True) == "A2"
    assert asked == [("A", 1, False), ("B", 1, False), ("A", 2, False), ("A", 2, True)]


def test_two_studies_that_are_equal_do_not_share_what_is_kept() -> None:
    made = once_a_study(lambda study: [study.trial.id])
    one, same = trial("A"), trial("A")
    assert one == same
    assert made(one) is made(one)
    assert made(one) is not made(same)


def test_what_is_kept_goes_with_its_study() -> None:
    class Answer:
        pass

    made = once_a_study(lambda _: Answer())
    study = trial("A")
    answer = weakref.ref(made(study))
    assert answer() is not None
    del study
    gc.collect()
    assert answer() is None
