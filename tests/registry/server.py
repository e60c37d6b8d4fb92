# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry of models on loopback that speaks the protocols of Ollama, Hugging Face and ModelScope
over real HTTP/1.1, and can cut, stall and lie. It listens on two ports, that of the registry and
that of another host, the "CDN", to which files are redirected.

As a program it is a place for any number of registries, which know nothing of each other, so that
each test has a new one without waiting for Python to start. Lines on its standard input say

  start [FILE]   begin one that offers nothing, and print its port and the CDN's, a line each.
                 FILE: a key and its certificate, as of certificates.py: both ports speak HTTPS
  stop PORT      end the one that has that port

and it ends when they do. A running registry is told what to do through its own port:

  POST /_control/load      a description; answers with the sha256 and size of each plain file
  POST /_control/rules     a list of rules, as in faults.py;  DELETE: none any more
  POST /_control/schedule  {"seed", "n_faults", "probability", "kinds"}
  POST /_control/options   {"rate": bytes a second of each connection, 0: no limit,
                            "signature_uses": how often a CDN link works, 0: no limit}
  GET  /_control/log       the requests so far;  DELETE: forget them

A row of the log: {"host", "method", "target", "headers" (lower-case names), "first", "last" (bytes
asked for; last −1: to the end), "status", "sent" (bytes of the body), "fault"}."""

import json
import re
import socket
import ssl
import struct
import sys
import threading
import time

from faults import Faults
from store import Answer, Content, Store, json_answer, not_found

PIECE = 64 * 1024
# Of the server itself: no test waits longer for bytes that never come.
PATIENCE_SECONDS = 60
ENDLESS_BYTES = 1 << 30
# What the bytes of a file are after it has become another one.
OTHER_BYTES = bytes(byte ^ 0x55 for byte in range(256))
REASONS = {200: "OK", 206: "Partial Content", 302: "Found", 307: "Temporary Redirect"}


class Hangup(Exception):
    """The connection is to be closed now."""


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.first, self.last = 0, -1
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        self.has_range = match is not None
        if match:
            self.first = int(match.group(1))
            self.last = int(match.group(2)) if match.group(2) else -1


class Server:
    """Both hosts, each connection on a thread of its own. Usable as a context.
    tls: a file with a key and its certificate."""

    def __init__(self, store=None, tls=None):
        self.store = store or Store()
        self.tls = None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(tls)
        self.faults = Faults()
        self.options = {"rate": 0, "signature_uses": 0}
        self.log = []
        self.log_lock = threading.Lock()
        self.signatures = {}
        self.stopped = threading.Event()
        self.listeners = {host: socket.create_server(("127.0.0.1", 0), backlog=64)
                          for host in ("origin", "cdn")}
        self.ports = {host: one.getsockname()[1] for host, one in self.listeners.items()}
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.ports['origin']}"
        self.cdn_url = f"{scheme}://127.0.0.1:{self.ports['cdn']}"

    def start(self):
        for host, listener in self.listeners.items():
            threading.Thread(target=self.accept, args=(host, listener), daemon=True).start()
        return self

    def stop(self):
        self.stopped.set()
        for listener in self.listeners.values():
            # Wakes the thread that waits in accept(), which closing alone does not everywhere.
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.stop()

    def accept(self, host, listener):
        while not self.stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(host, connection), daemon=True).start()

    def serve(self, host, connection):
        if self.tls:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                # The client has found fault with the certificate.
                connection.close()
                return
        reader = connection.makefile("rb")
        try:
            while request := read_request(reader):
                Exchange(self, host, connection, request).run()
        except (Hangup, OSError, ValueError):
            pass
        finally:
            reader.close()
            connection.close()

    def sign(self, content):
        """A link to the other host, which may stop working."""
        with self.log_lock:
            signature = str(len(self.signatures))
            self.signatures[signature] = 0
        return f"{self.cdn_url}/cdn/{content.sha256}?signature={signature}"

    def answer_cdn(self, request):
        match = re.fullmatch(r"/cdn/([0-9a-f]{64})\?signature=(\d+)", request.target)
        if not match or match.group(2) not in self.signatures:
            return self.store.answer(request.target) if "/cdn/" not in request.target else not_found()
        with self.log_lock:
            self.signatures[match.group(2)] += 1
            is_stale = 0 < self.options["signature_uses"] < self.signatures[match.group(2)]
        if is_stale:
            return Answer(403, [], Content(data=b"<Error><Code>AccessDenied</Code></Error>"))
        content = self.store.contents.get(match.group(1))
        if not content:
            return not_found()
        return Answer(200, [("ETag", content.etag), ("Accept-Ranges", "bytes")], content)

    def control(self, request):
        what = request.target.removeprefix("/_control/")
        value = json.loads(request.body or b"null")
        if request.method == "GET" and what == "log":
            with self.log_lock:
                return json_answer(list(self.log))
        if request.method == "DELETE" and what == "log":
            with self.log_lock:
                self.log.clear()
        elif request.method == "DELETE" and what == "rules":
            self.faults.clear()
        elif request.method == "POST" and what == "rules":
            for rule in value:
                self.faults.add(rule)
        elif request.method == "POST" and what == "schedule":
            self.faults.set_schedule(**value)
        elif request.method == "POST" and what == "options":
            self.options.update(value)
        elif request.method == "POST" and what == "load":
            return json_answer(self.store.load(value))
        else:
            return not_found()
        return json_answer({"ok": True})


def read_request(reader):
    """None: the client has closed the connection."""
    line = reader.readline(65536)
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while (line := reader.readline(65536).decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(method, target, headers, reader.read(int(headers.get("content-length", 0))))


class Exchange:
    """One request and what it gets."""

    def __init__(self, server, host, connection, request):
        self.server, self.host, self.connection, self.request = server, host, connection, request
        self.rule = {}
        self.row = None

    def run(self):
        server, request = self.server, self.request
        if self.host == "origin" and request.target.startswith("/_control/"):
            self.send(server.control(request))
            return
        if self.host == "origin":
            answer = server.store.answer(request.target)
        else:
            answer = server.answer_cdn(request)
        is_file = bool(answer.cdn or answer.location) or (
            answer.status == 200 and ("Accept-Ranges", "bytes") in answer.headers)
        path = request.target.partition("?")[0]
        self.rule = server.faults.find(request.method, self.host, path, request.first, is_file) or {}
        self.row = {
            "host": self.host, "method": request.method, "target": request.target,
            "headers": request.headers, "first": request.first, "last": request.last,
            "status": 0, "sent": 0, "fault": self.rule.get("fault"),
        }
        with server.log_lock:
            server.log.append(self.row)
        self.send(self.spoil(answer))

    @property
    def fault(self):
        return self.rule.get("fault")

    def spoil(self, answer):
        """What is wrong with an answer before it is written."""
        rule = self.rule
        if self.fault == "slow":
            self.wait(rule.get("seconds", 1))
        elif self.fault == "refuse":
            raise Hangup
        elif self.fault == "garbage":
            self.connection.sendall(b"\x00\x01\x02 this is not HTTP \xff\xfe\r\n\r\n")
            raise Hangup
        elif self.fault == "bad-headers":
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n: \r\n\x7f\x00=\r\n"
                                    b"Content-Range: bytes x-y/z\r\n\r\nabcdefgh")
            raise Hangup
        elif self.fault == "status":
            headers = [("Content-Type", "text/html")]
            if "retry_after" in rule:
                headers.append(("Retry-After", str(rule["retry_after"])))
            if rule["status"] == 401:
                headers.append(("WWW-Authenticate", rule.get("challenge", 'Bearer realm="x"')))
            return Answer(rule["status"], headers, Content(data=b"<html>no</html>"))
        elif self.fault == "redirect":
            return Answer(302, location=self.redirect_goal(rule["location"]))
        elif self.fault == "changed" and answer.content:
            self.server.faults.changed.add(answer.content.sha256)
        return self.change(answer)

    def change(self, answer):
        """Once a file has become another one, it stays so."""
        content = answer.content
        if content is None or content.sha256 not in self.server.faults.changed:
            return answer
        changed = Content(data=content.read(0, content.size).translate(OTHER_BYTES))
        headers = [row for row in answer.headers if row[0] != "ETag"]
        return Answer(answer.status, headers + [("ETag", changed.etag)], changed)

    def redirect_goal(self, location):
        target = self.request.target
        if location == "loop":
            return self.server.url + target if self.host == "origin" else self.server.cdn_url + target
        if location == "other":
            return self.server.cdn_url + target if self.host == "origin" else self.server.url + target
        return location

    def send(self, answer):
        if answer.cdn or answer.location:
            self.send_redirect(answer)
            return
        content, request = answer.content, self.request
        first, end = 0, content.size
        status, headers = answer.status, list(answer.headers)
        if request.has_range and status == 200 and self.fault != "ignore-range":
            if request.first >= content.size:
                self.send_head(416, [("Content-Range", f"bytes */{content.size}"),
                                     ("Content-Length", "0")])
                return
            status, first = 206, request.first
            end = min(request.last + 1, content.size) if request.last >= 0 else content.size
        if self.fault == "short":
            end = max(first + 1, min(end, first + self.rule.get("bytes", 1)))
        if self.fault == "wrong-range" and status == 206:
            shift = self.rule.get("shift", 1)
            first = max(0, min(first + shift, content.size - 1))
            end = max(first + 1, min(end + shift, content.size))
        total = content.size + (self.rule.get("by", 1) if self.fault == "wrong-size" else 0)
        if status == 206 and self.fault != "no-range":
            headers.append(("Content-Range", f"bytes {first}-{end - 1}/{total}"))
        if self.fault == "no-etag":
            headers = [row for row in headers if row[0] != "ETag"]
        length = end - first + (total - content.size if status == 200 else 0)
        if self.fault == "endless":
            headers = [row for row in headers if row[0] != "Content-Range"] + [("Connection", "close")]
            status = 200
        else:
            headers.append(("Content-Length", str(max(0, length))))
        self.send_head(status, headers)
        if request.method != "HEAD":
            self.send_body(content, first, end)
            if length != end - first:
                raise Hangup

    def send_redirect(self, answer):
        location = self.server.sign(answer.cdn) if answer.cdn else answer.location
        status = answer.status if answer.status in (302, 307) else 302
        length = answer.lying_length if answer.lying_length else 0
        self.send_head(status, answer.headers + [("Location", location),
                                                 ("Content-Length", str(length))])

    def send_head(self, status, headers):
        if self.row is not None:
            self.row["status"] = status
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def send_body(self, content, first, end):
        flip = self.flipped_byte(first, end)
        rate = self.rule.get("rate", 0) if self.fault == "drip" else self.server.options["rate"]
        limit = self.rule.get("bytes", 0) if self.fault in ("cut", "reset", "stall") else None
        begun, sent = time.monotonic(), 0
        piece = PIECE if not rate else max(1, min(PIECE, rate // 20))
        while first + sent < end:
            n = min(piece, end - first - sent, piece if limit is None else limit - sent)
            if n <= 0:
                self.break_off()
            data = content.read(first + sent, n)
            if first + sent <= flip < first + sent + n:
                data = bytearray(data)
                data[flip - first - sent] ^= 0x10
            self.connection.sendall(data)
            sent += n
            if self.row is not None:
                self.row["sent"] = sent
            if rate:
                self.wait(max(0, begun + sent / rate - time.monotonic()))
        if limit is not None:
            self.break_off()
        if self.fault == "endless":
            self.go_on_for_ever()

    def flipped_byte(self, first, end):
        if self.fault != "flip":
            return -1
        offset = self.rule.get("offset", -1)
        return offset if offset >= 0 else (first + end) // 2

    def break_off(self):
        if self.fault == "stall":
            self.wait(PATIENCE_SECONDS)
        if self.fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Hangup

    def go_on_for_ever(self):
        for _ in range(ENDLESS_BYTES // PIECE):
            self.connection.sendall(b"\xa5" * PIECE)
            self.row["sent"] += PIECE
        raise Hangup

    def wait(self, seconds):
        if self.server.stopped.wait(seconds):
            raise Hangup


def main():
    servers = {}
    for line in sys.stdin:
        what, _, argument = line.rstrip("\n").partition(" ")
        if what == "start":
            server = Server(tls=argument or None).start()
            servers[server.ports["origin"]] = server
            print(server.ports["origin"], server.ports["cdn"], sep="\n", flush=True)
        elif what == "stop":
            servers.pop(int(argument)).stop()


if __name__ == "__main__":
    main()
