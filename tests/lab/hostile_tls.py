# SPDX-License-Identifier: BSD-3-Clause
"""hostile_tls.py CERTIFICATE KEY PORT ADDRESS...: servers that a TLS probe has no good of, one kind an address, in turn: a key exchange
of 9,984 bits, bytes that are none of TLS without an end, a handshake a byte a second, and silence."""
import base64
import os
import random
import socket
import ssl
import sys
import tempfile
import threading
import time


def der(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


# No prime, and nobody looks.
def write_group(path):
    prime = random.getrandbits(9984) | 3 << 9982 | 1
    group = der(0x30, der(2, b"\0" + prime.to_bytes(1248, "big")) + der(2, b"\2"))
    with open(path, "wb") as file:
        file.write(b"-----BEGIN DH PARAMETERS-----\n" + base64.encodebytes(group) + b"-----END DH PARAMETERS-----\n")


def exchange(client, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    with tempfile.TemporaryDirectory() as folder:
        write_group(os.path.join(folder, "group"))
        context.load_dh_params(os.path.join(folder, "group"))
    context.set_ciphers("DHE:@SECLEVEL=0")
    context.wrap_socket(client, server_side=True)


def endless(client, *_):
    while True:
        client.sendall(b"\x16\x03\x03\x40\x00" + bytes(16384))


def slow(client, *_):
    for byte in b"\x16\x03\x03\x40\x00" + bytes(16384):
        client.sendall(bytes([byte]))
        time.sleep(1)


def silent(client, *_):
    time.sleep(3600)


def talk(kind, client, certificate, key):
    try:
        kind(client, certificate, key)
    except OSError:
        pass
    client.close()


def serve(kind, address, port, certificate, key):
    listener = socket.create_server((address, port), backlog=256)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=talk, args=(kind, client, certificate, key), daemon=True).start()


certificate, key, port, *addresses = sys.argv[1:]
for number, address in enumerate(addresses):
    kind = (exchange, endless, slow, silent)[number % 4]
    threading.Thread(target=serve, args=(kind, address, int(port), certificate, key), daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
