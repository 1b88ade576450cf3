"""From other threads to the window: one object with a signal on the GUI thread, and small work off it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from bdh_workbench.errors import UserError
from bdh_workbench.session.records.events import Event

E = TypeVar("E", bound=Event)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Result:
    """The result of work in the background."""

    number: int
    value: Any
    problem: str
    details: str


class Bridge(QObject):
    """Hands events of the session's thread to whoever listens, on the GUI thread and in order."""

    _arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._listeners: dict[type[Event], list[Callable[[Any], None]]] = {}
        self._open = True
        self._arrived.connect(self._dispatch)

    def emit_event(self, event: Event) -> None:
        """The one function that the session calls, from any thread."""
        if self._open:
            self._arrived.emit(event)

    def on(self, kind: type[E], listener: Callable[[E], None]) -> None:
        """Call the listener with every event of this kind."""
        self._listeners.setdefault(kind, []).append(listener)

    def close(self) -> None:
        """Pass on nothing more."""
        self._open = False
        self._listeners.clear()

    @Slot(object)
    def _dispatch(self, event: Event) -> None:
        for listener in tuple(self._listeners.get(type(event), ())):
            listener(event)


class Background(QObject):
    """Runs small work, such as parsing a long paste or listing a folder, on a thread of its own."""

    _done = Signal(object)

    def __init__(self, failed: Callable[[str, str], None]) -> None:
        """``failed`` is called with a sentence and the details of work that failed."""
        super().__init__()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="window-background")
        self._failed = failed
        self._then: dict[int, tuple[Callable[[Any], None], Callable[[str], None] | None]] = {}
        self._number = 0
        self._closed = threading.Event()
        self._done.connect(self._deliver)

    def run(
        self, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None] | None = None
    ) -> None:
        """Do the work elsewhere, then call ``then`` with its result on the GUI thread."""
        if self._closed.is_set():
            return
        self._number += 1
        number = self._number
        self._then[number] = (then, failed)

        def call() -> None:
            try:
                result = _Result(number, work(), "", "")
            except UserError as error:
                result = _Result(number, None, str(error), "")
            except Exception as error:  # whatever it is, the window must hear of it
                import traceback

                result = _Result(number, None, f"Something went wrong: {error}", traceback.format_exc())
            if not self._closed.is_set():
                self._done.emit(result)

        self._pool.submit(call)

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return bool(self._then)

    def close(self) -> None:
        """Wait for what runs, and drop what waits."""
        self._closed.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._then.clear()

    @Slot(object)
    def _deliver(self, result: _Result) -> None:
        then, failed = self._then.pop(result.number, (None, None))
        if then is None:
            return
        if result.problem:
            if failed is not None:
                failed(result.problem)
            else:
                self._failed(result.problem, result.details)
            return
        then(result.value)
