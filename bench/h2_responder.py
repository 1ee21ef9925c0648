"""The order host of the bench, which also speaks HTTP/2 to those who ask for it by ALPN."""

from __future__ import annotations

import ssl
import sys

from bench.h2 import (
    ACK,
    END_STREAM,
    HEADERS,
    PREFACE,
    SETTINGS,
    account_of,
    frame,
    frames,
    hello,
    taken,
)
from swimdesk.bench.responder import Client, Responder, serve, server_context


class BothResponder(Responder):
    """Reads HTTP/1.1 or HTTP/2, whichever was agreed on."""

    def __init__(self, context: ssl.SSLContext, latency_ns: int) -> None:
        context.set_alpn_protocols(["h2", "http/1.1"])
        super().__init__(context, latency_ns)
        self._accounts: dict[tuple[Client, int], bytes] = {}
        self._greeted: set[Client] = set()

    def read(self, client: Client, arrived_ns: int) -> None:
        """Take every whole request that has come over a connection."""
        if client.tls.selected_alpn_protocol() != "h2":
            return super().read(client, arrived_ns)
        if client not in self._greeted:
            if len(client.buffer) < len(PREFACE):
                return None
            del client.buffer[: len(PREFACE)]
            self._greeted.add(client)
            self.answer(client, hello(), arrived_ns)
        self._frames(client, arrived_ns)
        return None

    def _frames(self, client: Client, arrived_ns: int) -> None:
        for one in frames(client.buffer):
            if one.kind == SETTINGS and not one.flags & ACK:
                self.answer(client, frame(SETTINGS, ACK, 0), arrived_ns)
            if one.kind == HEADERS:
                self._accounts[client, one.stream] = account_of(one.payload) or b""
            if one.flags & END_STREAM and (client, one.stream) in self._accounts:
                account, order_id = self._accounts.pop((client, one.stream)), self.count()
                answer = taken(one.stream, account, order_id)
                self.answer(client, answer, arrived_ns, account, order_id)


def main(certificate: str, key: str, latency_ms: str) -> None:
    """Serve as the command line says."""
    serve(BothResponder(server_context(certificate, key), int(float(latency_ms) * 1_000_000)))


if __name__ == "__main__":
    main(*sys.argv[1:])
