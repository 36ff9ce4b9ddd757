"""Takes stray answers of the terminal out of what is typed; keys are never held for long.

textual turns every answer that it does not expect into key presses, and in a program of one-key
verdicts those would be decisions. Answers come late over slow lines, and in pieces.
"""

import re
from dataclasses import dataclass

HOLD_S = 0.06
"""s that the beginning of an answer is held: what a person types (escape, alt and a key) is as
short as that beginning, and goes on after this time."""
STRING_S = 2.0
"""s after which an answer that was begun, but not ended, is thrown away."""
LATE_S = 1.5
"""s after which a let-go beginning is no longer joined with what follows it."""
LONGEST = 65_536
PASTE_BEGIN, PASTE_END = "\x1b[200~", "\x1b[201~"
REPLY = re.compile(
    r"\x1b\[[?>][\d;]*c"  # device attributes
    r"|\x1b\[[4689](?:;\d+){2}t"  # sizes: 4 window px, 6 cell px, 8 and 9 cells
    r"|\x1b\[\?\d+u"  # state of the kitty keyboard
    r"|\x1b[P_\]][^\x1b\x18\x1a\x07]*(?:\x1b\\|\x07)"  # whole DCS, APC and OSC strings
)
STRING_BEGIN = re.compile(r"\x1bP(?:>\||[01]?[$+]r|!\|)|\x1b_G[A-Za-z]=|\x1b\](?:\d{1,4};|[lL])")
"""No person types this: from here on the string is thrown away up to its end."""
STRING_PART = re.compile(r"\x1b(?:P(?:>|[01]?[$+]?|!)?|_(?:G[A-Za-z]?)?|\]\d{0,4})\Z")
SEQUENCE_PART = re.compile(r"\x1b(?:\[(?:[?>][\d;]*\$?|[4689](?:;\d*){0,2}|20?0?)?)?\Z")
NOT_TYPED = re.compile(r"\x1b\[(?:[?>]\d|[4689];)")
"""The beginning of a sequence that only a machine sends."""
BREAK = re.compile(r"[\x18\x1a]|\x1b(?!\\|\Z)")
"""What breaks a string off: cancel, or another sequence."""


@dataclass(slots=True)
class ReplyFilter:
    """State between two reads.

    Attributes:
        held: the beginning of what may be an answer.
    """

    held: str = ""
    _held_at: float = 0.0
    _let_go: str = ""
    _let_go_at: float = 0.0
    _is_pasting: bool = False

    @property
    def is_holding(self) -> bool:
        """True while something waits for its rest."""
        return bool(self.held)

    def feed(self, text: str, now: float) -> str:
        """What of the text is typed.

        Args:
            text: as read.
            now: s, of any clock that only goes forward.
        """
        rest, self.held = self.held + self._without_known(text, now), ""
        out = []
        while rest and not self.held:
            passed, rest = self._pasted(rest) if self._is_pasting else self._typed(rest)
            out.append(passed)
        if self.held:
            self._held_at = now
        return "".join(out)

    def overdue(self, now: float) -> str:
        """What was held for too long: keys go on, a broken answer is thrown away."""
        waited_s = now - self._held_at
        if self._is_pasting:
            return ""  # perhaps the beginning of its end: joined with what comes, however late
        if STRING_BEGIN.match(self.held) or NOT_TYPED.match(self.held):
            if waited_s > STRING_S or len(self.held) > LONGEST:
                self.held = ""
            return ""
        if not self.held or waited_s < HOLD_S:
            return ""
        gone, self.held = self.held, ""
        self._let_go, self._let_go_at = gone, now
        return gone

    def _without_known(self, text: str, now: float) -> str:
        """Drop the rest of an answer whose first characters went on as keys a moment ago."""
        begun, self._let_go = self._let_go, ""
        if not begun or now - self._let_go_at > LATE_S:
            return text
        whole = begun + text
        found = REPLY.match(whole)
        if found and found.end() > len(begun):
            return whole[found.end() :]
        is_answer = STRING_BEGIN.match(whole) or (
            NOT_TYPED.match(whole) and SEQUENCE_PART.match(whole)
        )
        return whole if is_answer else text

    def _pasted(self, text: str) -> tuple[str, str]:
        """Inside a paste all but escape goes on; its end may come in pieces.

        textual (8.2.8) takes an escape in a paste, and up to 32 characters behind it, for keys.
        """
        at = text.find(PASTE_END)
        if at >= 0:
            self._is_pasting = False
            return text[:at].replace("\x1b", "") + PASTE_END, text[at + len(PASTE_END) :]
        sizes = range(len(PASTE_END) - 1, 0, -1)
        size = next((n for n in sizes if text.endswith(PASTE_END[:n])), 0)
        inside, self.held = text[: len(text) - size], text[len(text) - size :]
        return inside.replace("\x1b", ""), ""

    def _typed(self, text: str) -> tuple[str, str]:
        """(what goes on, what is still to be looked at) of text outside a paste."""
        at = text.find("\x1b")
        if at != 0:
            return (text, "") if at < 0 else (text[:at], text[at:])
        if text.startswith(PASTE_BEGIN):
            self._is_pasting = True
            return PASTE_BEGIN, text[len(PASTE_BEGIN) :]
        rest = self._after_answer(text)
        return (text[0], text[1:]) if rest is None else ("", rest)

    def _after_answer(self, text: str) -> str | None:
        """What follows an answer at the beginning of a text; None = it begins with none."""
        if found := REPLY.match(text):
            return text[found.end() :]
        if STRING_BEGIN.match(text):
            return self._inside_string(text)
        if SEQUENCE_PART.match(text) or STRING_PART.match(text):
            self.held = text
            return ""
        return None

    def _inside_string(self, text: str) -> str:
        """Hold a string that has no end yet; return what comes after one that was broken off."""
        broken = BREAK.search(text, 1)
        if broken:
            return text[broken.start() :].lstrip("\x18\x1a")
        self.held = text
        return ""
