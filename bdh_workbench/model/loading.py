"""A model ready for use: network, write site, tokenizer and calibration, read from one folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.checkpoint import fingerprint, load_network
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.files import save_tensors_atomically
from bdh_workbench.model.judge import JUDGE_FILE, Judge, load_judges
from bdh_workbench.model.likeness import Likeness, load_likeness
from bdh_workbench.model.network import Network
from bdh_workbench.model.tensor_files import Wanted, read_tensors
from bdh_workbench.model.tokenizer import Tokenizer, load_tokenizer
from bdh_workbench.model.write_site import WriteSite
from bdh_workbench.resources import bundled_model_names, bundled_model_path

MAX_SAMPLE = 32 << 20  # bytes of each table of the calibration that will be opened
PREFERRED = ("bdh-30m", "base")  # the default model is the first of these that is there
SITE_TENSORS = (
    "same_as",
    "token_weights",
    "begins_word",
    "surprisal",
    "word_weight",
    "mean",
    "whiten",
    "threshold",
    "decays",
    "cue_weights",
    "place_weights",
    "address_weights",
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured on general text when the model was made.

    Attributes:
        locality: (n, T) int64, windows of unrelated text for the locality term.
        others: (m, T) int64, prompts in the form of facts about subjects of their own, padded with -1.
    """

    locality: Tensor
    others: Tensor


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """Everything that reading and writing need; all of it is frozen."""

    name: str
    folder: Path
    config: ModelConfig
    network: Network
    site: WriteSite
    tokenizer: Tokenizer
    calibration: Calibration
    fingerprint: str
    device: torch.device
    judges: Mapping[str, Judge] = field(default_factory=dict)
    likeness: Likeness | None = None

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.parameters:,} parameters, {self.device}, {self.fingerprint[:8]})"

    @property
    def parameters(self) -> int:
        """Trained numbers in the network."""
        return sum(p.numel() for p in self.network.parameters())


def make_model(
    name: str,
    folder: Path,
    network: Network,
    site: WriteSite,
    tokenizer: Tokenizer,
    calibration: Calibration,
    judges: Mapping[str, Judge] | None = None,
    likeness: Likeness | None = None,
) -> Model:
    """Put the parts together and name them by their fingerprint, of which calibration and judges are no part."""
    tensors = dict(network.named_parameters()) | {key: getattr(site, key) for key in SITE_TENSORS}
    mark = fingerprint(network.config, tensors, tokenizer.fingerprint())
    device = network.embed.weight.device
    return Model(
        name, folder, network.config, network, site, tokenizer, calibration, mark, device, judges or {}, likeness
    )


def save_general(folder: Path, site: WriteSite, calibration: Calibration, notes: dict[str, str]) -> None:
    """Write general.safetensors: what makes addresses, and unrelated text that writes must leave alone."""
    tensors = {f"site.{key}": getattr(site, key) for key in SITE_TENSORS}
    tensors |= {
        "locality.ids": calibration.locality.to(torch.int32),
        "others.ids": calibration.others.to(torch.int32),
    }
    ready = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    save_tensors_atomically(folder / "general.safetensors", ready, notes)


def load_general(folder: Path, config: ModelConfig, tokenizer: Tokenizer) -> tuple[WriteSite, Calibration]:
    """Read general.safetensors back.

    Raises:
        UserError: when it is missing, damaged or does not fit the configuration.
    """
    path = folder / "general.safetensors"
    kinds, width, words = len(config.decays), config.code_width, config.vocab_size
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(SITE_TENSORS, (kinds,)) | {
        "same_as": (words,),
        "token_weights": (words,),
        "begins_word": (words,),
        "surprisal": (words,),
        "word_weight": (),
        "mean": (kinds, width),
        "whiten": (kinds, width, width),
        "threshold": (),
    }
    types = dict.fromkeys(SITE_TENSORS, "F32") | {"same_as": "I64", "begins_word": "BOOL"}
    wanted = {f"site.{key}": Wanted((types[key],), shapes[key]) for key in SITE_TENSORS}
    wanted |= {f"{key}.ids": Wanted(("I32",), (None, None)) for key in ("locality", "others")}
    tensors = read_tensors(path, wanted, MAX_SAMPLE)
    calibration = Calibration(tensors["locality.ids"].long(), tensors["others.ids"].long())
    same_as = tensors["site.same_as"]
    sound = bool(((same_as >= 0) & (same_as < words)).all())
    for ids, least in ((calibration.locality, 0), (calibration.others, -1)):
        sound = sound and bool(((ids >= least) & (ids < tokenizer.vocab_size)).all())
    if not sound:
        raise UserError(f"{path} does not fit the model configuration next to it: copy the model folder again.")
    site = WriteSite(config)
    for key in SITE_TENSORS:
        getattr(site, key).copy_(tensors[f"site.{key}"])
    return site, calibration


def find_model(name_or_path: str | None) -> Path:
    """The folder of a model: a path, the name of a bundled model, or None for the best bundled one.

    Raises:
        UserError: when there is no such model.
    """
    names = bundled_models()
    if name_or_path is None:
        if not names:
            raise UserError("No model is installed: give a model folder with --model.")
        return bundled_model_path(names[0])
    if os.path.isdir(name_or_path):  # a name too long for the system is no folder, and no error
        return Path(name_or_path)
    if name_or_path in names:
        return bundled_model_path(name_or_path)
    raise UserError(f"There is no model {name_or_path}: give a model folder or one of {', '.join(names) or 'none'}.")


def bundled_models() -> list[str]:
    """Names of the models that come with the program, the default first."""
    order = {name: place for place, name in enumerate(PREFERRED)}
    return sorted(bundled_model_names(), key=lambda name: (order.get(name, len(order)), name))


def load_model(
    name_or_path: str | None, device: torch.device, told: Callable[[float, str], object] | None = None
) -> Model:
    """Load a model, frozen, onto a device.

    Args:
        name_or_path: as in ``find_model``.
        device: that it will run on.
        told: called before each file with how far it is, from 0 to 1, and what comes next; what it raises ends it.

    Raises:
        UserError: when there is none or a file of it is missing or damaged.
    """
    tell = told or (lambda share, text: None)
    folder = find_model(name_or_path)
    tell(0.1, "Reading the network")
    network = load_network(folder, device)
    tell(0.5, "Reading the tokenizer")
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    if tokenizer.vocab_size != network.config.vocab_size:
        raise UserError(
            f"The tokenizer in {folder} has {tokenizer.vocab_size} tokens and the network {network.config.vocab_size}: "
            "the files of the model folder do not belong together."
        )
    tell(0.6, "Reading the write site and its calibration")
    site, calibration = load_general(folder, network.config, tokenizer)
    tell(0.8, "Checking the model")
    judges = load_judges(folder) if (folder / JUDGE_FILE).exists() else {}
    return make_model(
        folder.resolve().name, folder, network, site.to(device), tokenizer, calibration, judges, load_likeness(folder)
    )
