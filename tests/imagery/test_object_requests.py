"""How stores are asked: signatures, endpoints, and credentials that go nowhere else."""

import shutil
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import ClassVar

import pytest
from ranges import Ranges, allow, serving

from rtsproj.domain.places import image_url
from rtsproj.errors import UsageError
from rtsproj.imagery.objects import reader as reader_module
from rtsproj.imagery.objects.reader import ObjectError, ObjectReader
from rtsproj.imagery.objects.request import Target, target_of
from rtsproj.imagery.safety import open_dataset

NOW = datetime(2013, 5, 24, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105  the published example's
AWS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
GOOGLE = {"GS_ACCESS_KEY_ID": "GOOG1", "GS_SECRET_ACCESS_KEY": "s"}
TOKEN = {"CLOUDSDK_AUTH_ACCESS_TOKEN": "ya29.x"}
SESSION = {"AWS_SESSION_TOKEN": "hunter2"}
RANGE = {"Range": "bytes=0-9"}


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without credentials, and no waiting."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(reader_module, "PAUSES_S", (0.0, 0.01))
    reader_module._quiet_of.cache_clear()
    for name in (*AWS, "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


def asked(url: str, **environment: str) -> Target:
    return target_of(image_url(url), RANGE, environment, NOW)


def test_the_signature_is_that_of_the_published_example() -> None:
    """Signature Version 4, examples of signature calculations, GET object.

    Its bucket is addressed by a host of its own without a region, as us-east-1 still may be.
    """
    endpoint = {"AWS_S3_ENDPOINT": "s3.amazonaws.com", "AWS_VIRTUAL_HOSTING": "TRUE"}
    target = asked("s3://examplebucket/test.txt", **AWS, **endpoint)
    assert target.host == "examplebucket.s3.amazonaws.com"
    assert target.headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize(
    ("url", "environment", "host", "path"),
    [
        ("s3://bucket/a b/ü.tif", {}, "bucket.s3.us-east-1.amazonaws.com", "/a%20b/%C3%BC.tif"),
        ("s3://bu.ck/a", {"AWS_REGION": "eu-x"}, "s3.eu-x.amazonaws.com", "/bu.ck/a"),
        ("s3://bucket/a", {"AWS_S3_ENDPOINT": "minio:9000"}, "minio:9000", "/bucket/a"),
        ("s3://bucket/a", {"AWS_ENDPOINT_URL_S3": "https://m:1/"}, "m:1", "/bucket/a"),
        ("gs://bucket/a~b", {}, "storage.googleapis.com", "/bucket/a~b"),
        (
            "az://images/a",
            {"AZURE_STORAGE_ACCOUNT": "lab", "AZURE_STORAGE_SAS_TOKEN": "?sv=1&sig=x%3D"},
            "lab.blob.core.windows.net",
            "/images/a?sv=1&sig=x%3D",
        ),
        ("https://host:8443/a%20b(1).tif", {}, "host:8443", "/a%20b(1).tif"),
    ],
)
def test_each_store_has_its_host_and_path(
    url: str, environment: dict[str, str], host: str, path: str
) -> None:
    target = asked(url, **environment)
    assert (target.is_secure, target.host, target.path) == (True, host, path)
    assert target.headers["Range"] == "bytes=0-9"


def test_plain_http_is_for_endpoints_that_the_environment_names_so() -> None:
    plain = {"AWS_S3_ENDPOINT": "127.0.0.1:9000", "AWS_HTTPS": "NO"}
    assert not asked("s3://bucket/a", **plain).is_secure
    assert not asked("s3://bucket/a", AWS_ENDPOINT_URL_S3="http://127.0.0.1:9000").is_secure
    assert not asked("http://host/a").is_secure


def test_credentials_come_from_the_profile_where_no_variable_gives_them(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    kept = "[lab]\naws_access_key_id = AKIALAB\naws_secret_access_key = s\naws_session_token = t\n"
    (tmp_path / ".aws" / "credentials").write_text(kept)
    (tmp_path / ".aws" / "config").write_text("[profile lab]\nregion = eu-central-1\n")
    target = asked("s3://bucket/a", AWS_PROFILE="lab")
    assert target.host == "bucket.s3.eu-central-1.amazonaws.com"
    assert "Credential=AKIALAB/20130524/eu-central-1/s3" in target.headers["Authorization"]
    assert target.headers["x-amz-security-token"] == "t"
    assert "x-amz-security-token" in target.headers["Authorization"]
    assert "Authorization" not in asked("s3://bucket/a").headers
    nothing = asked("s3://bucket/a", AWS_PROFILE="lab", AWS_NO_SIGN_REQUEST="YES")
    assert "Authorization" not in nothing.headers


def test_google_takes_its_keys_or_a_token() -> None:
    keys = asked("gs://bucket/a", **GOOGLE)
    assert "Credential=GOOG1/20130524/auto/s3/aws4_request" in keys.headers["Authorization"]
    token = asked("gs://bucket/a", **TOKEN)
    assert token.headers["Authorization"] == "Bearer ya29.x"


def test_azure_needs_to_know_the_account() -> None:
    with pytest.raises(UsageError, match="account is not known"):
        asked("az://images/a")


def test_a_login_is_for_its_host_and_for_https(tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine host login ann password hunter2\n")
    netrc.chmod(0o600)
    basic = "Basic " + b64encode(b"ann:hunter2").decode()
    assert asked("https://host/a").headers["Authorization"] == basic
    assert "Authorization" not in asked("http://host/a").headers
    assert "Authorization" not in asked("https://host.evil.net/a").headers


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_SESSION_TOKEN": "hunter2\n"},
        {"AWS_ACCESS_KEY_ID": "hunter2\r\nX-Evil: 1", "AWS_SECRET_ACCESS_KEY": "y"},
        {"AWS_S3_ENDPOINT": "hunter2 host"},
    ],
)
def test_a_credential_that_no_request_can_carry_is_refused_and_not_repeated(
    environment: dict[str, str],
) -> None:
    with pytest.raises(UsageError) as caught:
        asked("s3://bucket/a", **environment)
    assert "hunter2" not in caught.value.what + caught.value.hint


def test_secrets_stand_in_no_text_of_a_request_or_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as server:
        endpoint = {"AWS_S3_ENDPOINT": f"127.0.0.1:{server.port}", "AWS_HTTPS": "NO"}
        for name, value in {**AWS, **endpoint, **SESSION}.items():
            monkeypatch.setenv(name, value)
        allow(monkeypatch, tmp_path / "config", "s3://bucket/2019")
        for status in (403, 302, 500):
            server.always = status
            with pytest.raises(ObjectError) as caught:
                open_dataset(image_url("s3://bucket/2019/a.tif"))
            said = f"{caught.value.what} {caught.value.hint} {caught.value.__cause__}"
            assert SECRET not in said
            assert "hunter2" not in said
            assert "AKIA" not in said
    assert {path for path, _ in server.asked} == {"/bucket/2019/a.tif"}
    assert server.headers[0]["x-amz-security-token"] == "hunter2"
    assert server.headers[0]["host"] == f"127.0.0.1:{server.port}"
    shown = repr(asked("s3://bucket/a", **AWS, **SESSION))
    assert "hunter2" not in shown
    assert "AKIA" not in shown


class Proxy(StreamRequestHandler):
    """Lays one tunnel to where it is asked for."""

    asked: ClassVar[list[str]] = []

    def handle(self) -> None:
        line = self.rfile.readline().decode()
        while self.rfile.readline().strip():
            pass
        self.asked.append(line.rpartition(" ")[0])
        host, port = line.split()[1].split(":")
        with socket.create_connection((host, int(port))) as store:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = Thread(target=self.pass_on, args=(store, self.connection))
            back.start()
            self.pass_on(self.connection, store)
            back.join()

    @staticmethod
    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of the two has hung up
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def secure_store(folder: Path) -> Iterator[tuple[Ranges, Path]]:
    """A store by https, and a certificate of 127.0.0.1 that nobody has vouched for."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    how = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
    subprocess.run(["openssl", *how.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    (folder / "a.tif").write_bytes(bytes(range(100)))
    with serving(folder, context) as server:
        yield server, certificate


NEEDS_OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes certificates")


@NEEDS_OPENSSL
def test_a_proxy_of_the_environment_is_tunnelled_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy")
    with (
        secure_store(tmp_path) as (server, certificate),
        ThreadingTCPServer(("127.0.0.1", 0), Proxy) as proxy,
    ):
        Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}).start()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
        reader = ObjectReader(
            image_url(server.url("a.tif").replace("http:", "https:")),
            environment={"CURL_CA_BUNDLE": str(certificate)},
        )
        assert reader.read(3, 5) == bytes(range(3, 8))
        reader.close()
        proxy.shutdown()
    assert Proxy.asked == [f"CONNECT 127.0.0.1:{server.port}"]


@NEEDS_OPENSSL
def test_https_asks_only_a_host_whose_certificate_holds(tmp_path: Path) -> None:
    with secure_store(tmp_path) as (server, certificate):
        url = image_url(server.url("a.tif").replace("http:", "https:"))
        with pytest.raises(ObjectError, match="certificate of 127"):
            ObjectReader(url, environment={}).read(3, 5)
        assert not server.asked
        trusting = ObjectReader(url, environment={"CURL_CA_BUNDLE": str(certificate)})
        assert trusting.read(3, 5) == bytes(range(3, 8))
        assert trusting.read(90, 50) == bytes(range(90, 100))
        trusting.close()
    assert server.connections == 2  # the refused one, and one that was kept
