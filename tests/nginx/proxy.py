"""A real nginx with `docs/nginx.conf`, which only has its addresses and files exchanged."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from tests.servers import reserve_port
from tests.system.processes import ROOT

CONFIGURATION: Final = ROOT / "docs" / "nginx.conf"
START_LIMIT_S: Final = 10.0

AROUND: Final = """
{user}
worker_processes 1;
daemon off;
pid {directory}/pid;
error_log {directory}/error.log info;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/unbet.conf;
}}
"""
"""What a machine's own /etc/nginx/nginx.conf is to the file."""


class Proxy:
    """Serves HTTPS on 127.0.0.1; everything that it writes is in `directory`."""

    def __init__(self, directory: Path, receivers: Sequence[int]) -> None:
        self.directory = directory
        self.port = reserve_port()
        self._receivers = receivers
        directory.mkdir()
        self._certificate = self._make_certificate()
        self._write_configuration()
        self._process = subprocess.Popen(
            [program("nginx"), "-e", f"{directory}/error.log", "-c", f"{directory}/nginx.conf"]
        )
        self._wait()

    def client(self, address: str) -> httpx.Client:
        """A provider that calls from `address`, one of this machine's own."""
        transport = httpx.HTTPTransport(
            verify=ssl.create_default_context(cafile=self._certificate), local_address=address
        )
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", transport=transport, timeout=10
        )

    def said(self) -> str:
        """Its access log."""
        return (self.directory / "access.log").read_text()

    def written(self) -> bytes:
        """All that it has written, its temporary files included."""
        return b"".join(f.read_bytes() for f in self.directory.rglob("*") if f.is_file())

    def connections_to_receivers(self) -> set[int]:
        """Those that it holds, by their ports on its side."""
        (worker,) = psutil.Process(self._process.pid).children()
        return {c.laddr.port for c in worker.net_connections("tcp") if self._is_to_one(c)}

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)

    def _is_to_one(self, connection: Any) -> bool:
        return bool(connection.raddr) and connection.raddr.port in self._receivers

    def _make_certificate(self) -> Path:
        certificate = self.directory / "certificate.pem"
        command = [
            program("openssl"),
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
        ]
        command += ["-keyout", f"{self.directory}/key.pem", "-out", str(certificate)]
        command += ["-subj", "/CN=unbet", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)
        return certificate

    def _write_configuration(self) -> None:
        text = CONFIGURATION.read_text()
        for there, here in {
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            "127.0.0.1:8080": f"127.0.0.1:{self._receivers[0]}",
            "127.0.0.1:8090": f"127.0.0.1:{self._receivers[1]}",
            "/etc/ssl/unbet/fullchain.pem": str(self._certificate),
            "/etc/ssl/unbet/privkey.pem": f"{self.directory}/key.pem",
            "/var/log/nginx/unbet.log": f"{self.directory}/access.log",
        }.items():
            assert text.count(there) == 1, there
            text = text.replace(there, here)
        (self.directory / "unbet.conf").write_text(text)
        # Its worker would be another account, which may not enter a directory of pytest's.
        user = "user root;" if os.geteuid() == 0 else ""
        around = AROUND.format(user=user, directory=self.directory)
        (self.directory / "nginx.conf").write_text(around)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not listens(self.port):
            log = self.directory / "error.log"
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    assert found, f"{name} is not installed: `apt-get install nginx-light openssl`"
    return found


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
