"""HTTP on loopback: the API, and the repository for git."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.fake_github.wire import Ask, Reply

if TYPE_CHECKING:
    from socketserver import _RequestType

Answerer: TypeAlias = Callable[[Ask], Reply | None]


class Server(ThreadingHTTPServer):
    """Serves until it is stopped, and leaves no thread and no socket behind."""

    daemon_threads = False

    def __init__(self, answer: Answerer, failed: Callable[[str], object]) -> None:
        """Listen on a free port."""
        self.answer = answer
        self._failed = failed
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: _RequestType, client_address: Any) -> None:  # as typeshed has it
        """Keep each connection in mind."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: _RequestType) -> None:
        """Forget a connection that ends."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: _RequestType, client_address: Any) -> None:  # noqa: ARG002
        """A client that went away is no error."""
        import sys

        error = sys.exception()
        if not isinstance(error, OSError):
            self._failed(f"the server failed: {error!r}")

    def stop(self) -> None:
        """End every connection, then the server."""
        self.shutdown()
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing: stderr is the tests'."""

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        ask = Ask(method=self.command, path=path, query=query, headers=headers, body=self._body())
        twice = len(self.headers.get_all("Authorization", ())) > 1
        reply = Reply(HTTPStatus.BAD_REQUEST) if twice else self.server.answer(ask)
        if reply is None:
            self._break()
        else:
            self._send(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # the names that the base class looks for

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue
        return b"".join(parts)

    def _send(self, reply: Reply) -> None:
        # Headers and body in one write: two writes would wait for each other's acknowledgement.
        phrase = HTTPStatus(reply.status).phrase
        headers = {**reply.headers, "Server": "fake-github"}
        if reply.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(reply.body))
        lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + reply.body)

    def _break(self) -> None:
        # With nothing left to wait for, closing sends a reset and no goodbye.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
