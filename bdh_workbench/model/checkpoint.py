"""A model folder: config.json, model.safetensors, tokenizer.json and general.safetensors, checked before use.

The fingerprint of a model is the SHA-256 over its configuration and every weight that a read depends on; memory files
name it, so that a memory is never read through another model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from bdh_workbench.errors import UserError
from bdh_workbench.model.config import ModelConfig
from bdh_workbench.model.files import save_json_atomically, save_tensors_atomically
from bdh_workbench.model.network import Network

MAX_WEIGHTS = 4 << 30  # bytes of a weights file that will be opened
MAX_CONFIG = 1 << 20  # bytes of a configuration


def save_network(folder: Path, network: Network, dtype: torch.dtype = torch.float32) -> None:
    """Write config.json and model.safetensors; ``dtype`` may be bfloat16 to halve the file."""
    save_json_atomically(folder / "config.json", network.config.to_dict())
    tensors = {name: p.detach().cpu().to(dtype).contiguous() for name, p in network.named_parameters()}
    save_tensors_atomically(folder / "model.safetensors", tensors, {"format": "bdh-workbench model 1"})


def load_network(folder: Path, device: torch.device) -> Network:
    """Read a network in fp32 onto a device, frozen and ready to read.

    Raises:
        UserError: when a file is missing, damaged or does not fit the configuration.
    """
    config = load_config(folder)
    with torch.device("meta"):
        wanted = {name: p.shape for name, p in Network(config).named_parameters()}
    tensors = load_tensors(folder / "model.safetensors", wanted)
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
        raise UserError(f"{path} is not valid JSON: copy the model folder anew.") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} is not a model configuration: copy the model folder anew.")
    return ModelConfig.from_dict(values)


def load_tensors(path: Path, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Read the named tensors of a safetensors file as fp32, checking names, shapes, types and finiteness first.

    Raises:
        UserError: when anything is missing, of another shape, or not finite.
    """
    try:
        if path.stat().st_size > MAX_WEIGHTS:
            raise UserError(f"{path} is larger than {MAX_WEIGHTS >> 30} GiB and is not opened.")
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
            missing = sorted(set(wanted) - names)
            if missing:
                raise UserError(f"{path} lacks {missing[0]}: it does not belong to the model configuration beside it.")
            tensors = {}
            for name, shape in wanted.items():
                view = file.get_slice(name)
                if tuple(view.get_shape()) != tuple(shape) or view.get_dtype() not in ("F32", "BF16", "F16"):
                    raise UserError(
                        f"{path} holds {name} as {view.get_dtype()} {list(view.get_shape())} where the configuration "
                        f"wants {list(shape)}: the files of the model folder do not belong together."
                    )
                tensors[name] = file.get_tensor(name).float()
    except FileNotFoundError:
        raise UserError(f"{path.parent} is not a complete model folder: {path.name} is missing.") from None
    except (OSError, SafetensorError):
        raise UserError(f"{path} is damaged or cut short: copy the model folder anew.") from None
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise UserError(f"{path} holds numbers in {name} that are not finite: copy the model folder anew.")
    return tensors


def fingerprint(config: ModelConfig, tensors: Mapping[str, Tensor], tokenizer_fingerprint: str) -> str:
    """SHA-256, in hex, over the configuration, the tokenizer and the fp32 bytes of every tensor in order of name."""
    digest = hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode())
    digest.update(tokenizer_fingerprint.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().float().contiguous()
        digest.update(f"{name} {list(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def read_metadata(path: Path) -> dict[str, Any]:
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
