"""Answering a question: which stored sentence answers it, and with which of its words.

A question that was itself written as a fact's prompt is answered as that prompt is. Any other goes to the reader of the
model (``reading/questions.py``), and with a model that has none, to what follows the place that matches best.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bdh_workbench.asking.answers import Candidate, Reply
from bdh_workbench.asking.speech import Speech, unit
from bdh_workbench.inputs.sentences import sentence_stop
from bdh_workbench.reading.questions import Found, QuestionReader
from bdh_workbench.reading.reader import Reader
from bdh_workbench.reading.sentence_evidence import Place
from bdh_workbench.reading.sources import Source, Sources

SAYS_SOMETHING = re.compile(r"[^\W_]")


def answer_question(
    reader: Reader,
    sources: Sources,
    prompt: str,
    speech: Speech,
    last: Place | None = None,
    checkpoint: Callable[[], None] = lambda: None,
) -> Reply:
    """What a memory says to a question.

    Args:
        reader: the model with its memory.
        sources: of that memory.
        prompt: the question, or a sentence with a gap.
        speech: what the model says after the question, generated only if it is needed.
        last: where the answer before came from, for a question that only says "it" or "she".
        checkpoint: called now and then; what it raises stops the reading.
    """
    questions = _questions(reader)
    if questions is None or reader.says_fact(speech.prompt_ids):
        return continue_beginning(prompt, speech)
    findings = questions.ask(prompt, last, checkpoint)
    candidates = tuple(_candidate(found, sources) for found in findings.found)
    return Reply(candidates, candidates[0] if findings.answered else None, findings.p)


def turn_statement(
    reader: Reader, sources: Sources, prompt: str, reply: Reply, checkpoint: Callable[[], None] = lambda: None
) -> Reply:
    """What a memory says to a statement that begins at its other end: "The city whose patron saint is Odwin is".

    It contains the answer of a stored fact, and asks for the fact's subject.

    Args:
        reader: the model with its memory.
        sources: of that memory.
        prompt: the beginning of the statement, which nothing stored continues.
        reply: what is said if it is not such a statement.
        checkpoint: called now and then; what it raises stops the reading.
    """
    questions = _questions(reader)
    if questions is None or not questions.says_an_answer(prompt):
        return reply
    findings = questions.ask(prompt, checkpoint=checkpoint)
    if not (findings.answered and findings.found[0].turned):
        return reply
    candidates = tuple(_candidate(found, sources) for found in findings.found)
    return Reply(candidates, candidates[0], findings.p)


def _questions(reader: Reader) -> QuestionReader | None:
    """What answers questions in a reader's memory, if it may be asked and the model has a reader of sentences."""
    questions = reader.questions if reader.settings.completion and reader.settings.written else None
    return questions if questions is not None and questions.ready else None


def continue_beginning(prompt: str, speech: Speech) -> Reply:
    """What a memory says after the beginning of a sentence.

    Args:
        prompt: the beginning.
        speech: what the model says after it; it is generated if the memory is read.
    """
    source = speech.first_source
    familiarity = unit(speech.first.familiarity)
    if source is None:
        return Reply((), None, familiarity)
    speech.finish()
    chosen = cite(prompt, speech.text, source, familiarity, speech.p)
    return Reply((chosen,), chosen, familiarity)


def _candidate(found: Found, sources: Sources) -> Candidate:
    source = sources.of(found.row)
    assert source is not None
    why = tuple((name, contribution) for name, _, contribution in found.why)
    answer = found.answer if found.span_p > 0.0 else None
    answer_p = found.p * found.span_p if answer is not None else None
    span = found.span if answer is not None else None
    return Candidate(found.text, source, found.p, answer, answer_p, span, found.kept, why)


def cite(prompt: str, completion: str, source: Source, p: float, answer_p: float) -> Candidate:
    """The stored sentence that a completion comes from, with the answer marked in it.

    The citation contains the answer. If the stored text does not, the sentence is what was said, and the stored text is
    given as well.

    Args:
        prompt: that was completed.
        completion: as it was said.
        source: that its first token was read from.
        p: probability that the sentence answers.
        answer_p: probability of the completion.
    """
    said = " ".join(completion.split())
    answer = said if SAYS_SOMETHING.search(said) else None
    known = None if answer is None else answer_p
    space = " " if completion[:1].isspace() else ""
    recited = " ".join(f"{prompt}{space}{completion.strip()}".split())
    if source.text is None:
        return Candidate(recited, source, p, answer, known, _span(recited, prompt, said))
    kept = " ".join(source.text.split())
    if answer is None:
        return Candidate(kept, source, p, None, None)
    first = said[: sentence_stop(said)]
    for text in (said, first):
        span = _span(kept, prompt, text) if SAYS_SOMETHING.search(text) else None
        if span is not None:
            return Candidate(kept, source, p, answer, known, span)
    return Candidate(recited, source, p, answer, known, _span(recited, prompt, said), kept)


def _span(sentence: str, prompt: str, answer: str) -> tuple[int, int] | None:
    """Where an answer stands in a sentence: after the end of the prompt if it stands there too, and as whole words."""
    if not answer:
        return None
    before = prompt.split()[-1:] or [""]
    pattern = re.escape(answer)
    for expression in (rf"{re.escape(before[0])}\s*({pattern})(?!\w)", rf"(?<!\w)({pattern})(?!\w)", f"({pattern})"):
        matches = list(re.finditer(expression, sentence))
        if matches:
            return matches[-1].span(1)
    return None
