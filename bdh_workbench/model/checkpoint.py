"""A model folder: config.json, model.safetensors, tokenizer.json and general.safetensors, checked before use.

The fingerprint of a model is the SHA-256 over its configuration and every weight that a read depends on; memory files
name it, so that a memory is never read through another model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.files import save_json_atomically, save_tensors_atomically
from bdh_workbench.model.network import Network, parameter_shapes
from bdh_workbench.model.tensor_files import FLOATS, Wanted, read_tensors

MODEL_FORMAT = "bdh-workbench model 1"  # followed by the number of parts and the digest of all weights
PART = 15 << 20  # bytes of one file, of weights or of a training checkpoint
CHECKPOINT_PARTS = 1000
MAX_CONFIG = 1 << 20  # bytes of a configuration


def save_network(folder: Path, network: Network, dtype: torch.dtype = torch.float32) -> None:
    """Write config.json and model.safetensors; ``dtype`` may be bfloat16 to halve the file.

    Weights of more than ``PART`` bytes go on in model-2.safetensors and so on, since many stores limit the size of a
    file. The first part is written last, and all carry one digest, so that parts of two models are told apart.
    """
    save_json_atomically(folder / "config.json", network.config.to_dict())
    tensors = {name: p.detach().cpu().to(dtype).contiguous() for name, p in network.named_parameters()}
    digest = hashlib.sha256()
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        digest.update(tensor.float().numpy().tobytes())
        if parts[-1] and size + tensor.nbytes > PART:
            parts.append({})
            size = 0
        parts[-1][name] = tensor
        size += tensor.nbytes
    # one entry, as safetensors writes several in any order, and equal models shall be equal files
    metadata = {"format": f"{MODEL_FORMAT} {len(parts)} {digest.hexdigest()}"}
    for number, part in reversed(list(enumerate(parts))):
        save_tensors_atomically(part_path(folder, number), part, metadata)
    number = len(parts)
    while part_path(folder, number).is_file():  # of a larger model before
        part_path(folder, number).unlink()
        number += 1


def part_path(folder: Path, number: int) -> Path:
    """The file of a part of the weights, counted from 0."""
    return folder / (f"model-{number + 1}.safetensors" if number else "model.safetensors")


def weight_files(folder: Path) -> list[Path]:
    """The files that the weights of a model folder are in.

    Raises:
        UserError: when one is missing or damaged, or they are not of one model.
    """
    first = str(read_metadata(part_path(folder, 0)).get("format", ""))
    count = (first.removeprefix(MODEL_FORMAT).split() or ["1"])[0]
    if not (count.isascii() and count.isdigit() and 1 <= int(count) <= CHECKPOINT_PARTS):
        raise UserError(f"{part_path(folder, 0)} is damaged: copy the model folder again.")
    files = [part_path(folder, number) for number in range(int(count))]
    for path in files[1:]:
        if not path.is_file() or read_metadata(path).get("format") != first:
            raise UserError(f"{path} is missing or belongs to another model: copy the model folder again.")
    return files


def load_network(folder: Path, device: torch.device) -> Network:
    """Read a network in fp32 onto a device, frozen and ready to read.

    Raises:
        UserError: when a file is missing, damaged or does not fit the configuration.
    """
    config = load_config(folder)
    shapes, tensors = parameter_shapes(config), dict[str, Tensor]()
    for path in reversed(weight_files(folder)):
        with safe_open(path, framework="pt") as file:
            here = set(file.keys())
        # what no other part has must be in the first one
        first = path == part_path(folder, 0)
        tensors |= load_tensors(path, {n: s for n, s in shapes.items() if n in here or (first and n not in tensors)})
    network = Network(config)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(tensors[name])
    network.requires_grad_(False)
    return network.to(device).eval()


def load_config(folder: Path) -> ModelConfig:
    """Read config.json.

    Raises:
        UserError: when the folder is no model folder or the file is damaged.
    """
    path = folder / "config.json"
    try:
        if path.stat().st_size > MAX_CONFIG:
            raise UserError(f"{path} is too large to be a model configuration.")
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise UserError(f"{folder} is not a model folder: it has no readable config.json.") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} is not valid JSON: copy the model folder again.") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} is not a model configuration: copy the model folder again.")
    return ModelConfig.from_dict(values)


def load_tensors(path: Path, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Read the named tensors of a safetensors file as fp32, checking names, shapes, types and finiteness first.

    Raises:
        UserError: when anything is missing, of another shape, or not finite.
    """
    tensors = read_tensors(path, {name: Wanted(FLOATS, tuple(shape)) for name, shape in wanted.items()})
    return {name: tensor.float() for name, tensor in tensors.items()}


def fingerprint(config: ModelConfig, tensors: Mapping[str, Tensor], tokenizer_fingerprint: str) -> str:
    """SHA-256, in hex, over the configuration, the tokenizer and the fp32 bytes of every tensor in order of name."""
    digest = hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode())
    digest.update(tokenizer_fingerprint.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().float().contiguous()
        digest.update(f"{name} {list(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def read_metadata(path: Path) -> dict[str, str]:
    """The string metadata in a safetensors header; empty when there is none.

    Raises:
        UserError: when the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except (OSError, SafetensorError):
        raise UserError(f"{path} is damaged or cut short.") from None
