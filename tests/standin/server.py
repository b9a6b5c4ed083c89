"""The loopback proxy: ends HTTPS with a throw-away authority, logs every request, lets faults strike."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import tempfile
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import trustme

from tests.standin.faults import Fault, spoil_reply
from tests.standin.market import Market
from tests.standin.routes import route

Socket = socket.socket


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `query` holds the parameters of the address and of a posted form."""

    host: str
    path: str
    query: dict[str, str]

    @property
    def text(self) -> str:
        """Path and parameters as one text, to look for a code in."""
        return self.path + "?" + "&".join(f"{key}={value}" for key, value in self.query.items())


class Upstream:
    """A running stand-in; a context manager. `log`: requests so far. `faults`: switches, to be changed at any time."""

    def __init__(self, folder: Path, *, renamed: dict[str, str] | None = None, market: Market | None = None) -> None:
        self.market = market or Market(folder, renamed or {})
        self.log: list[Request] = []
        self.faults: list[Fault] = []
        self._authority = trustme.CA()
        self._rogue = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._place = tempfile.TemporaryDirectory(prefix="upstream-")
        self.authority_file = Path(self._place.name) / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.authority_file))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, let hanging replies go, forget the authority."""
        self._closing.set()
        self._listener.close()
        self._place.cleanup()

    def env(self) -> dict[str, str]:
        """Environment that sends a process (this one or a child) through here, whatever library it asks with."""
        proxy, authority = f"http://127.0.0.1:{self.port}", str(self.authority_file)
        names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
        bundles = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
        return {**dict.fromkeys(names, proxy), "NO_PROXY": "", "no_proxy": "", **dict.fromkeys(bundles, authority)}

    def fault(self, kind: str, **where: str | int) -> Fault:
        """Switch on a fault: see Fault for `host`, `path`, `code`, `after`, `times`."""
        fault = Fault(kind, **where)  # type: ignore[arg-type]
        self.faults.append(fault)
        return fault

    def asked(self, host: str = "", text: str = "") -> list[Request]:
        """The logged requests whose host and path or parameters contain these."""
        return [request for request in self.log if host in request.host and text in request.text]

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            method, target, rest = _read_head(connection)
            host = urlsplit(target).hostname or ""
            if method == "CONNECT":
                host = target.split(":")[0]
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                connection = self._context(host, rogue=self._is_rogue(host)).wrap_socket(connection, server_side=True)
                method, target, rest = _read_head(connection)
            self._answer(connection, _request(host, target, rest))

    def _answer(self, connection: Socket, request: Request) -> None:
        with self._lock:
            self.log.append(request)
            kinds = [fault.kind for fault in self.faults if fault.strikes(request.host, request.path, request.text)]
        if "reset" in kinds:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return connection.close()
        if "hang" in kinds:
            self._closing.wait(60)
            return connection.close()
        where = _redirect(kinds, request)
        if where:
            head = f"HTTP/1.1 302 X\r\nLocation: {where}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode())
            return connection.close()
        if "bomb" in kinds:
            return _explode(connection)
        host = request.host.removeprefix("alias.")
        status, body, mime = spoil_reply(kinds, route(self.market, host, request.path, request.query, kinds))
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {mime}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode())
        if "drip" in kinds:
            return self._drip(connection, body)
        connection.sendall(body[: len(body) // 2] if "cut_off" in kinds else body)
        return connection.close()

    def _drip(self, connection: Socket, body: bytes) -> None:
        for at in range(len(body)):
            connection.sendall(body[at : at + 1])
            if self._closing.wait(0.05):
                break
        connection.close()

    def _is_rogue(self, host: str) -> bool:
        with self._lock:
            return any(fault.kind == "rogue" and fault.host in host for fault in self.faults)

    def _context(self, host: str, *, rogue: bool) -> ssl.SSLContext:
        with self._lock:
            key = host + ("!" if rogue else "")
            if key not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                (self._rogue if rogue else self._authority).issue_cert(host).configure_cert(context)
                self._contexts[key] = context
            return self._contexts[key]


def _redirect(kinds: list[str], request: Request) -> str:
    """Where a redirect leads, "" without one; the host that it leads to at home answers for itself."""
    address = f"{request.host}{request.path}?{urlencode(request.query)}"
    if "redirect_away" in kinds:
        return f"https://elsewhere.example/{address}"
    if "redirect_plain" in kinds:
        return f"http://{address}"
    if "redirect_home" in kinds and not request.host.startswith("alias."):
        return f"https://alias.{address}"
    return ""


def _explode(connection: Socket) -> None:
    """A gigabyte of blanks in a megabyte."""
    head = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    packer = zlib.compressobj(9, wbits=31)
    with contextlib.suppress(OSError):
        connection.sendall(head.encode())
        for _ in range(1024):
            connection.sendall(packer.compress(b" " * 1024**2))
        connection.sendall(packer.flush())
    connection.close()


def _read_head(connection: Socket) -> tuple[str, str, bytes]:
    """Method, target and body of one request; ConnectionError when the other side leaves."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
    while len(body) < length:
        body += _receive(connection)
    method, target, _ = lines[0].split(" ", 2)
    return method, target, body


def _receive(connection: Socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError
    return data


def _request(host: str, target: str, body: bytes) -> Request:
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | dict(parse_qsl(body.decode("latin-1")))
    return Request(host, unquote_plus(parts.path), query)
