"""What the window knows: the model, the memory in use, and what panes ask of each other, as signals."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from bdh_workbench.gui.shared.bridge import Bridge
from bdh_workbench.session.records.events import MemoryChanged, ModelChanged, NotebookChanged
from bdh_workbench.session.records.notebook import Notebook
from bdh_workbench.session.records.views import MemoryView, ModelInfo


class State(QObject):
    """Follows the session; signals carry what changed.

    Attributes:
        model: in use, None until one is loaded.
        memory: in use, None until the session has reported one.
        notebook: conversation and checks of that memory.
    """

    model_changed = Signal(object)  # ModelInfo or None
    memory_changed = Signal(object)  # MemoryView
    library_changed = Signal()  # a file of the library was made, changed or deleted
    library_listed = Signal(list)  # MemoryHeader of each readable file
    looked_at = Signal(object, object)  # MemoryHeader and MemoryView of a memory that is not in use; None for neither
    source_opened = Signal(object)  # Source: show where an answer comes from
    source_found = Signal(object)  # Source of the newest answer, None for none: mark it where the text is in sight
    asking_wanted = Signal()  # go to the question line
    layer_opened = Signal(object)  # LayerRecord: show the curves of a write
    item_opened = Signal(int)  # show this item of the memory in use
    hit_opened = Signal(object, str)  # Hit of a search and the words: show the item, whatever memory it is in
    item_edited = Signal(object)  # ItemRecord: change it and write it again
    notebook_changed = Signal(object)  # NotebookChanged
    question_asked = Signal(str)  # ask this again
    check_pinned = Signal(object)  # Check

    def __init__(self, bridge: Bridge) -> None:
        """Listen to the session, before any pane does."""
        super().__init__()
        self.model: ModelInfo | None = None
        self.memory: MemoryView | None = None
        self.notebook = Notebook()
        bridge.on(ModelChanged, self._model)
        bridge.on(MemoryChanged, self._memory)
        bridge.on(NotebookChanged, self._notebook)

    def _model(self, event: ModelChanged) -> None:
        self.model = event.info
        self.model_changed.emit(event.info)

    def _memory(self, event: MemoryChanged) -> None:
        self.memory = event.view
        self.memory_changed.emit(event.view)

    def _notebook(self, event: NotebookChanged) -> None:
        self.notebook = event.notebook
        self.notebook_changed.emit(event)
