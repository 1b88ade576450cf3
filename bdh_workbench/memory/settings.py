"""Settings of writing, reading and answering: frozen dataclasses, from which forms and options are made."""

from __future__ import annotations

from dataclasses import dataclass

from bdh_workbench.errors import UserError

METHODS = ("auto", "direct", "gradient")
ON_CONFLICT = ("replace", "keep", "refuse", "both")


@dataclass(frozen=True, slots=True)
class WriteSettings:
    """How items are written. Losses are in nats."""

    method: str = "auto"  # direct: closed form; gradient: Adam on the slot; auto: direct, then gradient where needed
    steps: int = 300  # gradient steps at most
    rate: float = 0.03  # of Adam, in units of the slot
    margin: float = 24.0  # log-odds to which the direct write lifts each answer token
    goal: float = 0.9  # every answer token's p must pass this, twice running, before gradient steps stop
    contrastive: float = 0.5  # weight of the contrast between answers
    locality: float = 0.5  # weight of the change on unrelated text
    decay: float = 1e-6  # weight of the squared norm of the change
    norm: float = 64.0  # bound on the norm of a gradient write's change, per square root of stored positions
    framings: int = 2  # sentences put before a fact, each in turn, so that it is not bound to the start of a text
    write_paraphrases: bool = False  # write the other wordings of facts too; else they only serve for measuring
    tolerance: float = 0.02  # squared distance from what is held under which an address spends no rank
    protect: bool = True  # project every update off what is held
    on_conflict: str = "replace"  # replace, keep or refuse: stored items that differ; both: side by side, for documents
    workers: int = 1  # processes that write banks of a long text at once; each takes a core and about 0.5 GB
    keep_words: bool = True  # keep prompts, answers and texts in the file; documents are found less well without them
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            UserError: naming the setting.
        """
        for name, known in (("method", METHODS), ("on_conflict", ON_CONFLICT)):
            if getattr(self, name) not in known:
                raise UserError(f"The setting {name} must be one of {', '.join(known)}, not {getattr(self, name)!r}.")
        if not 1 <= self.steps <= 100_000:
            raise UserError(f"The number of steps must be from 1 to 100,000, not {self.steps}.")
        if not 0.0 < self.goal < 1.0:
            raise UserError(f"The goal must be a probability between 0 and 1, not {self.goal:g}.")
        if not 0.0 < self.margin <= 100.0:
            raise UserError(f"The margin must be above 0 and at most 100 nats, not {self.margin:g}.")
        if not 0 <= self.framings <= 3:
            raise UserError(f"There are 0 to 3 framings, not {self.framings}.")
        if not 1 <= self.workers <= 1024:
            raise UserError(f"There are 1 to 1,024 worker processes, not {self.workers}.")
        if not 0 <= self.seed < 2**63:
            raise UserError("The seed must be a whole number from 0 to 2^63 - 1.")
        for name in ("rate", "norm"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise UserError(f"The setting {name} must be a number above 0, not {getattr(self, name):g}.")
        for name in ("contrastive", "locality", "decay", "tolerance"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise UserError(f"The setting {name} must be a number of at least 0, not {getattr(self, name):g}.")


EMPTY_PROMPT = "The prompt is empty: type the beginning of a sentence or a question."


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How the next token is chosen."""

    temperature: float = 0.0  # 0: always the most probable
    top_k: int = 0  # choose among so many; 0: all
    top_p: float = 1.0  # choose among the fewest that hold so much probability together
    max_tokens: int = (
        512  # about 350 English words; 3 s alone and 6 s with a memory on one core, where nothing stops it
    )
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            UserError: naming the setting.
        """
        if not 0.0 <= self.temperature < float("inf"):
            raise UserError(f"The temperature must be at least 0, not {self.temperature:g}.")
        if self.top_k < 0 or self.max_tokens < 1:
            raise UserError("top_k must be at least 0 and max_tokens at least 1.")
        if not 0 <= self.seed < 2**63:
            raise UserError("The seed must be a whole number from 0 to 2^63 - 1.")
        if not 0.0 < self.top_p <= 1.0:
            raise UserError(f"top_p must be above 0 and at most 1, not {self.top_p:g}.")


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How a memory is read."""

    written: bool = True  # read it at all
    gate: bool = True  # close the read where nothing stored is familiar
    completion: bool = True  # read the best match's address instead of the position's own
