"""Exercises: stubs are to do, solutions right, each known mistake gets its own name."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import tinygen.course
from chapters.tools import book, handout
from tinygen import tensor
from tinygen.course.exercises import Exercise, load

NUMBERS = [source.number for source in book.chapters()]


def loaded(number):
    """The exercises at collection, when the current folder may be any."""
    if not (book.CHAPTERS / "checks" / f"ch{number:02d}.py").exists():
        return ()  # a chapter that is being written: the test below tells
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(book.CHAPTERS)
        return load(number)


EXERCISES = [exercise for number in NUMBERS for exercise in loaded(number)]
every_chapter = pytest.mark.parametrize("number", NUMBERS)
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)


@every_chapter
def test_the_files_of_a_chapter_are_there(number):
    tests = book.ROOT / "tests" / "chapters"
    wanted = [
        book.CHAPTERS / "checks" / f"ch{number:02d}.py",
        book.CHAPTERS / "equations" / f"{number:02d}.toml",
        book.CHAPTERS / "solutions" / "src" / f"{number:02d}.py",
        tests / f"test_equations_{number:02d}.py",
        tests / f"test_labs_{number:02d}.py",
    ]
    assert not [path for path in wanted if not path.exists()]


@every_exercise
def test_nothing_is_to_do(exercise):
    assert exercise.judge(None).status == "to do"
    if exercise.at:
        assert exercise.judge(lambda *args: None).status == "to do"


@every_exercise
def test_truth_is_right(exercise):
    assert exercise.judge(as_answer(exercise, exercise.truth)).status == "right"


def test_a_number_may_come_as_an_array_of_one():
    asked = Exercise("1.E1", truth=0.4, wrong={"twice": 0.8}, hints=["?"])
    for kind in (float, np.float32, np.array, tensor, lambda x: tensor([x])):
        assert asked.judge(kind(0.4)).status == "right"
        assert asked.judge(kind(0.8)) == ("wrong", "twice")
    assert asked.judge(np.array([0.4, 0.4])).status == "wrong"


@every_exercise
def test_every_known_mistake_is_named(exercise):
    assert exercise.wrong, "no known mistake"
    for message, mistake in exercise.wrong.items():
        verdict = exercise.judge(as_answer(exercise, mistake))
        assert verdict == ("wrong", message)


def as_answer(exercise, source):
    """What a reader who thinks so would hand in."""
    return source if exercise.at else exercise.answer(source)


@every_exercise
def test_hints_are_there_and_do_not_stop(exercise, capsys):
    for k in range(1, len(exercise.hints) + 1):
        tinygen.course.hint(exercise.id, k)
    assert capsys.readouterr().out.count(exercise.id) >= len(exercise.hints) >= 1


@every_chapter
def test_exercises_are_those_of_the_chapter(number):
    """Each try cell calls the check of its number, and each check has its cell."""
    source = book.chapter(number)
    called = []
    for cell in source.cells:
        if cell.kind == "code":
            called += re.findall(r'check\(\s*"([^"]+)"', cell.source)
        if re.match(r"try-\d+-\d+", cell.name):
            assert f'check("{number}.E{cell.name.split("-")[2]}"' in cell.source
    assert sorted(called) == sorted(exercise.id for exercise in loaded(number))


@every_chapter
def test_exercises_without_a_check_are_open_ones(number):
    source = book.chapter(number)
    for cell in source.cells:
        if cell.name.startswith("ex-"):
            tried = bool(source.tagged(cell.name.replace("ex-", "try-")))
            assert tried or "◆" in cell.source, cell.name
            assert re.search("[○●◆]", cell.source), (
                "say its kind: ○ check ● derive ◆ open"
            )


@every_chapter
def test_solutions_solve(number, monkeypatch):
    """The notebook of solutions, run as plain Python, gets every exercise right."""
    (source,) = [s for s in book.solutions() if s.number == number]
    exercises = {exercise.id: exercise for exercise in loaded(number)}
    verdicts = {}

    def check(id, answer=None):
        verdicts[id] = exercises[id].judge(answer)

    monkeypatch.setattr(tinygen.course, "check", check)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("TINYGEN_QUICK", "1")
    space = {"__name__": "solutions"}
    for cell in source.cells:
        if cell.kind == "code":
            exec(compile(cell.source, source.path.name, "exec"), space)
    wanted = {id for id in exercises if ".E" in id}
    assert {id for id, v in verdicts.items() if v.status == "right"} >= wanted, verdicts
    for cell in book.chapter(number).cells:
        if cell.name.startswith("ex-"):
            assert source.tagged(cell.name.replace("ex-", "sol-")), cell.name


@every_exercise
def test_variants_have_other_numbers_and_answers_of_their_own(exercise):
    if exercise.draw is None:
        return
    number = int(exercise.id.partition(".")[0])
    place = exercise.id.partition(".E")[2]
    (cell,) = book.chapter(number).tagged(f"ex-{number}-{place}")
    text = " ".join(exercise.text.format(**exercise.given).split())
    assert text in " ".join(cell.source.split())
    for _, given in handout.drawn(number, 7):
        assert set(given)
    given = next(g for e, g in handout.drawn(number, 7) if e.id == exercise.id)
    right = exercise.answer(exercise.truth, given)
    for message, mistake in exercise.wrong.items():
        assert not exercise.alike(right, exercise.answer(mistake, given)), message


@every_chapter
def test_handout_and_key_can_be_made(number):
    made = handout.handout(number, 2026)
    key = handout.key(number, 2026)
    assert len(made.cells) == 1 + 2 * key.count("## Question")
    assert "Answer" not in "".join(cell.source for cell in made.cells)


def test_nothing_but_the_given_exercise_is_found():
    with pytest.raises(tinygen.errors.DataError, match="Fix"):
        tinygen.course.check("1.E99", SimpleNamespace())
