"""How a store is asked for one object: host, path and headers, signed where there are credentials.

Credentials come from the variables and files that GDAL and the stores' own tools use, at each
request, so that renewed ones are taken up; they are never kept, and only go where they belong: to
the store that they are for, over https or to an endpoint that the environment names.

References:
    AWS Signature Version 4, "Examples: signature calculations", GET object (also Google's XML API
    with HMAC keys); Azure: SAS tokens; GDAL, "Virtual file systems", names of the variables.
"""

import configparser
import hashlib
import hmac
import netrc
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from rtsproj.domain.places import ImageUrl
from rtsproj.errors import UsageError

_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_GOOGLE = "storage.googleapis.com"
_YES = ("YES", "TRUE", "ON", "1")

HINTS = {
    "s3": "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, or "
    "AWS_PROFILE; for a role or SSO: `aws configure export-credentials --format env`",
    "gs": "set GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY, or "
    "CLOUDSDK_AUTH_ACCESS_TOKEN=$(gcloud auth print-access-token)",
    "az": "set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_SAS_TOKEN",
    "https": "put the host's login into ~/.netrc, or make the object readable",
    "http": "no credentials are sent over http: use https",
}
"""Scheme -> what to do where the store refuses."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked, and of whom.

    Attributes:
        is_secure: https.
        host: with the port, where it is not the usual one.
        path: escaped, with a query where the store wants one; may hold a secret.
        headers: without Host; may hold secrets.
    """

    is_secure: bool
    host: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Credentials of an S3 store."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    token: str = field(repr=False)
    region: str


def target_of(
    url: ImageUrl, ranged: Mapping[str, str], environment: Mapping[str, str], now: datetime
) -> Target:
    """Compose one request.

    Args:
        url: the object.
        ranged: headers of the request itself: Range and what it depends on.
        environment: variables that name endpoints and credentials.
        now: UTC; part of a signature.

    Raises:
        UsageError: a variable is missing, or a credential cannot stand in a request.
    """
    target = _BY_SCHEME[url.scheme](url, dict(ranged), environment, now)
    sent = (*target.headers.values(), target.path, target.host)
    if not all(map(_is_sendable, sent)) or " " in target.path + target.host:
        raise UsageError(
            f"{url}: a credential or an endpoint of the environment holds a blank or another "
            "character that no request can carry",
            hint="set the variable again, without line ends and quotes",
        )
    return target


def _web(
    url: ImageUrl, headers: dict[str, str], environment: Mapping[str, str], _now: datetime
) -> Target:
    is_secure = url.scheme == "https"
    if is_secure:
        login = _login(url.authority, environment)
        if login:
            headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()
    return Target(is_secure, url.authority, "/" + quote(url.key, safe="/%~!$&'()*+,;=:"), headers)


def _s3(
    url: ImageUrl, headers: dict[str, str], environment: Mapping[str, str], now: datetime
) -> Target:
    keys = _aws_keys(environment)
    region = keys.region if keys else _aws_region(environment, {})
    given = environment.get("AWS_S3_ENDPOINT") or environment.get("AWS_ENDPOINT_URL_S3", "")
    scheme, _, host = given.rpartition("://")
    is_secure = scheme != "http" and environment.get("AWS_HTTPS", "YES").upper() in _YES
    endpoint = host.rstrip("/") or f"s3.{region}.amazonaws.com"
    has_own_host = not given and "." not in url.authority
    if given:
        has_own_host = environment.get("AWS_VIRTUAL_HOSTING", "NO").upper() in _YES
    path = "/" + quote(url.key if has_own_host else f"{url.authority}/{url.key}", safe="/~")
    place = Target(
        is_secure, f"{url.authority}.{endpoint}" if has_own_host else endpoint, path, headers
    )
    if environment.get("AWS_REQUEST_PAYER"):
        headers["x-amz-request-payer"] = environment["AWS_REQUEST_PAYER"]
    return _signed(place, keys, now) if keys else place


def _google(
    url: ImageUrl, headers: dict[str, str], environment: Mapping[str, str], now: datetime
) -> Target:
    path = "/" + quote(f"{url.authority}/{url.key}", safe="/~")
    place = Target(True, _GOOGLE, path, headers)  # noqa: FBT003  a field, not a flag
    key_id = environment.get("GS_ACCESS_KEY_ID", "")
    if key_id:
        secret = environment.get("GS_SECRET_ACCESS_KEY", "")
        return _signed(place, _Keys(key_id, secret, "", "auto"), now)
    token = environment.get("CLOUDSDK_AUTH_ACCESS_TOKEN")
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return place


def _azure(
    url: ImageUrl, headers: dict[str, str], environment: Mapping[str, str], _now: datetime
) -> Target:
    account = environment.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise UsageError(f"{url}: the storage account is not known", hint=HINTS["az"])
    path = "/" + quote(f"{url.authority}/{url.key}", safe="/~")
    signature = environment.get("AZURE_STORAGE_SAS_TOKEN", "").removeprefix("?")
    headers["x-ms-version"] = "2020-04-08"
    host = f"{account}.blob.core.windows.net"
    return Target(True, host, f"{path}?{signature}" if signature else path, headers)  # noqa: FBT003


_BY_SCHEME = {"https": _web, "http": _web, "s3": _s3, "gs": _google, "az": _azure}


def _signed(target: Target, keys: _Keys, now: datetime) -> Target:
    """Signature Version 4 over host, path and every header."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        **target.headers,
        "x-amz-content-sha256": _EMPTY_SHA256,
        "x-amz-date": moment,
        **({"x-amz-security-token": keys.token} if keys.token else {}),
    }
    signed = sorted({"host": target.host, **{k.lower(): v for k, v in headers.items()}}.items())
    names = ";".join(name for name, _ in signed)
    lines = "".join(f"{name}:{value.strip()}\n" for name, value in signed)
    asked = f"GET\n{target.path}\n\n{lines}\n{names}\n{_EMPTY_SHA256}"
    scope = f"{moment[:8]}/{keys.region}/s3/aws4_request"
    digest = hashlib.sha256(asked.encode()).hexdigest()
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys.key_id}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    return Target(target.is_secure, target.host, target.path, headers)


def _aws_keys(environment: Mapping[str, str]) -> _Keys | None:
    """From the variables, else from the profile; None = ask without a signature."""
    if environment.get("AWS_NO_SIGN_REQUEST", "").upper() in _YES:
        return None
    profile = environment.get("AWS_PROFILE", "default")
    kept = _aws_file(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials").get(profile, {})
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    source = environment if environment.get(names[0]) else {k.upper(): v for k, v in kept.items()}
    key_id, secret, token = (source.get(name, "") for name in names)
    if not key_id or not secret:
        return None
    return _Keys(key_id, secret, token, _aws_region(environment, kept))


def _aws_region(environment: Mapping[str, str], kept: Mapping[str, str]) -> str:
    named = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if named:
        return named
    profile = environment.get("AWS_PROFILE", "default")
    section = profile if profile == "default" else f"profile {profile}"
    own = _aws_file(environment, "AWS_CONFIG_FILE", "config").get(section, {})
    return own.get("region") or kept.get("region") or "us-east-1"


def _aws_file(
    environment: Mapping[str, str], variable: str, name: str
) -> dict[str, dict[str, str]]:
    path = Path(environment.get(variable) or Path.home() / ".aws" / name)
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error):
        raise UsageError(f"{path} cannot be read", hint="mend it, or set AWS_… variables") from None
    return {section: dict(parser[section]) for section in parser.sections()}


def _login(authority: str, environment: Mapping[str, str]) -> str:
    """name:password of a host in ~/.netrc; empty where there is none."""
    path = Path(environment.get("NETRC") or Path.home() / ".netrc")
    try:
        found = netrc.netrc(str(path)).hosts.get(authority.partition(":")[0])
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
        raise UsageError(f"{path} cannot be read", hint="mend it (chmod 600)") from None
    return f"{found[0]}:{found[2]}" if found else ""


def _is_sendable(text: str) -> bool:
    return text.isascii() and text.isprintable() and text == text.strip()
