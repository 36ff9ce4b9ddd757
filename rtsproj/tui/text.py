"""Lines of plain text as textual content: nothing in them is markup."""

from textual.content import Content


def content(*lines: str) -> Content:
    """Join lines; markup characters stay as they are."""
    return Content("\n".join(lines))
