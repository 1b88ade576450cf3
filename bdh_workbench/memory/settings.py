"""Settings of writing, reading and answering: frozen dataclasses, from which forms and options are made."""

from __future__ import annotations

from dataclasses import dataclass

from bdh_workbench.described import LARGEST_SEED, check, setting

METHODS = ("auto", "direct", "gradient")
ON_CONFLICT = ("replace", "keep", "refuse", "both")


@dataclass(frozen=True, slots=True)
class WriteSettings:
    """How items are written. Losses are in nats.

    Raises:
        UserError: naming a setting that cannot work.
    """

    method: str = setting(
        "auto",
        "direct: closed form; gradient: Adam on the slow memory; auto: direct, then gradient where needed",
        choices=METHODS,
    )
    steps: int = setting(300, "gradient steps at most", label="Gradient steps", least=1, most=100_000)
    rate: float = setting(0.03, "step size of Adam, in units of the slow memory", label="Step size", above=0)
    margin: float = setting(
        24.0, "log-odds to which the direct write lifts each answer token, in nats",
        label="Margin (nats)", above=0, most=100,
    )  # fmt: skip
    goal: float = setting(
        0.9, "p that every answer token must pass, twice in a row, before gradient steps stop",
        label="Goal for p", above=0, below=1,
    )  # fmt: skip
    contrastive: float = setting(0.5, "weight of the contrast between answers", label="Contrast weight", least=0)
    locality: float = setting(0.5, "weight of the change on unrelated text", label="Locality weight", least=0)
    decay: float = setting(1e-6, "weight of the squared norm of the change", label="Decay weight", least=0)
    norm: float = setting(
        64.0, "bound on the norm of a gradient write's change, per square root of stored positions",
        label="Norm bound", above=0,
    )  # fmt: skip
    framings: int = setting(
        2,
        "number of different sentences put before a fact, so that it is not tied to the start of a text",
        least=0,
        most=3,
    )
    write_paraphrases: bool = setting(
        False, "write the other wordings of facts too; otherwise they serve only for measuring"
    )
    tolerance: float = setting(
        0.02, "squared distance from stored addresses below which an address uses no rank", least=0
    )
    protect: bool = setting(
        True, "project every update off what is already stored", label="Protect the rest", flag="no-protect"
    )
    on_conflict: str = setting(
        "replace",
        "if a stored item is another answer to a given prompt, or a version of a given document: replace it; keep "
        "it and leave out the new one; refuse to write; or both, which keeps both documents, of facts the new one",
        label="Where items conflict",
        choices=ON_CONFLICT,
    )
    workers: int = setting(
        1, "processes that write parts of a long text at the same time; each takes a core and about 0.5 GB",
        label="Worker processes", least=1, most=1024,
    )  # fmt: skip
    keep_words: bool = setting(
        True, "keep prompts, answers and texts in the file; without them documents are harder to find", flag="no-words"
    )
    seed: int = setting(0, "seed for everything random", least=0, most=LARGEST_SEED)

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check(self)


EMPTY_PROMPT = "The prompt is empty: type the beginning of a sentence or a question."


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How the next token is chosen.

    Raises:
        UserError: naming a setting that cannot work.
    """

    temperature: float = setting(0.0, "0: the most probable token", least=0)
    top_k: int = setting(0, "choose among this many tokens; 0: all", label="Top k", least=0, flag="sample-top-k")
    top_p: float = setting(
        1.0, "choose among the fewest tokens whose probabilities sum to this", label="Top p", above=0, most=1
    )
    # About 350 English words: 3 s alone and 6 s with a memory on one core, if nothing stops it.
    max_tokens: int = setting(512, "number of tokens at most", label="Tokens at most", least=1)
    seed: int = setting(0, "seed for the choice", least=0, most=LARGEST_SEED)

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check(self)


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How a memory is read."""

    written: bool = setting(True, "read the memory", flag="no-memory")
    gate: bool = setting(True, "close the read where nothing stored is familiar", flag="no-gate")
    completion: bool = setting(
        True, "read at the best match's address instead of the position's own", flag="no-completion"
    )
