"""Secure connections go to the checked address under the site's own name (platforms.md §1.4)."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.client import Client
from collector.errors import SourceUnavailableError
from collector.public_address import Gate
from data.clock import FixedClock

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure"


class SecureSite:
    """A tiny TLS server on loopback that notes the names it was asked for."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.names: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
                with self._context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(65_536)
                    secure.sendall(ANSWER)
            except ssl.SSLError:
                continue
            except OSError:
                return

    def close(self) -> None:
        """Stop serving."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for the name `localhost`, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so no certificate can be made")
    made, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    order = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", str(made), "-keyout", str(key)]
    subprocess.run([*order, *names], check=True, capture_output=True)
    return made, key


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[SecureSite]:
    """The tiny server."""
    one = SecureSite(*certificate)
    yield one
    one.close()


def client(site: SecureSite, trusted: Path | None) -> Client:
    """A client that trusts the given certificate, or only the usual authorities."""
    tls = ssl.create_default_context(cafile=str(trusted)) if trusted else None
    return Client("mailto:office@fernleygreen.example", FixedClock(), Gate(frozenset({site.port})), pace_seconds=0.0, tls=tls)


def test_the_name_is_kept_while_the_address_is_pinned(secure: SecureSite, certificate: tuple[Path, Path]) -> None:
    """The connection goes to the checked address; the server is asked for, and proves, the site's name."""
    answer = client(secure, certificate[0]).look(f"https://localhost:{secure.port}/", robots=False)

    assert (answer.body, secure.names) == (b"secure", ["localhost"])


def test_a_certificate_for_another_name_is_refused(secure: SecureSite, certificate: tuple[Path, Path]) -> None:
    """A certificate that proves another name is a fault that is named, never overlooked."""
    with pytest.raises(SourceUnavailableError, match="certificate is not valid"):
        client(secure, certificate[0]).look(f"https://127.0.0.1:{secure.port}/", robots=False)


def test_a_certificate_of_an_unknown_authority_is_refused(secure: SecureSite) -> None:
    """A certificate that nobody vouches for is refused."""
    with pytest.raises(SourceUnavailableError, match="certificate is not valid"):
        client(secure, None).look(f"https://localhost:{secure.port}/", robots=False)
