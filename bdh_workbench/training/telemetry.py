"""What a person sees of a run: a line in the log, a progress bar on a terminal, scalars for TensorBoard."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from bdh_workbench.model.config import ModelConfig
from bdh_workbench.training.checkpoint import Progress

LOG_INTERVAL = 1.0  # seconds between two log lines


class Telemetry:
    """Logs one run into a folder; does nothing on ranks other than the first. A context manager."""

    def __init__(self, folder: Path, active: bool, step: int, *, scalars: bool = True) -> None:
        """Prepare to log after ``step``, where the run begins or resumes; ``scalars``: for TensorBoard too."""
        self._folder, self._active, self._start, self._scalars = folder, active, step, scalars
        self._last = time.monotonic()
        self._last_tokens: int | None = None
        self._file: TextIO | None = None
        self._board: Any = None
        self._bar: Any = None

    def __enter__(self) -> Telemetry:
        """Open the log, and the board and the bar where their libraries are installed."""
        if self._active:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / "log.txt").open("a", encoding="utf-8", buffering=1)
            if self._scalars:
                try:
                    from torch.utils.tensorboard import SummaryWriter

                    self._board = SummaryWriter(str(self._folder / "tensorboard"), purge_step=self._start)
                except ImportError:
                    self._write("TensorBoard is not installed: no scalars are kept besides the log.")
            if sys.stderr.isatty():
                try:
                    from tqdm import tqdm

                    self._bar = tqdm(total=100.0, unit="%", bar_format="{l_bar}{bar}| {postfix}")
                except ImportError:
                    pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        for part in (self._file, self._board, self._bar):
            if part is not None:
                part.close()

    def due(self) -> bool:
        """Whether a second has passed since the last line; reading a loss waits for the device, so not at each step."""
        return time.monotonic() - self._last >= LOG_INTERVAL

    def log(self, progress: Progress, done: float, scalars: Mapping[str, float]) -> None:
        """Write one line and one point of each scalar."""
        if not self._active:
            return
        now = time.monotonic()
        tokens = progress.tokens - (self._last_tokens if self._last_tokens is not None else progress.tokens)
        rate = tokens / max(1e-9, now - self._last)
        self._last, self._last_tokens = now, progress.tokens
        loss = scalars["loss/train"]
        left = progress.seconds * (1.0 - done) / max(done, 1e-9) / 60.0
        self._write(
            f"step {progress.step}  tokens {progress.tokens}  loss {loss:.4f}  {rate:.0f} tokens/s  "
            f"{100 * done:.1f}%  about {left:.1f} min left"
        )
        if self._board is not None:
            for name, value in scalars.items():
                self._board.add_scalar(name, value, progress.step)
            self._board.add_scalar("tokens_per_second", rate, progress.step)
        if self._bar is not None:
            self._bar.n = round(100 * done, 1)
            self._bar.set_postfix_str(f"loss {loss:.3f}, {rate:.0f} tokens/s, {left:.0f} min left")

    def validation(self, progress: Progress, loss: float) -> None:
        """Write the held-out loss."""
        if self._active:
            self._write(f"step {progress.step}  held-out loss {loss:.4f}")
            if self._board is not None:
                self._board.add_scalar("loss/held_out", loss, progress.step)

    def note(self, done: float, line: str) -> None:
        """Write one line about a phase without a loss, if a second has passed since the last or the phase is done.

        Args:
            done: share of the phase, 0 to 1.
            line: what it is at.
        """
        if not self._active or not (self.due() or done >= 1.0):
            return
        self._last = time.monotonic()
        self._write(f"{100 * done:.1f}%  {line}")
        if self._bar is not None:
            self._bar.n = round(100 * done, 1)
            self._bar.set_postfix_str(line)

    def _write(self, line: str) -> None:
        stamped = f"{time.strftime('%H:%M:%S')}  {line}"
        if self._file is not None:
            self._file.write(stamped + "\n")
        if self._bar is None:
            print(stamped, file=sys.stderr, flush=True)


def operations_per_token(config: ModelConfig, context: int) -> int:
    """Floating-point operations of a training step for each token: two for each product, backward twice forward.

    Matrix products alone, attention over whole windows of ``context`` tokens as it is computed.
    """
    width, hidden = config.width, config.heads * config.neurons
    level = 3 * width * hidden + context * (hidden + config.heads * width)
    site = (2 * width + context) * config.site_slots + context * width
    return 6 * (config.levels * level + len(config.site_levels) * site + config.vocab_size * width)
