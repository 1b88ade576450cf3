"""Loading a model in steps between which it can be cancelled, and describing it."""

from __future__ import annotations

import math
import os
import sys
from functools import partial
from pathlib import Path

import torch

from bdh_workbench.model.device import choose_device
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.model.network import MemorySite
from bdh_workbench.session.control import Task, progress
from bdh_workbench.session.records.events import DeviceMemory
from bdh_workbench.session.records.views import ModelInfo, SiteInfo


def load(task: Task, name_or_path: str | None, device_name: str) -> Model:
    """Load a model as ``model.loading.load_model`` does, one file after the other.

    Raises:
        UserError: when there is none or a file of it is missing or damaged.
        Cancelled: when the job was cancelled between two files.
    """
    progress(task, 0.0, "Finding the model")
    model = load_model(name_or_path, choose_device(device_name), partial(progress, task))
    progress(task, 1.0, "The model is loaded")
    return model


def model_info(model: Model) -> ModelInfo:
    """A model as it can be shown."""
    config = model.config
    sites = []
    for level, site in zip(config.site_levels, model.network.sites, strict=True):
        assert isinstance(site, MemorySite)
        slow, fast = math.tanh(float(site.gate_slow)), math.tanh(float(site.gate_fast))
        sites.append(SiteInfo(level, config.site_slots, slow, fast))
    sites.append(SiteInfo(config.levels, config.write_slots, model.site.gate, 0.0, written=True))
    return ModelInfo(
        name=model.name,
        fingerprint=model.fingerprint,
        parameters=model.parameters,
        device=str(model.device),
        slots=config.write_slots,
        width=config.width,
        levels=config.levels,
        sites=tuple(sites),
        context=config.context,
        folder=model.folder.absolute(),
    )


def device_memory(task: Task, device: torch.device) -> DeviceMemory | None:
    """Memory in use on the model's device; None where the system does not say."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return DeviceMemory(task.id, total - free, total)
    try:
        if sys.platform == "win32" or not hasattr(os, "sysconf"):
            return None
        page = os.sysconf("SC_PAGE_SIZE")
        used = int(Path("/proc/self/statm").read_text().split()[1]) * page
        return DeviceMemory(task.id, used, os.sysconf("SC_PHYS_PAGES") * page)
    except (OSError, ValueError, IndexError):
        return None
