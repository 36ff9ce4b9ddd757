"""SQL: ask the database on a snapshot; nobody is blocked, and esc stops a query that runs away."""

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.gateway.sql import Answer
from rtsproj.tui.keys import SQL, bindings
from rtsproj.tui.screens.questions import Line
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.widgets.sql_editor import SqlEditor
from rtsproj.tui.widgets.table import Layout
from rtsproj.workflow.sql import LIMIT

FOOT = "F5 runs · ↑ history · tab completes · read-only"


class SqlScreen(WorkingScreen):
    """Editor, results, saved queries."""

    BINDINGS = bindings(SQL)
    DEFAULT_CSS = """
    SqlScreen {
        #upper { height: 9; }
        #editor { width: 1fr; height: 1fr; background: transparent; }
        #editor:focus { border: heavy $accent; }
        #saved { width: 26; height: 1fr; }
        #result { height: 1fr; }
        #names { height: 1; text-style: bold; }
        &.-narrow #saved { display: none; }
        &.-narrow #saved.asked { display: block; }
        &.-narrow #upper { height: 8; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._answer: Answer | None = None
        self._layout: Layout | None = None
        self._first = 0
        self._text = ""
        self._is_asking = False
        self._saved: list[str] = []

    def compose(self) -> ComposeResult:
        """Editor and saved queries above, results below."""
        memory = self._gateway.sql.memory
        yield Head(self._gateway, place="sql")
        with Horizontal(id="upper"):
            editor = SqlEditor("SELECT * FROM inventory", history=memory.history())
            editor.add_class("pane")
            yield editor
            yield LazyList(self._saved_row, id="saved", classes="pane")
        with Vertical(id="result", classes="pane"):
            yield Static(id="names")
            yield LazyList(self._row, id="rows")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes; learn the names for completion."""
        self.query_one("#editor").border_title = "query"
        self.query_one("#editor").border_subtitle = FOOT
        self.query_one("#saved").border_title = "saved (F2)"
        self.query_one("#result").border_title = "no query yet"
        self._list_saved()
        self.query_one("#editor").focus()
        self.learn()

    @work(thread=True, exclusive=True, group="learn", exit_on_error=False)
    def learn(self) -> None:
        """Names of views and columns."""
        try:
            views = self._gateway.sql.words()
        except RtsError as error:
            self.app.call_from_thread(self._fail, error)
            return
        self.app.call_from_thread(self.query_one("#editor", SqlEditor).know, views)

    @work(thread=True, exclusive=True, group="ask", exit_on_error=False)
    def ask(self, text: str) -> None:
        """Run a query on a snapshot."""
        try:
            answer = self._gateway.sql.run(text)
        except RtsError as error:
            self.app.call_from_thread(self._fail, error)
            return
        self._gateway.sql.memory.remember(text)
        self.app.call_from_thread(self._show, text, answer)

    @work(thread=True, exclusive=True, group="export", exit_on_error=False)
    def export(self, name: str) -> None:
        """Write all rows of the query that was run last."""
        try:
            path = self._gateway.sql.export(self._text, name)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self.notify, f"written: {path}", markup=False)

    def on_sql_editor_offered(self, event: SqlEditor.Offered) -> None:
        """Show the names that fit."""
        names = "  ".join(event.names[:8])
        more = f"  … {len(event.names) - 8} more" if len(event.names) > 8 else ""
        self.query_one("#editor").border_subtitle = names + more

    def action_run(self) -> None:
        """Run what stands in the editor."""
        text = self.query_one("#editor", SqlEditor).text.strip().rstrip(";")
        if self._is_asking:
            self.notify("a query is running: esc stops it", severity="warning")
        elif text:
            self._is_asking = True
            self.query_one("#result").border_title = "running… esc stops it"
            self.query_one("#editor", SqlEditor).asked(text)
            self.ask(text)

    def action_saved(self) -> None:
        """Go to the saved queries, or back to the editor."""
        saved = self.query_one("#saved")
        is_there = saved.has_focus
        saved.set_class(not is_there, "asked")
        self.query_one("#editor" if is_there else "#saved").focus()

    def action_save(self) -> None:
        """Keep the query under a name."""
        self.app.push_screen(Line("Save this query as:"), self._save)

    def action_export(self) -> None:
        """Ask for a file name, then write all rows."""
        if not self._text:
            self.notify("run a query first (F5)", severity="warning")
            return
        question = "Write all rows to (.csv .parquet .json), in the project folder:"
        self.app.push_screen(Line(question, "exports/query.csv"), self._export)

    def action_choose(self) -> None:
        """Enter: load the saved query, or open the row's candidate or slump."""
        if self.query_one("#saved").has_focus:
            name = self._saved[self.query_one("#saved", LazyList).cursor]
            editor = self.query_one("#editor", SqlEditor)
            editor.text = self._gateway.sql.memory.saved()[name]
            editor.move_cursor(editor.document.end)
            editor.border_title = f"query · {safe_text(name)}"
            self.query_one("#saved").remove_class("asked")
            editor.focus()
            self.action_run()
        elif self.query_one("#rows").has_focus:
            self._open_row()

    def action_move(self, step: int) -> None:
        """Move in the list that has the focus."""
        name = "#saved" if self.query_one("#saved").has_focus else "#rows"
        self.query_one(name, LazyList).move(step)

    def action_shift(self, step: int) -> None:
        """Show columns farther to the right or left."""
        columns = len(self._answer.table.columns) if self._answer else 1
        self._first = max(0, min(columns - 1, self._first + step))
        self._draw_names()
        self.query_one("#rows").refresh()

    def action_back(self) -> None:
        """Stop a running query, else leave."""
        if self._is_asking:
            self._gateway.sql.stop()
        elif self.query_one("#saved").has_focus:
            self.action_saved()
        else:
            self.dismiss()

    def _open_row(self) -> None:
        answer, row = self._answer, self.query_one("#rows", LazyList).cursor
        if answer is None or row >= len(answer.table.rows):
            return
        values = dict(zip(answer.table.columns, answer.table.rows[row], strict=True))
        if isinstance(values.get("candidate_id"), int):
            self.app.go("triage", candidate_id=values["candidate_id"])  # type: ignore[attr-defined]
        elif isinstance(values.get("slump_id"), int):
            self.app.go("map", slump_id=values["slump_id"])  # type: ignore[attr-defined]
        else:
            self.notify("this row holds no candidate_id and no slump_id")

    def _save(self, name: str | None) -> None:
        if not name:
            return
        text = self.query_one("#editor", SqlEditor).text
        is_kept = self._gateway.sql.memory.save(name, text)
        self.notify(
            f"saved: {name}" if is_kept else "not saved: see the config folder", markup=False
        )
        self._list_saved()

    def _export(self, name: str | None) -> None:
        if name:
            self.export(name)

    def _list_saved(self) -> None:
        self._saved = list(self._gateway.sql.memory.saved())
        self.query_one("#saved", LazyList).set_total(len(self._saved))

    def _show(self, text: str, answer: Answer) -> None:
        self._is_asking, self._answer, self._text, self._first = False, answer, text, 0
        table = answer.table
        self._layout = Layout(table.columns, table.rows)
        cut = f"the first {LIMIT:,} rows" if table.is_cut else f"{len(table.rows):,} rows"
        pane = self.query_one("#result")
        pane.border_title = f"{cut} · {1000 * answer.seconds:,.0f} ms"
        pane.border_subtitle = f"at most {LIMIT:,} rows are fetched; F6 writes all"
        self.query_one("#editor").border_subtitle = FOOT
        self._draw_names()
        rows = self.query_one("#rows", LazyList)
        rows.cursor = 0
        rows.set_total(len(table.rows))

    def _draw_names(self) -> None:
        names = self._layout.header(first=self._first) if self._layout else ""
        self.query_one("#names", Static).update(content(names))

    def _fail(self, error: RtsError) -> None:
        self._is_asking = False
        self.query_one("#result").border_title = "refused"
        self.say(error)

    def _row(self, row: int) -> str:
        answer, layout = self._answer, self._layout
        if answer is None or layout is None or row >= len(answer.table.rows):
            return ""
        return layout.row(answer.table.rows[row], first=self._first)

    def _saved_row(self, row: int) -> str:
        return safe_text(self._saved[row]) if row < len(self._saved) else ""
