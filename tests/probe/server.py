#!/usr/bin/env python3
"""Answers ServerAlive2 on 127.0.0.1 as a Windows host would, with impacket's RPC server, or as a hostile one:

    PYTHONPATH=target/python tests/probe/server.py [--port N] [--mode MODE] NAME ADDRESS...

Prints the port, and answers until its standard input ends. `.ci/setup` installs impacket.
"""

import argparse
import logging
import socket
import struct
import sys
import threading
import time

from impacket.dcerpc.v5.rpcrt import DCERPCServer

OBJECT_EXPORTER = ("99fcfec4-5260-101b-bbcb-00aa0021347a", "0.0")
OTHER = ("e1af8308-5d1f-11c9-91a4-08002b14a0fa", "3.0")
SERVER_ALIVE2 = 5
MODES = """
good fragments big-endian big-list denied no-interface no-operation status
endless empty-fragments truncated wrong-context wrong-call null silent closes http slow
""".split()


def answer(bindings, mode):
    """The stub: COMVERSION 5.7, DUALSTRINGARRAY, reserved, status (MS-DCOM 3.1.2.5.1.6)."""
    order = ">" if mode == "big-endian" else "<"
    units = []
    for text in bindings:
        units += [7, *struct.unpack(f"<{len(text)}H", text.encode("utf-16-le")), 0]
    if mode == "big-list":
        units = [7, ord("1"), 0] * 21_843
    units.append(0)
    security = len(units)
    for service in (9, 30, 16, 10):
        units += [service, 0xFFFF, 0]
    units.append(0)
    if mode == "big-list":
        units = (units + [0] * 65_535)[:65_535]
        security = min(security, 65_535)
    stub = struct.pack(f"{order}HHIIHH", 5, 7, 0x20000, len(units), len(units), security)
    if mode == "null":
        stub = struct.pack(f"{order}HHI", 5, 7, 0)
        units = []
    stub += struct.pack(f"{order}{len(units)}H", *units)
    stub += b"\0" * (-len(stub) % 4)
    return stub + struct.pack(f"{order}II", 0, 5 if mode == "status" else 0)


class Resolver(DCERPCServer):
    """Answers one connection."""

    def __init__(self, connection, bindings, mode):
        super().__init__(connection)
        self.mode, self.bindings = mode, bindings
        interface = OTHER if mode == "no-interface" else OBJECT_EXPORTER
        operation = 3 if mode == "no-operation" else SERVER_ALIVE2
        self.addCallbacks(interface, "135", {operation: lambda _: answer(bindings, mode)})

    def serve(self):
        while (data := self.recv()) is not None:
            reply = self.processRequest(data)
            if reply is not None:
                self.reply(reply)

    def reply(self, pdu):
        connection, mode = self._clientSock, self.mode
        if mode in ("good", "no-interface", "no-operation", "status", "null"):
            return self.send(pdu)
        if mode == "denied":
            return connection.sendall(raw(3, 3, pdu["call_id"], 0, struct.pack("<II", 5, 0)))
        stub = pdu["pduData"]
        if mode in ("fragments", "big-list"):
            # Each of impacket's own fragments has the length of the whole answer.
            size = 40 if mode == "fragments" else 5816
            for at in range(0, len(stub), size):
                flags = (1 if at == 0 else 0) | (2 if at + size >= len(stub) else 0)
                connection.sendall(raw(2, flags, pdu["call_id"], 0, stub[at : at + size]))
            return None
        if mode == "big-endian":
            head = struct.pack(">BBBBBBBBHHI", 5, 0, 2, 3, 0, 0, 0, 0, 24 + len(stub), 0, pdu["call_id"])
            return connection.sendall(head + struct.pack(">IHBB", len(stub), 0, 0, 0) + stub)
        if mode == "wrong-context":
            return connection.sendall(raw(2, 3, pdu["call_id"], 7, stub))
        if mode == "wrong-call":
            return connection.sendall(raw(2, 3, 99, 0, stub))
        if mode == "truncated":
            return connection.sendall(raw(2, 3, pdu["call_id"], 0, stub)[:-20])
        if mode == "slow":
            for byte in raw(2, 3, pdu["call_id"], 0, stub):
                connection.sendall(bytes([byte]))
                time.sleep(0.2)
            return None
        first = True
        while mode in ("endless", "empty-fragments"):
            part = b"" if mode == "empty-fragments" else b"\x05\0\x07\0" + b"\1" * 1400
            connection.sendall(raw(2, 1 if first else 0, pdu["call_id"], 0, part))
            first = False
        return None


def raw(kind, flags, call, context, body):
    """A little-endian PDU with the eight bytes that requests, responses and faults have after the header."""
    head = struct.pack("<BBBB4sHHI", 5, 0, kind, flags, b"\x10\0\0\0", 24 + len(body), 0, call)
    return head + struct.pack("<IHBB", len(body), context, 0, 0) + body


def serve(connection, bindings, mode):
    try:
        if mode == "silent":
            time.sleep(3600)
        elif mode == "http":
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        elif mode != "closes":
            Resolver(connection, bindings, mode).serve()
    except OSError:
        pass  # The client has what it wanted.
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=MODES, default="good")
    parser.add_argument("bindings", nargs="*", default=[])
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    listener.listen(1024)
    print(listener.getsockname()[1], flush=True)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, options.bindings, options.mode), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
