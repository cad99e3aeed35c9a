"""Makes the captures under samples/inventories/ with scapy, from samples/interfaces.csv.

    python3 tests/captures/make.py samples        writes serveralive2.pcap and serveralive2.pcapng
    python3 tests/captures/make.py --check samples
        lets tshark's own DCOM dissector read them and compares what it found with interfaces.csv

Needs scapy (pip) and, for --check, tshark. Nothing here shares code with the program. The two files hold the same
calls: the first is plain; the second has the answers in RPC fragments and small TCP segments, out of order and
repeated, over IPv6 and with a VLAN tag, other calls on the same connections, and a connection whose beginning was
not captured.
"""

import csv
import struct
import subprocess
import sys
import uuid
from pathlib import Path

OBJECT_EXPORTER = uuid.UUID("99fcfec4-5260-101b-bbcb-00aa0021347a")
ENDPOINT_MAPPER = uuid.UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa")
NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860")
FIRST, LAST = 1, 2


def hosts(samples):
    """The addresses of each host, in the order of the file."""
    found = {}
    with open(samples / "interfaces.csv", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["host"], []).append(row["address"])
    return found


def netbios(host):
    return host.split(".")[0].upper()[:15]


def pdu(kind, call, body, flags=FIRST | LAST):
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body), 0, call) + body


def bind(interfaces):
    body = struct.pack("<HHIBBH", 5840, 5840, 0, len(interfaces), 0, 0)
    for number, (interface, version) in enumerate(interfaces):
        body += struct.pack("<HBB", number, 1, 0) + interface.bytes_le + struct.pack("<I", version)
        body += NDR.bytes_le + struct.pack("<I", 2)
    return pdu(11, 1, body)


def bind_ack(count):
    address = b"135\0"
    body = struct.pack("<HHIH", 5840, 5840, 0x1234, len(address)) + address
    body += b"\0" * (-(16 + len(body)) % 4)
    body += struct.pack("<BBH", count, 0, 0)
    body += (struct.pack("<HH", 0, 0) + NDR.bytes_le + struct.pack("<I", 2)) * count
    return pdu(12, 1, body)


def request(call, context, operation, stub=b""):
    return pdu(0, call, struct.pack("<IHH", len(stub), context, operation) + stub)


def response(call, context, stub, fragment=4096):
    parts = [stub[i : i + fragment] for i in range(0, len(stub), fragment)]
    out = b""
    for i, part in enumerate(parts):
        flags = (FIRST if i == 0 else 0) | (LAST if i + 1 == len(parts) else 0)
        out += pdu(2, call, struct.pack("<IHBB", len(stub), context, 0, 0) + part, flags)
    return out


def server_alive2(name, addresses):
    """The stub of an answer (MS-DCOM 3.1.2.5.1.6): COMVERSION, DUALSTRINGARRAY, reserved, status."""
    units = []
    for text in [name] + addresses:
        units += [7] + list(struct.unpack(f"<{len(text)}H", text.encode("utf-16-le"))) + [0]
    units.append(0)
    security = len(units)
    for service in (9, 30, 16, 10, 22, 31, 14):
        units += [service, 0xFFFF, 0]
    units.append(0)
    stub = struct.pack("<HHIIHH", 5, 7, 0x20000, len(units), len(units), security)
    stub += struct.pack(f"<{len(units)}H", *units)
    stub += b"\0" * (-len(stub) % 4)
    return stub + struct.pack("<II", 0, 0)


class Connection:
    def __init__(self, number, server, packets, ipv6=False, vlan=False):
        from scapy.all import IP, Dot1Q, Ether, IPv6

        self.packets, self.port = packets, 49152 + number
        self.sequence = [0xFFFFFF00 + number, 1000 + number]
        if ipv6:
            ends = ("2001:db8:ffff::7", f"2001:db8:ffff::{number + 16:x}")
            layers = [IPv6(src=ends[0], dst=ends[1]), IPv6(src=ends[1], dst=ends[0])]
        else:
            layers = [IP(src="198.51.100.7", dst=server), IP(src=server, dst="198.51.100.7")]
        link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        if vlan:
            link = link / Dot1Q(vlan=7)
        self.layers = [link / layer for layer in layers]

    def segment(self, from_server, data, flags="PA"):
        from scapy.all import TCP, Raw

        ports = (135, self.port) if from_server else (self.port, 135)
        tcp = TCP(
            sport=ports[0], dport=ports[1], flags=flags, window=64240,
            seq=self.sequence[from_server], ack=self.sequence[not from_server] if "A" in flags else 0,
        )
        packet = self.layers[from_server] / tcp
        if data:
            packet = packet / Raw(data)
        self.sequence[from_server] = (self.sequence[from_server] + len(data) + ("S" in flags or "F" in flags)) % 2**32
        return packet

    def send(self, from_server, data, flags="PA"):
        self.packets.append(self.segment(from_server, data, flags))

    def open(self):
        self.send(False, b"", "S")
        self.send(True, b"", "SA")
        self.send(False, b"", "A")

    def close(self):
        self.send(False, b"", "FA")
        self.send(True, b"", "FA")
        self.send(False, b"", "A")

    def send_torn(self, data, size):
        """Splits the server's data into small segments. The second and third are swapped, and the first comes twice."""
        parts = [self.segment(True, data[i : i + size]) for i in range(0, len(data), size)]
        if len(parts) > 2:
            parts[1], parts[2] = parts[2], parts[1]
        self.packets += parts + parts[:1]


def plain(found):
    packets = []
    for number, (host, addresses) in enumerate(found.items()):
        link = Connection(number, f"198.51.100.{number + 16}", packets)
        link.open()
        link.send(False, bind([(OBJECT_EXPORTER, 0)]))
        link.send(True, bind_ack(1))
        link.send(False, request(2, 0, 5))
        link.send(True, response(2, 0, server_alive2(netbios(host), addresses)))
        link.close()
    return packets


def torn(found):
    packets = []
    for number, (host, addresses) in enumerate(found.items()):
        link = Connection(
            number, f"198.51.100.{number + 16}", packets, ipv6=number % 3 == 1, vlan=number % 3 == 2
        )
        stub = server_alive2(netbios(host), addresses)
        if number != 4:
            link.open()
            link.send(False, bind([(ENDPOINT_MAPPER, 3), (OBJECT_EXPORTER, 0)]))
            link.send(True, bind_ack(2))
        # An operation 5 of another interface and a ServerAlive, whose answers have no addresses.
        link.send(False, request(2, 0, 5))
        link.send(True, response(2, 0, b"\5\0\7\0" + b"\0" * 20))
        link.send(False, request(3, 1, 3))
        link.send(True, response(3, 1, b"\0" * 4))
        link.send(False, request(4, 1, 5))
        link.send_torn(response(4, 1, stub, fragment=64), size=90)
        link.send(False, request(5, 1, 5))
        link.send(True, response(5, 1, stub))
        link.close()
    return packets


def make(samples):
    from scapy.all import PcapNgWriter, wrpcap

    folder = samples / "inventories"
    folder.mkdir(exist_ok=True)
    found = hosts(samples)
    for name, packets in (("serveralive2.pcap", plain(found)), ("serveralive2.pcapng", torn(found))):
        for i, packet in enumerate(packets):
            packet.time = 1791316800 + i / 1000
        if name.endswith("ng"):
            writer = PcapNgWriter(str(folder / name))
            for packet in packets:
                writer.write(packet)
            writer.close()
        else:
            wrpcap(str(folder / name), packets)


def check(samples):
    found = {netbios(host): [] for host in hosts(samples)}
    for host, addresses in hosts(samples).items():
        found[netbios(host)].append(addresses)
    for name in ("serveralive2.pcap", "serveralive2.pcapng"):
        out = subprocess.run(
            ["tshark", "-r", samples / "inventories" / name, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y",
             "dcom.dualstringarray.network_addr", "-T", "fields", "-e", "dcom.dualstringarray.network_addr"],
            check=True, capture_output=True, text=True,
        ).stdout
        lists = [line.split(",") for line in out.splitlines()]
        seen = {entry[0] for entry in lists}
        # Wireshark needs the bind to decode, so it does not list the connection without one.
        missing = set(found) - seen - ({netbios(list(hosts(samples))[4])} if name.endswith("ng") else set())
        wrong = [entry for entry in lists if entry[1:] not in found.get(entry[0], [])]
        print(f"{name}: {len(lists)} answers of {len(seen)} hosts in tshark's reading")
        if missing or wrong or not lists:
            sys.exit(f"{name}: missing {sorted(missing)}, wrong {wrong}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--check"]:
        check(Path(arguments[1]))
    else:
        make(Path(arguments[0]))
