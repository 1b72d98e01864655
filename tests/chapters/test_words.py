"""One rendering for each term: the Chinese words of the chapters are the glossary's."""

import re

import pytest

from chapters.tools import book

GLOSSARY = book.ROOT / "docs" / "glossary.md"
ROW = re.compile(r"^\| (?P<english>[^|]+) \| (?P<chinese>[^|]+) \|", re.M)
GIVEN = re.compile(r"\([^()]{0,40}?([\u4e00-\u9fff][\u4e00-\u9fff–A-Z ]*)\)")
every_chapter = pytest.mark.parametrize(
    "source", book.chapters(), ids=lambda source: source.path.stem
)


def terms():
    """The rows of the glossary: (English, Chinese)."""
    found = ROW.findall(GLOSSARY.read_text(encoding="utf-8"))
    return [row for row in found if row[0] != "English"]


def test_no_term_and_no_rendering_is_there_twice():
    english, chinese = zip(*terms(), strict=True)
    assert len(set(english)) == len(english) >= 150
    assert len(set(chinese)) == len(chinese)


@every_chapter
def test_renderings_are_those_of_the_glossary(source):
    known = {chinese for _, chinese in terms()}
    text = " ".join(c.source for c in source.cells if c.kind == "markdown")
    unknown = [word for word in GIVEN.findall(text) if word.strip() not in known]
    assert not unknown, f"{unknown}. Fix: the word of docs/glossary.md, or a row there"
