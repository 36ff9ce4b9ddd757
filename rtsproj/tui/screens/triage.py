"""Triage: queue, pictures of every year, evidence, one-key verdicts saved before they show."""

import asyncio
import time
from collections.abc import Callable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Static

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.domain.text import safe_text
from rtsproj.domain.views import Frame, Look
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.gateway.pictures import Sheet
from rtsproj.tui.gateway.review import word_for
from rtsproj.tui.keys import TRIAGE, bindings
from rtsproj.tui.review import ASCII_GLYPHS, GLYPHS, Review
from rtsproj.tui.screens.dialogs import BulkPrompt, ReasonPrompt
from rtsproj.tui.screens.questions import Line, TextPage
from rtsproj.tui.screens.triage_looks import Looks
from rtsproj.tui.screens.triage_marks import Marks
from rtsproj.tui.text import content
from rtsproj.tui.widgets.evidence import Shown, evidence_lines
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.widgets.picture import PictureView
from rtsproj.tui.widgets.year_strip import YearStrip
from rtsproj.workflow.queue import ORDERS, Kind, Queue, Wanted

AHEAD = 3
"""Candidates whose pictures are read ahead."""
REST_S = 0.06
"""s that the cursor rests before a picture is read, so that a held key stays light."""
CLAIM_REST_S = 1.0
"""s that the cursor rests before the next candidates are claimed."""


class TriageScreen(Looks, Marks, Screen[None]):
    """One candidate at a time."""

    BINDINGS = bindings(TRIAGE)
'''
