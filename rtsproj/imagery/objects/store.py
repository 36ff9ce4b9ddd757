"""Which store holds an object, by obstore: its own names for endpoints, regions and credentials.

Credentials come from the variables and files that the stores' own tools use and are never kept
here. Where the environment names none, requests are not signed, so that no other service is asked
for any.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, HTTPStore, ObjectStore, S3Store

from rtsproj.domain.places import ImageUrl
from rtsproj.errors import UsageError

WAIT_S = 20.0
"""s without a byte, for a connection or an answer."""
MOST_S = 120.0
"""s of one request in all; 4 MiB in it are 35 kB/s."""
RETRIES = 4
"""Further tries where the store is busy, a connection broke, or a wait ran out."""
PAUSE_S = 0.5
"""s before the first of them; twice as long before each next one."""

HINTS = {
    "s3": "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION; for a "
    "profile, a role or SSO: `aws configure export-credentials --format env`",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_SAS_TOKEN or "
    "AZURE_STORAGE_ACCOUNT_KEY",
    "https": "only what can be read without a login is read over https",
    "http": "only what can be read without a login is read over http",
}
"""Scheme -> what to do where the store refuses."""
_CREDENTIALS = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_"),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT"),
    "az": (
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_SAS_",
        "AZURE_STORAGE_TOKEN",
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
    ),
}
"""Scheme -> how variables start that bring credentials."""
_GOOGLE_FILE = ".config/gcloud/application_default_credentials.json"


def store_of(url: ImageUrl) -> tuple[ObjectStore, str]:
    """The store of an object, and the object's path in it; nothing is asked yet.

    Raises:
        UsageError: the environment does not name what the store needs to know.
    """
    how: dict[str, Any] = {
        "client_options": {
            "connect_timeout": timedelta(seconds=WAIT_S),
            "read_timeout": timedelta(seconds=WAIT_S),
            "timeout": timedelta(seconds=MOST_S),
            "allow_http": url.scheme == "http" or _is_plain(),
        },
        "retry_config": {
            "max_retries": RETRIES,
            "retry_timeout": timedelta(seconds=2 * MOST_S),
            "backoff": {
                "init_backoff": timedelta(seconds=PAUSE_S),
                "max_backoff": timedelta(seconds=8 * PAUSE_S),
                "base": 2,
            },
        },
    }
    if url.scheme in ("https", "http"):
        return HTTPStore(f"{url.scheme}://{url.authority}", **how), unquote(url.key)
    kinds = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    config = {} if _has_credentials(url.scheme) else {"skip_signature": True}
    try:
        return kinds[url.scheme](url.authority, config=config, **how), url.key
    except BaseError as error:
        raise UsageError(
            f"{url}: the environment does not say how to reach this store", hint=HINTS[url.scheme]
        ) from error


def _has_credentials(scheme: str) -> bool:
    if scheme == "gs" and (Path.home() / _GOOGLE_FILE).exists():
        return True
    return any(one.startswith(_CREDENTIALS[scheme]) for one in os.environ)


def _is_plain() -> bool:
    """True where the environment names an endpoint of its own that is not https."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return any(os.environ.get(one, "").startswith("http://") for one in names)
