"""Where an image lies: a file of this machine, or one object of an object store.

A URL is taken in one spelling only. Whatever could make two readers see two places in it is
refused, not repaired: a name or a password before the host, a query, dot segments, escapes of dots
and slashes, control characters. So a prefix that a person has allowed is compared segment by
segment, and what is compared is what is asked for.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from rtsproj.errors import UsageError

SCHEMES = ("https", "http", "s3", "gs", "az")
HINT = "write it plainly, such as s3://bucket/folder/image.tif or https://host/folder/image.tif"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(?:/(.*))?", re.DOTALL)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_ESCAPE = re.compile(r"%(.{0,2})", re.DOTALL)
_PORTS = {"https": ":443", "http": ":80"}


@dataclass(frozen=True, slots=True)
class ImageUrl:
    """One object of an object store or web server; made by ``image_url`` alone.

    Attributes:
        scheme: one of ``SCHEMES``.
        authority: host in lower case, with the port where it is not the usual one; of s3, gs and
            az the bucket or container.
        key: path below it, without a slash before or after; escaped as given for https and http,
            plain text for the others.
    """

    scheme: str
    authority: str
    key: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}/{self.key}"

    @property
    def name(self) -> str:
        """Last segment of the key."""
        return PurePosixPath(self.key).name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.key).stem

    @property
    def suffix(self) -> str:
        """End of the name, such as ``.tif``."""
        return PurePosixPath(self.key).suffix

    @property
    def folder(self) -> str:
        """The URL up to the last slash: the narrowest start that a person may want to allow."""
        return str(self)[: -len(self.name)]

    def is_below(self, start: "ImageUrl") -> bool:
        """True where the other is this URL or ends at one of its slashes."""
        own, other = (one.key.split("/") if one.key else [] for one in (self, start))
        return (self.scheme, self.authority, own[: len(other)]) == (
            start.scheme,
            start.authority,
            other,
        )


Place: TypeAlias = Path | ImageUrl


def place_of(text: str) -> Place:
    """What a text names: an object where it starts like a URL, else a file.

    Raises:
        UsageError: a URL that cannot be taken.
    """
    return image_url(text) if _URL.fullmatch(text) else Path(text)


def image_url(text: str) -> ImageUrl:
    """Take a URL of one image.

    Raises:
        UsageError: it holds a password or a query, leads through dots, or has another scheme. What
            may be a secret is not repeated.
    """
    url = _parsed(text)
    if not url.key:
        raise UsageError(f"{url} names no image", hint=HINT)
    return url


def url_start(text: str) -> ImageUrl:
    """Take the start of URLs that a person allows; a slash at its end may be left out.

    Raises:
        UsageError: as ``image_url``.
    """
    return _parsed(text.removesuffix("/") if text.count("/") > 2 else text)


def _parsed(text: str) -> ImageUrl:
    found = _URL.fullmatch(text)
    if found is None:
        raise UsageError(f"{_shown(text)} is not a URL", hint=HINT)
    scheme, authority, key = found[1].lower(), found[2].lower(), found[3] or ""
    if "@" in text:
        raise UsageError(
            f"a URL of {scheme} holds a name or a password before @",
            hint="leave it out: credentials come from the environment alone, such as AWS_…",
        )
    if "?" in text or "#" in text:
        raise UsageError(
            f"{_shown(text)} goes on with a query",
            hint="leave it out: a signature in a URL would be kept with the project",
        )
    if scheme not in SCHEMES:
        raise UsageError(
            f"{_shown(text)}: {scheme} is not known", hint=f"one of {', '.join(SCHEMES)}"
        )
    shape = _HOST if scheme in _PORTS else _BUCKET
    if not shape.fullmatch(authority) or ".." in authority:
        raise UsageError(f"{_shown(text)}: no host or bucket is called so", hint=HINT)
    _check_key(key, text)
    return ImageUrl(scheme, authority.removesuffix(_PORTS.get(scheme, "/")), key)


def _check_key(key: str, text: str) -> None:
    """Refuse what could be read in two ways."""
    is_plain = key.isprintable() and "\\" not in key
    is_winding = bool(key) and any(part in ("", ".", "..") for part in key.split("/"))
    if not is_plain or is_winding or not all(map(_is_harmless, _ESCAPE.findall(key))):
        raise UsageError(
            f"{_shown(text)} holds an empty or a dotted segment, a control character, a backslash, "
            "or an escape of one of them",
            hint=HINT,
        )


def _is_harmless(code: str) -> bool:
    """True for the two digits of an escape that stands for no dot, slash, percent or control."""
    if not re.fullmatch(r"[0-9A-Fa-f]{2}", code):
        return False
    char = chr(int(code, 16))
    return char not in "./\\%\x7f" and char >= " "


def _shown(text: str) -> str:
    """A URL for messages, without what may be a secret."""
    return re.split(r"[?#]", "…" if "@" in text else text, maxsplit=1)[0]
