"""Triage driven by keys: marks, bulk, filter, adjudication, outlines; what is on disk counts."""

from desk import search, square, stop_at_once
from driving import settle, text_of
from rooms import toasts
from textual.pilot import Pilot

from rtsproj.domain.decisions import Verdict
from rtsproj.store.database import rows, scalar
from rtsproj.tui.app import RtsApp
from rtsproj.tui.display import Display
from rtsproj.tui.screens.dialogs import BulkPrompt, ReasonPrompt, SecondOpinion, reason_keys
from rtsproj.tui.screens.outline import OutlineScreen
from rtsproj.tui.screens.triage import TriageScreen
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.undo import undo

SHAPES = [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12), square(20, 150, 11)]


def words(project: Project) -> list[dict]:
    with reading(project) as connection:
        return rows(connection, "FROM decision ORDER BY decision_id")


def here(pilot: Pilot) -> int:
    screen = pilot.app.screen
    return screen._state.id_at(screen._list.cursor)


async def opened(pilot: Pilot) -> None:
    await settle(pilot)
    assert isinstance(pilot.app.screen, TriageScreen)


async def test_marks_pressed_in_a_row_are_all_on_disk(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        one = here(pilot)
        await pilot.press("1", "3", "C", "f")
        await settle(pilot)
        said = words(project)[-1]
        assert (said["candidate_id"], said["verdict"]) == (one, "withdraw")
        assert said["evidence"] == "headwall,flow_or_toe"
        assert (said["confidence"], said["flagged"]) == ("certain", True)
        assert "1✓ headwall" in text_of(app)
        # WHEN the verdict comes, it carries the marks
        await pilot.press("y")
        await settle(pilot)
        said = words(project)[-1]
        assert (said["verdict"], said["evidence"]) == ("accept", "headwall,flow_or_toe")
        # AND undo walks back through verdict and marks
        await pilot.press("u", "u", "u", "u", "u")
        await settle(pilot)
        said = words(project)[-1]
        assert (said["verdict"], said["evidence"], said["flagged"]) == ("withdraw", "", False)


async def test_a_note_is_kept_and_no_key_in_it_decides(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("e", *"yny", "enter")
        await settle(pilot)
        assert [one["note"] for one in words(project)] == ["yny"]
        assert [one["verdict"] for one in words(project)] == ["withdraw"]
        await pilot.press("e", "y", "escape")
        await settle(pilot)
        assert len(words(project)) == 1


async def test_marked_ones_are_decided_together_only_with_their_count(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("x", "x", "X")
        await settle(pilot)
        assert isinstance(app.screen, BulkPrompt)
        await pilot.press(*"reject 3", "enter")
        await settle(pilot)
        assert words(project) == []
        await pilot.press("backspace", "2", "enter")
        await settle(pilot)
        assert [one["verdict"] for one in words(project)] == ["reject", "reject"]
        assert "2/4 decided" in text_of(app)
        assert "2 saved: reject; one u takes all of them back" in toasts(app)
        await pilot.press("u")
        await settle(pilot)
        assert "undone: one act of 2 decisions" in toasts(app)
        assert "0/4 decided" in text_of(app)
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert "2/4 decided" in text_of(app)
        assert [one["verdict"] for one in words(project)] == [
            *["reject"] * 2, *["withdraw"] * 2, *["reject"] * 2,
        ]  # fmt: skip


async def test_filter_and_order_shrink_and_turn_the_queue(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"road<100", "enter")
        await settle(pilot)
        assert sorted(app.screen._state.queue.ids.tolist()) == [1, 3]
        assert "road<100" in text_of(app)
        await pilot.press("slash", *([*["backspace"] * 8, *"banana"]), "enter")
        await settle(pilot)
        assert "filter word 'banana'" in text_of(app)
        await pilot.press("slash", *["backspace"] * 6, "enter")
        await settle(pilot)
        assert len(app.screen._state.queue) == 4
        await pilot.press("Q")
        await settle(pilot)
        assert "uncertainty" in text_of(app)


async def test_a_held_key_drops_and_reorders_nothing(project: Project) -> None:
    stop_at_once(project)
    search(project, [square(3 * n % 180, 3 * n // 180 * 9 + 60, 2) for n in range(120)])
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press(*["j"] * 60, *["k"] * 20, "y")
        await settle(pilot)
        row = 40
        assert words(project)[0]["candidate_id"] == app.screen._state.id_at(row)


async def test_resume_is_where_one_left_off(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("j", "j")
        await pilot.pause(1.3)
        await settle(pilot)
        left_at = here(pilot)
        await pilot.press("q")
        await settle(pilot)
    again = RtsApp(project, analyst="ann", at="triage")
    async with again.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        assert here(pilot) == left_at
    with reading(project) as connection:
        assert scalar(connection, "SELECT count(*) FROM bookmark") == 1


async def test_two_analysts_are_not_handed_the_same_candidate(project: Project) -> None:
    search(project, SHAPES)
    one, other = (RtsApp(project, analyst=name, at="triage") for name in ("ann", "bob"))
    async with one.run_test(size=(120, 36), notifications=True) as ann:
        await opened(ann)
        await ann.pause(1.3)
        await settle(ann)
        async with other.run_test(size=(120, 36), notifications=True) as bob:
            await opened(bob)
            assert len(bob.app.screen._state.queue) == 0
            assert "nothing is open" in text_of(other)


async def test_adjudication_shows_disputed_ones_and_settles_them(project: Project) -> None:
    search(project, SHAPES)
    decide(project, 2, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 2, Word(Verdict.REJECT), analyst="bob")
    decide(project, 3, Word(Verdict.UNSURE), analyst="bob")
    app = RtsApp(project, analyst="cleo")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        assert "1 candidate in dispute" in text_of(app)
        assert "0/1 agree; too few" in text_of(app)
        await pilot.press("d")
        await settle(pilot)
        assert app.screen._state.queue.ids.tolist() == [2, 3]
        await pilot.press("a")
        await settle(pilot)
        assert "bob" in text_of(app)
        await pilot.press("q", "y", "y")
        await settle(pilot)
    assert [one["purpose"] for one in words(project)[-2:]] == ["adjudication"] * 2


async def test_the_outline_ladder_saves_each_step(project: Project) -> None:
    search(project, SHAPES[:1])
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("E")
        await settle(pilot)
        assert isinstance(app.screen, OutlineScreen)
        await pilot.press("g")
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert "no neck" in text_of(app)
        await pilot.press("u")
        await settle(pilot)
        assert "undo to 0" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, TriageScreen)
    with reading(project) as connection:
        assert scalar(connection, "SELECT count(*) FROM outline_version") == 2


async def test_what_cannot_be_saved_stays_and_leaving_warns(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        before = here(pilot)
        project.journal.rmdir()
        project.journal.write_text("in the way")
        await pilot.press("y")
        await settle(pilot)
        assert "NOT SAVED" in text_of(app)
        assert here(pilot) == before
        await pilot.press("q")
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert "NOT SAVED" in text_of(app)


def test_reasons_of_a_project_get_keys_of_their_own() -> None:
    keys = reason_keys(("mining", "river", "barren", "water", "snow", "other", "icing", "shadow"))
    assert len(keys) == 8
    assert keys["m"] == "mining"
    assert set(keys.values()) >= {"icing", "shadow"}
    assert "u" not in keys


async def test_own_keys_are_obeyed(project: Project) -> None:
    search(project, SHAPES)
    display = Display(keymap={"verdict.reject": "f9"})
    app = RtsApp(project, analyst="ann", at="triage", display=display)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert words(project) == []
        await pilot.press("f9")
        await settle(pilot)
        assert isinstance(app.screen, ReasonPrompt)
        assert words(project)[0]["verdict"] == "reject"


async def test_what_another_analyst_has_decided_is_shown_and_not_decided_again_by_accident(
    project: Project,
) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        one = here(pilot)
        decide(project, one, Word(Verdict.ACCEPT), analyst="ben")
        await pilot.press("n")
        await settle(pilot)
        assert isinstance(app.screen, SecondOpinion)
        assert f"ben accepted C-{one:05} at " in text_of(app)
        # keys of verdicts, typed ahead, do not answer
        await pilot.press("n", "y", "m")
        assert [said["analyst"] for said in words(project)] == ["ben"]
        await pilot.press("enter")
        await settle(pilot)
        assert [said["analyst"] for said in words(project)] == ["ben"]
        assert here(pilot) != one
        assert "1/4 decided" in text_of(app)
        assert "by ben" in text_of(app)


async def test_a_second_opinion_is_saved_where_it_is_asked_for(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        one = here(pilot)
        decide(project, one, Word(Verdict.ACCEPT), analyst="ben")
        await pilot.press("m")
        await settle(pilot)
        await pilot.press("S")
        await settle(pilot)
        said = [(word["analyst"], word["verdict"]) for word in words(project)]
        assert said == [("ben", "accept"), ("ann", "unsure")]
        assert isinstance(app.screen, TriageScreen)


async def test_the_queue_notices_what_others_decide(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        one = here(pilot)
        ids = app.screen._state.queue.ids.tolist()
        for other in ids[:2]:
            decide(project, other, Word(Verdict.REJECT, "river"), analyst="ben")
        app.screen._look_at_others()
        await settle(pilot)
        assert any(f"ben rejected C-{one:05} (river) at" in said for said in toasts(app))
        assert text_of(app).count("by ben") == 2
        assert "2/4 decided" in text_of(app)
        # marks, and a bulk decision, are not saved over theirs either
        await pilot.press("f")
        await settle(pilot)
        assert len(words(project)) == 2
        # AND what they take back is open again
        undo(project, times=2, analyst="ben")
        app.screen._look_at_others()
        await settle(pilot)
        assert "0/4 decided" in text_of(app)


async def test_a_bulk_decision_leaves_out_what_others_have_decided(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        one = here(pilot)
        await pilot.press("x", "x", "X")
        await settle(pilot)
        await pilot.press(*"reject 2")
        decide(project, one, Word(Verdict.ACCEPT), analyst="ben")
        await pilot.press("enter")
        await settle(pilot)
        assert [said["analyst"] for said in words(project)] == ["ben"]
        assert any("not saved: ben accepted" in said for said in toasts(app))
        assert app.screen._state.marked.isdisjoint({one})
        assert len(app.screen._state.marked) == 1


async def test_full_screen_pictures_of_two_candidates_of_one_date_are_two_files(
    project: Project,
) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await opened(pilot)
        ids = []
        for _ in range(2):
            ids.append(here(pilot))
            await pilot.press("v")
            await settle(pilot)
            await pilot.press("j")
            await settle(pilot)
    names = sorted(one.name for one in (project.folder / "exports").glob("*.png"))
    assert len(names) == 2
    for one, name in zip(sorted(ids), names, strict=True):
        assert name.startswith(f"C-{one:05}-")
