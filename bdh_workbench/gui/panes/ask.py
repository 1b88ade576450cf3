"""The Ask pane: a conversation with the memory, each answer in its sentence, with its source and how sure it is."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QSplitter

from bdh_workbench.asking.kinds import AsKind, kind_of
from bdh_workbench.errors import UserError
from bdh_workbench.gui.dialogs.files import save_path
from bdh_workbench.gui.dialogs.questions import Confirm
from bdh_workbench.gui.look.colours import Colours
from bdh_workbench.gui.look.widgets import Pane, button, flat_button, popup_menu, row
from bdh_workbench.gui.look.words import plural
from bdh_workbench.gui.parts.asking.ask_settings import MOST_HEIGHT, SETTINGS_LABEL, AskSettings
from bdh_workbench.gui.parts.asking.exchange import (
    AGAIN,
    CANDIDATE_LIST,
    COPY,
    PIN,
    SHOW_SOURCE,
    UNTOUCHED_ANSWER,
    Exchange,
    page,
)
from bdh_workbench.gui.parts.asking.probability import Page
from bdh_workbench.gui.parts.asking.prompt_line import PromptLine
from bdh_workbench.gui.plots.bars import NextTokens
from bdh_workbench.gui.shared.context import Context
from bdh_workbench.session.records.events import (
    AnswerDone,
    JobCancelled,
    JobFailed,
    JobStarted,
    NotebookChanged,
    TokenRead,
)
from bdh_workbench.session.records.jobs import ClearConversation
from bdh_workbench.session.records.notebook import as_json, as_markdown, holds_words, mark_of
from bdh_workbench.session.records.views import MemoryView

KEPT_EXCHANGES = 200  # exchanges
SHOWN_EXCHANGES = 40  # of them in the window
SETTINGS_SHARE = 0.42  # of the room above the line, at most
CHART_HEIGHT = 116  # pixels under which a chart says nothing, and the answers have its room
MODE_NAMES: dict[AsKind, str] = {"auto": "Auto", "question": "Question", "beginning": "Beginning"}


class AskPane(Pane):
    """Questions and answers."""

    title = "Ask"
    whole_status = True

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.exchanges: list[Exchange] = []
        self._asked: dict[int, float] = {}  # when each question began to be answered
        self._colours: Colours = context.theme.colours
        self.view = Page()
        self.view.setObjectName("conversation")
        self.view.anchorClicked.connect(self._follow_link)
        self.view.setAccessibleName("Questions and answers")
        self.view.setSource(QUrl())
        self._following = True  # whether the end stays in sight while the page grows
        bar = self.view.verticalScrollBar()
        bar.rangeChanged.connect(self._follow)
        bar.actionTriggered.connect(self._moved)
        self.bars = NextTokens(
            context.clock, "Next token", "Begin a sentence to see what may come next, with memory on and off.",
            ("memory on", "memory off"), "How probable each next token is with the memory, and without it.",
        )  # fmt: skip
        self.bars.setMinimumWidth(150)
        context.paint(self.bars.set_colours)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(self.bars)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([440, 220])
        self.bars.setVisible(False)
        self.splitter.splitterMoved.connect(self._resized)
        self.view.setMinimumSize(170, 60)
        self.line = PromptLine()
        self.line.returnPressed.connect(self.ask)
        self.line.textChanged.connect(self._show_kind)
        self.mode = QComboBox()
        self.mode.setAccessibleName("How the prompt is read")
        self.mode.setToolTip(
            "A question is answered from a stored sentence; the beginning of a sentence is continued. "
            "Auto: decide by the prompt."
        )
        for mode, label in MODE_NAMES.items():
            self.mode.addItem(label, mode)
        self.mode.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.mode.setMinimumContentsLength(9)
        self.ask_button = button("Ask", "Ask the model with the memory in use (Enter)", self.ask, primary=True)
        self.stop_button = button("Stop", "Stop the answer (Esc)", self.stop)
        self.stop_button.setVisible(False)
        self.options = AskSettings(context.preferences)
        self.options.setVisible(False)
        self.settings_button = flat_button("settings ▸", SETTINGS_LABEL, self._toggle_options)
        self.candidates_button = flat_button(
            "candidates ▸",
            "Show the other candidates of the last answer",
            lambda: self.do_with_last(CANDIDATE_LIST),
        )
        self.alone_button = flat_button(
            "memory off ▸", "Show what the model says without the memory", lambda: self.do_with_last(UNTOUCHED_ANSWER)
        )
        self.chart_button = flat_button("next token ▸", "Show what may come next, with memory on and off")
        self.chart_button.setCheckable(True)
        self.chart_button.toggled.connect(self._show_chart)
        self.more_button = flat_button("⋯", "Copy, export and clear the conversation", self._more)
        self.tools = [
            self.settings_button,
            self.candidates_button,
            self.alone_button,
            self.chart_button,
            self.more_button,
        ]
        self.column.addWidget(self.splitter, 1)
        self.column.addWidget(self.options)
        self.column.addLayout(row(self.line, self.mode, self.ask_button, self.stop_button))
        context.paint(self._recolour)
        on = context.bridge.on
        on(JobStarted, self._started)
        on(TokenRead, self._token)
        on(AnswerDone, self._answered)
        on(JobFailed, self._stopped)
        on(JobCancelled, self._stopped)
        context.state.notebook_changed.connect(self._notebook)
        context.state.question_asked.connect(self.ask_again)
        context.state.memory_changed.connect(self._memory)
        context.clock.add(self)

    def take_focus(self) -> None:
        """Into the question line."""
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _toggle_options(self) -> None:
        self.options.setVisible(not self.options.isVisible())
        self.settings_button.setText("settings ▾" if self.options.isVisible() else "settings ▸")
        self._share_room()

    def _share_room(self) -> None:
        """Leave the answers the larger part where the settings stand open, and the chart only what it can use."""
        room = self.line.geometry().top() - 2 * self.column.spacing() - self.column.contentsMargins().top()
        above = room
        if not self.options.isHidden():
            height = max(self.options.minimumHeight(), min(MOST_HEIGHT, round(SETTINGS_SHARE * room)))
            self.options.setMaximumHeight(height)
            above -= height
        self.bars.setVisible(self.chart_button.isChecked() and above >= CHART_HEIGHT)

    def _show_chart(self, on: bool) -> None:
        self.chart_button.setText("next token ▾" if on else "next token ▸")
        self._share_room()

    def _more(self) -> None:
        menu = popup_menu(self)
        menu.addAction("Copy the conversation", self.copy)
        menu.addAction("Export as Markdown…", lambda: self.export("md"))
        menu.addAction("Export as JSON…", lambda: self.export("json"))
        menu.addSeparator()
        menu.addAction("Clear the conversation…", self.clear)
        menu.popup(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))

    # Asking

    def ask(self) -> None:
        """Ask what stands in the line."""
        prompt = self.line.text()
        if not prompt.strip():
            self.line.setFocus()
            return
        if self.context.model is None:
            self.status.setText("wait until the model is loaded")
            return
        try:
            query = self.options.query(prompt, self.mode.currentData())
        except UserError as problem:
            self.status.setText(str(problem))
            return
        job = self.context.submit(query)
        self.exchanges.append(Exchange(job, prompt))
        del self.exchanges[:-KEPT_EXCHANGES]
        self.line.remember(prompt)
        self.line.clear()
        self.stop_button.setVisible(True)
        self.context.clock.mark(self)

    def ask_again(self, question: str) -> None:
        """Ask a question that was asked before."""
        self.line.setText(question)
        self.ask()

    @property
    def busy(self) -> bool:
        """Whether a question is being answered, or waits."""
        return any(not exchange.done for exchange in self.exchanges)

    def stop(self) -> None:
        """Stop every answer that is not complete."""
        for exchange in self.exchanges:
            if not exchange.done:
                self.context.jobs.cancel(exchange.job)

    def _find(self, job: int) -> Exchange | None:
        return next((exchange for exchange in reversed(self.exchanges) if exchange.job == job), None)

    def _started(self, event: JobStarted) -> None:
        exchange = self._find(event.job)
        if exchange is not None:
            exchange.waiting = False
            self._asked[event.job] = time.monotonic()
            self.context.clock.mark(self)

    def _token(self, event: TokenRead) -> None:
        exchange = self._find(event.job)
        if exchange is None:
            return
        exchange.answer += event.text
        self.bars.show_tops(event.top, event.untouched_top)
        self.context.clock.mark(self)

    def _answered(self, event: AnswerDone) -> None:
        exchange = self._find(event.job)
        if exchange is None:
            return
        exchange.complete(event)
        exchange.seconds = time.monotonic() - self._asked.pop(event.job, time.monotonic())
        exchange.mark, exchange.holds = mark_of(self.context.memory), holds_words(self.context.memory)
        self.bars.show_tops(event.answer.top, event.answer.untouched_top)
        self.bars.setAccessibleDescription("First token of the answer")
        self.status.setText("read as a question" if event.answer.mode == "question" else "read as a beginning")
        self.context.state.source_found.emit(next(iter(exchange.sources), None))
        self._settle()

    def _stopped(self, event: JobFailed | JobCancelled) -> None:
        exchange = self._find(event.job)
        if exchange is not None and not exchange.done:
            exchange.done = True
            exchange.problem = event.message if isinstance(event, JobFailed) else "stopped"
            self._settle()

    def _settle(self) -> None:
        self.stop_button.setVisible(self.busy)
        self.context.clock.mark(self)

    # Showing: the clock draws the pane like a plot

    def _notebook(self, event: NotebookChanged) -> None:
        """Another memory brings its own conversation; of the same one it stands here already."""
        if not event.opened:
            return
        running = [exchange for exchange in self.exchanges if not exchange.done]
        kept = [Exchange.of(turn, number) for number, turn in enumerate(event.notebook.turns[-KEPT_EXCHANGES:])]
        self.exchanges = [*kept, *running]
        self.bars.show_tops((), ())
        self.status.setText("")
        for exchange in kept:
            self.line.remember(exchange.prompt)
        self.context.clock.mark(self)

    def _memory(self, _view: MemoryView) -> None:
        """Say what can be asked now, where nothing was asked yet."""
        if not self.exchanges:
            self.context.clock.mark(self)

    def _show_kind(self, text: str) -> None:
        """Show what kind of prompt stands in the line."""
        kind = "beginning" if kind_of(text) == "beginning" else "question"
        self.mode.setItemText(0, f"Auto: {kind}" if text.strip() else MODE_NAMES["auto"])

    def _follow_link(self, url: QUrl) -> None:
        """Do what a link under an answer names."""
        exchange = self._find(int(url.path())) if url.path().isdecimal() else None
        if exchange is not None:
            self._do(exchange, url.scheme())

    def do_with_last(self, part: str) -> None:
        """Do with the last answer what one of its links does."""
        last = next((exchange for exchange in reversed(self.exchanges) if exchange.reply is not None), None)
        if last is None:
            self.context.say("Ask something first.")
        else:
            self._do(last, part)

    def _do(self, exchange: Exchange, part: str) -> None:
        state = self.context.state
        if part == SHOW_SOURCE:
            if exchange.place is not None:
                state.source_opened.emit(exchange.place)
            else:
                self.context.say("This answer does not come from the memory.")
        elif part == PIN:
            state.check_pinned.emit(exchange.check())
        elif part == COPY:
            QGuiApplication.clipboard().setText(exchange.text())
            self.context.say("Copied.")
        elif part == AGAIN:
            self.ask_again(exchange.prompt)
        elif part == CANDIDATE_LIST and not exchange.others:
            self.context.say("There are no other candidates for this answer.")
        elif part == UNTOUCHED_ANSWER and exchange.untouched is None:
            self.context.say("The model was not asked without the memory: its box in the settings was not ticked.")
        else:
            exchange.toggle(part)
            self._redraw_in_place()

    def _redraw_in_place(self) -> None:
        """Show the page again and leave it where it is."""
        bar = self.view.verticalScrollBar()
        place = bar.value()
        self._following = False
        self.view.setHtml(self._page())
        bar.setValue(place)

    def _page(self) -> str:
        earlier = self.exchanges[: -SHOWN_EXCHANGES or None]
        before = next((one.mark for one in reversed(earlier) if one.reply is not None), None)
        memory = self.context.memory
        empty = memory is not None and not memory.items
        return page(self.exchanges[-SHOWN_EXCHANGES:], self._colours, before, empty)

    def redraw(self) -> None:
        """Show the history, its end in sight."""
        self.view.setHtml(self._page())
        # Qt lays a long page out bit by bit, and its bar learns of the rest later: the end is followed until then.
        self._following = True
        self._follow()

    def _follow(self, *_: int) -> None:
        """Go to the end, unless a person has moved away from it since the page was drawn."""
        if self._following:
            bar = self.view.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _moved(self, _action: int) -> None:
        self._following = False

    def _resized(self, _place: int, _index: int) -> None:
        self.context.clock.mark(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the answers out again."""
        super().resizeEvent(event)
        self._share_room()
        self.context.clock.mark(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while the pane could not be seen."""
        super().showEvent(event)
        self.context.clock.shown(self)

    def _recolour(self, colours: Colours) -> None:
        self._colours = colours
        self.context.clock.mark(self)

    def text(self) -> str:
        """All questions and answers."""
        return "\n\n".join(exchange.text() for exchange in self.exchanges)

    def copy(self) -> None:
        """Copy them."""
        QGuiApplication.clipboard().setText(self.text())

    def clear(self) -> None:
        """Forget them, once the person has confirmed."""
        count = len(self.exchanges)
        if not count or not Confirm.ask(
            self,
            f"Forget {plural(count, 'question')} with {'its answer' if count == 1 else 'their answers'}?",
            "Forget",
        ):
            return
        self.stop()
        self.exchanges.clear()
        self.context.submit(ClearConversation())
        self.context.clock.mark(self)

    def export(self, kind: str) -> None:
        """Save the conversation that is kept with the memory: ``md`` for people, ``json`` for programs."""
        turns, memory = self.context.state.notebook.turns, self.context.memory
        if not turns:
            self.context.say("There is no conversation to export: ask something first.")
            return
        title = memory.title if memory is not None else ""
        path = save_path(self, "Export the conversation", "conversation", kind)
        if path is not None:
            text = as_markdown(turns, title) if kind == "md" else as_json(turns, title)
            try:
                path.write_text(text, encoding="utf-8", errors="replace")
            except OSError as problem:
                self.context.fail(
                    f"The conversation could not be saved ({problem.strerror}): choose another place.", ""
                )
