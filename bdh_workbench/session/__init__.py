"""The session layer: one worker thread that owns model and device, its jobs and events, settings and recovery copies.

Importing it does not import torch: the worker does, when it has its first job.
"""

from bdh_workbench.session.worker import Session

__all__ = ["Session"]
