"""People's questions about articles in SQuAD's JSON form, and SQuAD's own measures of an answer."""

from __future__ import annotations

import collections
import json
import os
import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.sentences import sentence_spans

# Written from the description of SQuAD's measures (Rajpurkar et al. 2016) and of MLQA's (Lewis et al. 2020), which
# extends them to other scripts: punctuation is that of Unicode, and where words are not spaced each character is one.
UNSPACED_CHARACTER = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
ARTICLES = re.compile(r"\b(?:a|an|the)\b")
MOST_SQUAD_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PeoplesQuestion:
    """A question that somebody wrote about a paragraph.

    Attributes:
        text: the question.
        answers: that people gave; none where the paragraph has none.
        sentences: of the paragraph that hold one of those answers as whole words, each once. The place that a file
            gives for an answer is often that of its first mention: "four", wherever the paragraph first says it.
        paragraph: that it was written about.
    """

    text: str
    answers: tuple[str, ...]
    sentences: tuple[str, ...]
    paragraph: str

    @property
    def impossible(self) -> bool:
        """Whether the paragraph has no answer."""
        return not self.answers


@dataclass(frozen=True, slots=True)
class Article:
    """A text in paragraphs, and the questions about it."""

    title: str
    text: str
    questions: tuple[PeoplesQuestion, ...]


def read_articles(path: str | os.PathLike[str]) -> list[Article]:
    """Read a file of articles.

    Raises:
        UserError: when it cannot be read, or is not of that form.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MOST_SQUAD_BYTES:
            raise UserError(f"{file} has more than {MOST_SQUAD_BYTES >> 20} MB: give a smaller file of questions.")
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"The questions in {file} cannot be read ({error.strerror}): give another file.") from None
    except (ValueError, RecursionError):
        raise UserError(f"{file} is not JSON in UTF-8: questions must be in SQuAD's format.") from None
    try:
        articles = [_article(entry) for entry in data["data"]]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise UserError(
            f"{file} is not in SQuAD's format ({type(error).__name__}: {error}): it has “data” with articles, each "
            "with “paragraphs”, each with “context” and “qas”."
        ) from None
    articles = [article for article in articles if article.text]
    if not any(article.questions for article in articles):
        raise UserError(f"{file} has no questions: give another file.")
    return articles


def _article(entry: Mapping[str, Any]) -> Article:
    questions = []
    paragraphs = [str(paragraph["context"]).strip() for paragraph in entry["paragraphs"]]
    for text, paragraph in zip(paragraphs, entry["paragraphs"], strict=True):
        moved = len(str(paragraph["context"])) - len(str(paragraph["context"]).lstrip())
        spans = sentence_spans(text)
        for asked in paragraph["qas"]:
            given = [] if asked.get("is_impossible") else asked["answers"]
            answers = dict.fromkeys(str(answer["text"]) for answer in given)
            expected = [re.compile(rf"(?<!\w){re.escape(answer.strip())}(?!\w)") for answer in answers]
            starts = {int(answer["answer_start"]) - moved for answer in given}
            sentences = dict.fromkeys(
                squeezed(text[start:stop])
                for start, stop in spans
                if any(one.search(text, start, stop) for one in expected) or any(start <= x < stop for x in starts)
            )
            questions.append(PeoplesQuestion(str(asked["question"]), tuple(answers), tuple(sentences), text))
    title = squeezed(str(entry.get("title") or "")) or "Untitled"
    return Article(title.replace("_", " "), "\n\n".join(filter(None, paragraphs)), tuple(questions))


def squeezed(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())


def normalised(text: str) -> list[str]:
    """The words that count of an answer: in lower case, without punctuation and articles."""
    kept = "".join(
        letter
        for letter in text.lower()
        if letter not in string.punctuation and not unicodedata.category(letter).startswith("P")
    )
    return UNSPACED_CHARACTER.sub(r" \1 ", ARTICLES.sub(" ", kept)).split()


def exact_match(answer: str, expected: Sequence[str]) -> float:
    """1 where an answer is one of those expected, as far as their words go; no answer is the empty one."""
    given = normalised(answer)
    return float(any(given == normalised(one) for one in expected or ("",)))


def f1(answer: str, expected: Sequence[str]) -> float:
    """The largest harmonic mean of precision and recall of an answer's words over those expected."""
    return max(_f1(normalised(answer), normalised(one)) for one in expected or ("",))


def _f1(given: list[str], expected: list[str]) -> float:
    if not given or not expected:
        return float(given == expected)
    common = (collections.Counter(given) & collections.Counter(expected)).total()
    return 2.0 * common / (len(given) + len(expected))


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """The share of pairs whose positive score is the larger, ties counting half; None where there are no pairs."""
    if not positive or not negative:
        return None
    ordered = sorted([(score, True) for score in positive] + [(score, False) for score in negative])
    ranks, place = 0.0, 0
    while place < len(ordered):
        end = place
        while end < len(ordered) and ordered[end][0] == ordered[place][0]:
            end += 1
        ranks += 0.5 * (place + 1 + end) * sum(is_positive for _, is_positive in ordered[place:end])
        place = end
    count = len(positive)
    return (ranks - 0.5 * count * (count + 1)) / (count * len(negative))
