#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A web server that takes uploads: answers a PUT with the SHA-256 of what came.

    upload.py PORT CERTIFICATE KEY
"""
import hashlib
import http.server
import socket
import ssl
import sys


class Upload(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        digest, rest = hashlib.sha256(), int(self.headers["Content-Length"])
        while rest > 0:
            data = self.rfile.read(min(rest, 65536))
            if not data:
                return
            digest.update(data)
            rest -= len(data)
        answer = digest.hexdigest().encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def get_request(self):
        client, address = super().get_request()
        # The handshake is left to the handler's thread: a probe that says nothing holds nobody up.
        return context.wrap_socket(client, server_side=True, do_handshake_on_connect=False), address


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
with Server(("::", int(sys.argv[1])), Upload) as server:
    print("ready", flush=True)
    server.serve_forever()
