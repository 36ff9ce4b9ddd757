"""What was asked of the screen on the command line; light, because every verb's door loads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the screen shall be.

    Attributes:
        pictures: a mode's name, None = what was chosen before, or what fits.
        theme: dark, light or 16, None = what was chosen before.
        ascii: marks, frames and pictures of ASCII only.
        probe: ask an unknown terminal once what it can do.
        mouse: take the mouse.
        force_utf8: go on although the terminal's encoding is not UTF-8.
    """

    pictures: str | None = None
    theme: str | None = None
    ascii: bool = False
    probe: bool = True
    mouse: bool = True
    force_utf8: bool = False

    def then(self, later: "Wishes") -> "Wishes":
        """With what was said later; it counts where both say something."""
        return Wishes(
            pictures=later.pictures or self.pictures,
            theme=later.theme or self.theme,
            ascii=later.ascii or self.ascii,
            probe=later.probe and self.probe,
            mouse=later.mouse and self.mouse,
            force_utf8=later.force_utf8 or self.force_utf8,
        )
