"""Which model and program figures come from, so that results of an earlier state of either can be recognised."""

from __future__ import annotations

import dataclasses
import hashlib
import json

from bdh_workbench.model.loading import Model
from bdh_workbench.version import __version__


def provenance(model: Model) -> dict[str, str]:
    """The entries that every report has which a model was loaded for."""
    return {
        "version": __version__,
        "model": model.name,
        "fingerprint": model.fingerprint,
        "calibration_digest": calibration_digest(model),
    }


def calibration_digest(model: Model) -> str:
    """SHA-256 over calibration and judges: a model's fingerprint leaves them out, and figures depend on them."""
    digest = hashlib.sha256()
    for field in dataclasses.fields(model.calibration):
        values = getattr(model.calibration, field.name).cpu().contiguous().numpy()
        digest.update(f"{field.name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    judges = {name: judge.to_dict() for name, judge in sorted(model.judges.items())}
    digest.update(json.dumps(judges, sort_keys=True).encode())
    return digest.hexdigest()


def training_tokens(model: Model) -> int | None:
    """Tokens that the model's pre-training read, from the record in its folder; None where there is none."""
    try:
        state = json.loads((model.folder / "training" / "state.json").read_text(encoding="utf-8"))
        return int(state["pretraining"]["tokens"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None  # reported as not known
