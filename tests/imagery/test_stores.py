"""How stores are asked: endpoints, and credentials that go nowhere else and into no text."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from ranges import allow, serving

from rtsproj.domain.places import image_url
from rtsproj.errors import UsageError
from rtsproj.imagery.objects import reader as reader_module
from rtsproj.imagery.objects import store as store_module
from rtsproj.imagery.objects.reader import ObjectError, ObjectReader
from rtsproj.imagery.objects.store import store_of
from rtsproj.imagery.safety import open_dataset

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105  the published example's
AWS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without credentials, and no waiting."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(store_module, "PAUSE_S", 0.01)
    monkeypatch.setattr(store_module, "RETRIES", 1)
    reader_module._quiet_of.cache_clear()
    for name in (*AWS, "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AZURE_STORAGE_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("is_signed", [True, False])
def test_requests_are_signed_where_the_environment_brings_credentials_and_only_there(
    is_signed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as server:
        (tmp_path / "a%20b.tif").write_bytes(bytes(range(100)))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}/data")
        for name, value in AWS.items() if is_signed else ():
            monkeypatch.setenv(name, value)
        assert ObjectReader(image_url("s3://bucket/a b.tif")).read(3, 5) == bytes(range(3, 8))
    # and nobody else was asked, for credentials or for the object
    assert [path for path, _ in server.asked] == ["/data/bucket/a%20b.tif"]
    assert ("authorization" in server.headers[0]) == is_signed


def test_escapes_of_a_url_stay_what_they_are(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (tmp_path / "a%20b.tif").write_bytes(bytes(range(100)))
        ObjectReader(image_url(server.url("a%20b.tif"))).read(3, 5)
    assert [path for path, _ in server.asked] == ["/data/a%20b.tif"]


def test_google_without_credentials_asks_for_none() -> None:
    store, key = store_of(image_url("gs://bucket/folder/a.tif"))
    assert key == "folder/a.tif"
    assert store.config["skip_signature"] == "true"


def test_azure_needs_to_know_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="az://images/a") as caught:
        store_of(image_url("az://images/a"))
    assert "AZURE_STORAGE_ACCOUNT_NAME" in caught.value.hint
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "lab")
    assert store_of(image_url("az://images/a"))[0].config["skip_signature"] == "true"
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=x")
    assert "skip_signature" not in store_of(image_url("az://images/a"))[0].config


def test_secrets_stand_in_no_text_of_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        for name, value in {**AWS, "AWS_SESSION_TOKEN": "hunter2"}.items():
            monkeypatch.setenv(name, value)
        allow(monkeypatch, tmp_path / "config", "s3://bucket/2019")
        for status in (403, 500, 400):
            server.always = status
            reader_module._quiet_of.cache_clear()
            with pytest.raises(ObjectError) as caught:
                open_dataset(image_url("s3://bucket/2019/a.tif"))
            said = f"{caught.value.what} {caught.value.hint} {caught.value.__cause__}"
            assert not any(one in said for one in (SECRET, "hunter2", "AKIA"))
    assert {path for path, _ in server.asked} == {"/bucket/2019/a.tif"}
    assert server.headers[0]["x-amz-security-token"] == "hunter2"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate")
def test_https_asks_only_a_host_whose_certificate_holds(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    how = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
    subprocess.run(["openssl", *how.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(tmp_path, context) as server:
        url = image_url(server.url("a.tif").replace("http:", "https:"))
        with pytest.raises(ObjectError, match="no answer"):
            ObjectReader(url).read(3, 5)
    assert not server.asked
