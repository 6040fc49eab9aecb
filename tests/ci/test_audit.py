"""`make lint`'s question whether a pinned package is known to be vulnerable, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.tiers import long

AUDIT = Path(__file__).resolve().parents[2] / ".ci" / "audit.py"

VULNERABLE = {"vulns": [{"id": "PYSEC-2026-1", "summary": "Bad.", "affected": []}]}


@contextmanager
def service(status: int, answers: dict[str, object]) -> Iterator[str]:
    """Answers as the service does: `answers` by package, and of others it knows nothing."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(answers.get(asked["package"]["name"], {})).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/query"
        server.shutdown()


def audit(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(AUDIT), "--osv-url", url, *more],
        env={"PATH": "", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_packages_without_vulnerabilities_pass() -> None:
    with service(200, {}) as url:
        done = audit(url)
    assert (done.returncode, done.stdout) == (0, "No pinned package has a known vulnerability.\n")


@pytest.mark.parametrize(
    "package",
    ["redis", *map(long, ("pytest", "mkdocs", "matplotlib", "playwright"))],
    ids="of {}".format,
)
def test_a_vulnerable_package_fails_and_is_named(package: str) -> None:
    """One of each file."""
    with service(200, {package: VULNERABLE}) as url:
        done = audit(url)
    assert done.returncode == 1
    assert package in done.stderr
    assert "PYSEC-2026-1" in done.stderr


@pytest.mark.long
def test_a_service_that_is_away_or_out_of_order_is_told_of_and_lets_the_rest_go_on() -> None:
    with service(503, {}) as broken:
        without = audit(broken)
    away = audit(broken)
    for done in (without, away):
        said = "Not checked for known vulnerabilities: the service cannot be reached.\n"
        assert (done.returncode, done.stdout, done.stderr) == (0, said, "")


@pytest.mark.long
def test_a_mistake_of_ours_fails() -> None:
    done = audit("", "--no-such-option")
    assert done.returncode == 1
    assert "--no-such-option" in done.stderr
