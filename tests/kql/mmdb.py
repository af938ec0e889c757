"""Writes a small MaxMind DB file (version 2.0 of the format, records of 24 bits, IPv6 tree)."""
import ipaddress
import struct

RECORDS = [
    ("192.0.2.0/24", {"country": {"names": {"en": "Norway", "de": "Norwegen"}},
                      "subdivisions": [{"names": {"en": "Troms"}}], "city": {"names": {"en": "Tromsø"}},
                      "location": {"latitude": 69.65, "longitude": 18.96}}),
    ("198.51.100.0/25", {"country": {"names": {"en": "Chile"}}}),
    ("2001:db8:5::/48", {"city": {"names": {"en": "Perth"}}, "location": {"latitude": -31.95, "longitude": 115.86}}),
]
UINT16, UINT32, UINT64 = 5, 6, 9
MARK = b"\xab\xcd\xefMaxMind.com"


def control(kind, size):
    assert size < 65821
    extra = bytes([kind - 7]) if kind > 7 else b""
    first = (0 if kind > 7 else kind) << 5
    if size < 29:
        return bytes([first | size]) + extra
    if size < 285:
        return bytes([first | 29]) + extra + bytes([size - 29])
    return bytes([first | 30]) + extra + struct.pack(">H", size - 285)


def encode(value):
    if isinstance(value, str):
        data = value.encode()
        return control(2, len(data)) + data
    if isinstance(value, float):
        return control(3, 8) + struct.pack(">d", value)
    if isinstance(value, tuple):  # an unsigned number and its type
        kind, number = value
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        return control(kind, len(data)) + data
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


def bits(network):
    net = ipaddress.ip_network(network)
    length = net.prefixlen + (96 if net.version == 4 else 0)
    return [int(net.network_address) >> (127 - i) & 1 for i in range(length)]


def write(path):
    nodes, data = [[None, None]], b""
    for network, record in RECORDS:
        at, path_bits = 0, bits(network)
        for bit in path_bits[:-1]:
            if nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit]
        nodes[at][path_bits[-1]] = ("data", len(data))
        data += encode(record)
    count = len(nodes)

    def pointer(child):
        if child is None:
            return count
        return count + 16 + child[1] if isinstance(child, tuple) else child

    tree = b"".join(pointer(c).to_bytes(3, "big") for node in nodes for c in node)
    meta = {"binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0),
            "build_epoch": (UINT64, 1), "database_type": "Test", "description": {"en": "Test"},
            "ip_version": (UINT16, 6), "languages": ["en"], "node_count": (UINT32, count),
            "record_size": (UINT16, 24)}
    with open(path, "wb") as f:
        f.write(tree + bytes(16) + data + MARK + encode(meta))
