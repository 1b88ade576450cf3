"""One question to a memory: the answer, how sure it is, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from bdh_workbench.asking.answers import Answer, Heard, Reply, Scored
from bdh_workbench.asking.decoding import Question, exact, read_last
from bdh_workbench.asking.decoding import score as score_questions
from bdh_workbench.asking.kinds import AsKind, Kind, kind_of
from bdh_workbench.asking.questions import answer_question, continue_beginning, turn_statement
from bdh_workbench.asking.speech import Speech
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.as_read import as_read, prompt_as_read
from bdh_workbench.inputs.items import composed, same_text
from bdh_workbench.memory.settings import EMPTY_PROMPT, SamplingSettings
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.reading.reader import UNTOUCHED, Reader
from bdh_workbench.reading.sentence_evidence import Place
from bdh_workbench.reading.sources import Sources

# Tokens at most of what the untouched model says in place of a memory: 0.3 s, enough to see how it speaks.
UNTOUCHED_TOKENS = 48


def ask(
    reader: Reader,
    prompt: str,
    sampling: SamplingSettings | None = None,
    *,
    sources: Sources | None = None,
    kind: AsKind = "auto",
    one_sentence: bool = True,
    top: int = 5,
    untouched: bool = False,
    context: Sequence[int] = (),
    last: Place | None = None,
    heard: Callable[[Heard], None] = lambda heard: None,
    checkpoint: Callable[[], None] = lambda: None,
) -> Answer:
    """Ask a question, or let the beginning of a sentence be continued.

    Args:
        reader: the model with or without a memory.
        prompt: the beginning of a sentence, a question, or a sentence with a gap.
        sampling: how tokens are chosen.
        sources: of the reader's memory, where they are known already.
        kind: of prompt; "auto" looks at the prompt.
        one_sentence: whether a continuation stops at the end of its sentence.
        top: how many of the most probable first tokens are given.
        untouched: whether to ask the model without the memory too.
        context: token ids to continue from, none for a fresh context.
        last: where the previous answer came from, for a question that only says "it" or "she".
        heard: called with each token of a continuation as soon as it is known; a question has none before its answer.
        checkpoint: called between readings; what it raises stops the asking.

    Raises:
        UserError: for an empty prompt in a fresh context.
    """
    prompt, sampling = asked(reader, prompt), sampling or SamplingSettings()
    sources = sources if sources is not None else Sources(reader.memory)
    space = " " if context and prompt[:1].isalnum() else ""
    ids = [*context, *reader.model.tokenizer.encode(space + prompt)]
    if not ids:
        raise UserError(EMPTY_PROMPT)
    known = kind_of(prompt) if kind == "auto" else kind
    reads = holds_something(reader.memory) and reader.settings.written

    def speech(of: Reader, hear: Callable[[Heard], None] = lambda heard: None) -> Speech:
        return Speech(
            of, sources, prompt, ids, sampling,
            one_sentence=one_sentence, top=top, untouched=untouched, heard=hear, checkpoint=checkpoint,
        )  # fmt: skip

    def alone(spoken: Speech) -> Speech:
        spoken.most = min(spoken.most, UNTOUCHED_TOKENS)
        return spoken.finish()

    spoken = speech(reader, heard if known == "beginning" else lambda heard: None)
    reply = _reply(reader, sources, prompt, spoken, known, last, checkpoint)
    chosen = reply.chosen
    if chosen is None and not reads:
        spoken.finish()
    elif chosen is None:
        alike = known == "beginning" and spoken.first_source is None
        spoken = alone(spoken if alike else speech(reader.with_settings(UNTOUCHED)))
    completion = spoken.text
    if chosen is not None and not spoken.tokens and chosen.answer is not None:
        completion = f" {chosen.answer}"  # marked in a sentence, and not continued from the prompt
    beside = None
    if untouched:
        beside = completion
        if spoken.sources or chosen is not None or not reader.settings.gate:
            beside = alone(speech(reader.with_settings(UNTOUCHED))).text
    return Answer(
        prompt=prompt,
        kind=known,
        candidates=reply.candidates,
        chosen=chosen,
        completion=completion,
        tokens=tuple(spoken.tokens),
        ended=spoken.ended,
        cut=spoken.cut,
        top=spoken.top if spoken.begun else (),
        untouched_top=spoken.untouched_top if spoken.begun else (),
        familiarity=reply.familiarity,
        abstained=chosen is None and reads,
        sources=tuple(spoken.sources),
        untouched=beside,
        ids=(*ids, *(spoken.ids or reader.model.tokenizer.encode(completion))),
    )


def reply_to(reader: Reader, sources: Sources, prompt: str) -> Reply:
    """What a memory says to a prompt, without the text that continues it or what the untouched model says.

    Raises:
        UserError: for an empty prompt.
    """
    prompt = asked(reader, prompt)
    speech = Speech(reader, sources, prompt, reader.model.tokenizer.encode(prompt), SamplingSettings())
    return _reply(reader, sources, prompt, speech, kind_of(prompt))


def _reply(
    reader: Reader,
    sources: Sources,
    prompt: str,
    speech: Speech,
    kind: Kind,
    last: Place | None = None,
    checkpoint: Callable[[], None] = lambda: None,
) -> Reply:
    if kind == "beginning":
        reply = continue_beginning(prompt, speech)
        return reply if reply.chosen else turn_statement(reader, sources, prompt, reply, checkpoint)
    return answer_question(reader, sources, prompt, speech, last, checkpoint)


def asked(reader: Reader, prompt: str) -> str:
    """A prompt as it is read; a space that was typed after it belongs to the answer's first word.

    The prompt of a stored fact is read on one line, as it was written. In a document line ends count.
    """
    prompt = as_read(composed(prompt)).rstrip(" ")
    one_line = prompt_as_read(prompt)
    if one_line == prompt or not (one_line and reader.says_fact(reader.model.tokenizer.encode(one_line))):
        return prompt
    return one_line


def holds_something(memory: Memory | None) -> bool:
    """Whether there is anything that an answer could come from; if not, nothing is "not in this memory"."""
    return memory is not None and bool(memory.items)


def score_answer(reader: Reader, prompt: str, answer: str, sources: Sources | None = None) -> Scored:
    """How probable an answer is after a prompt."""
    prompt, answer = asked(reader, prompt), same_text(answer)
    tokenizer = reader.model.tokenizer
    question = Question.of(tokenizer, prompt, answer)
    reading = read_last(reader, torch.tensor([question.prompt], device=reader.model.device))
    source = (sources if sources is not None else Sources(reader.memory)).of(int(reading.rows[0, -1]))
    expected = question
    if source is not None and source.kind == "document":  # which continues after it
        expected = Question(question.prompt, question.answer[:-1])
    result = score_questions(reader, [expected])[0]
    texts = [tokenizer.token_text(token) for token in expected.answer]
    return Scored(
        answer,
        result.p,
        result.min_token_p,
        result.tokens[0],
        exact(reader, [question])[0],
        tuple(zip(texts, result.tokens, strict=True)),
    )
