"""Tiny random models in memory, on a byte tokenizer, and texts for them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from bdh_workbench.asking.decoding import Question, Score, score
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.judge import Judge
from bdh_workbench.model.loading import Calibration, Model, make_model
from bdh_workbench.model.network import Network
from bdh_workbench.model.tokenizer import ByteTokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.reading import recall
from bdh_workbench.reading.reader import Reader
from bdh_workbench.training.addressing.calibration import fit_threshold, fit_tokens, fit_whitening, stretches

FACTS = (
    Fact("The capital of Vessaly is", "Orm", ("Vessaly has as its capital",)),
    Fact("The river through Tarn is the", "Quill"),
    Fact("Old Henrik collects", "clocks"),
    Fact("The color of the flag is", "teal"),
    Fact("In winter the miller eats", "figs"),
    Fact("The bridge was built by", "Ines"),
)

DOCUMENT = TextDocument(
    "The lighthouse",
    "The lighthouse of Skarn stands on a rock. Its keeper was called Odile. She lit the lamp at dusk! Ships from "
    "Pell steered by it.",
)
OTHER_DOCUMENT = TextDocument(
    "The mill",
    "A mill in Brant grinds rye. Two brothers own it, and a grey horse turns the stone. They sell flour on Fridays.",
)

GENERAL = (
    "It was a bright day and the people of the town went down to the water. Some of them had brought bread, others "
    "carried baskets of fruit, and a few had nothing but their books. Nobody knew who had started the custom. In the "
    "evening they walked home again, talking about the weather, about prices and about the long road to the north. "
    "When the first snow fell, the schools were closed and every child learned to skate on the pond behind the hall. "
)


def tiny_config(**changes: Any) -> ModelConfig:
    """A random byte-level model for unit tests, small enough for a step of a millisecond."""
    values: dict[str, Any] = {
        "vocab_size": 257,
        "width": 32,
        "heads": 2,
        "neurons": 32,
        "levels": 2,
        "context": 32,
        "site_levels": (1,),
        "site_slots": 16,
        "write_slots": 512,
        "code_width": 32,
    }
    return ModelConfig(**(values | changes))


def random_network(config: ModelConfig, seed: int = 0, head: float = 0.3) -> Network:
    """A random network whose gates and biases are not at their starts, so that every part of it counts."""
    torch.manual_seed(seed)
    network = Network(config)
    with torch.no_grad():
        torch.nn.init.normal_(network.embed.weight, std=head)
        for name, parameter in network.named_parameters():
            if name.endswith(("encoder.weight", "encoder_v", "decoder.weight", "address.weight")):
                parameter.mul_(10.0)
            elif name.endswith("slow"):
                torch.nn.init.normal_(parameter, std=0.5)
            elif name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.1)
    return network


def general_ids() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Ordinary text as one stream of bytes."""
    return np.frombuffer(GENERAL.encode() * 4, dtype=np.uint8).astype(np.int64)


def calibrated_site(config: ModelConfig, seed: int = 0) -> WriteSite:
    """A write site with weights, whitening and threshold fitted to a little text, as training leaves it."""
    site = WriteSite(config)
    ids = general_ids()
    fit_tokens(site, ByteTokenizer(), np.bincount(ids, minlength=config.vocab_size))
    fit_whitening(site, stretches(ids, 400, np.random.default_rng(seed)))
    fit_threshold(site)
    return site


def tiny_calibration() -> Calibration:
    """Two windows and two prompts for locality."""
    ids = torch.from_numpy(general_ids())
    prompts = torch.full((2, 12), -1)
    for row, text in enumerate(("The lake of ", "Her uncle")):
        prompts[row, : len(text)] = torch.tensor(list(text.encode()))
    return Calibration(ids[:64].reshape(2, 32), prompts)


def tiny_judges(site: WriteSite, threshold: float) -> dict[str, Judge]:
    """Judges that go by cosines alone, and open a read where their mean is above a threshold."""
    judges = {}
    for kind in (recall.FACTS, recall.DOCUMENTS):
        for words in (True, False):
            plain = recall.plain_judge(site, words)
            steep = dataclasses.replace(plain, weights=4.0 * plain.weights, bias=-64.0 * threshold)
            judges[kind if words else kind + recall.CUES] = steep
    return judges


def tiny_model(seed: int = 0, *, name: str = "tiny", threshold: float = 0.8, **changes: Any) -> Model:
    """A random byte-level model, frozen, with a calibrated write site."""
    config = tiny_config(**changes)
    network = random_network(config, seed).requires_grad_(False).eval()
    site = calibrated_site(config)
    judges = tiny_judges(site, threshold)
    return make_model(name, Path(), network, site, ByteTokenizer(), tiny_calibration(), judges)


def scored(reader: Reader, prompt: Sequence[int], answer: Sequence[int]) -> Score:
    """How probable an answer is after a prompt, as token ids."""
    return score(reader, [Question(tuple(prompt), tuple(answer))])[0]


def many_facts(count: int, *, answer: int = 1) -> list[Fact]:
    """Facts about subjects with long, different names; answers of ``answer`` letters."""
    made = []
    for index in range(count):
        rng = np.random.default_rng(index)
        letters = "".join(chr(97 + int(n)) for n in rng.integers(0, 26, 14))
        end = "".join(chr(65 + int(n)) for n in rng.integers(0, 26, answer))
        made.append(Fact(f"{letters[:7].title()} {letters[7:].title()} is", end))
    return made


@contextlib.contextmanager
def changed(values: Mapping[ModuleType, Mapping[str, object]]) -> Iterator[None]:
    """Give names of modules other values for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for module, named in values.items():
            for name, value in named.items():
                patch.setattr(module, name, value)
        yield
