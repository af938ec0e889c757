"""Writes event logs of Windows (.evtx), as Windows lays them out: names and templates at their first
use, offsets to them later, the data of an event as BinXml inside of a value."""
import struct
import zlib

CHUNK, HEADER, RECORDS = 65536, 4096, 512
NONE, TEXT, BYTE, WORD, LONG, QUAD, GUID, FILETIME, SID, HEX64, BINXML, TEXTS = (
    0x00, 0x01, 0x04, 0x06, 0x08, 0x0a, 0x0f, 0x11, 0x13, 0x15, 0x21, 0x81)
NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


class Sub:
    """A place in a template that takes the value of this index."""

    def __init__(self, index, kind, optional=True):
        self.index, self.kind, self.optional = index, kind, optional


class Element:
    """name, attributes [(name, text or Sub)], children: Elements, texts, Subs."""

    def __init__(self, name, attributes=(), *children, depends=0xffff):
        self.name, self.attributes, self.children, self.depends = name, attributes, children, depends


def filetime(seconds_since_1970, ticks=0):
    return struct.pack("<Q", (seconds_since_1970 + 11644473600) * 10 ** 7 + ticks)


def sid(text):
    parts = [int(p) for p in text.split("-")[1:]]
    return struct.pack("<BB", parts[0], len(parts) - 2) + struct.pack(">Q", parts[1])[2:] + b"".join(
        struct.pack("<I", p) for p in parts[2:])


def text(value):
    return value.encode("utf-16-le")


class Log:
    """One chunk of a log."""

    def __init__(self):
        self.chunk = bytearray(RECORDS)
        self.names, self.templates, self.n = {}, {}, 0

    def _add(self, layout, *values):
        self.chunk += struct.pack("<" + layout, *values)

    def _name(self, name):
        known = self.names.get(name)
        if known is not None:
            self._add("I", known)
            return
        at = self.names[name] = len(self.chunk) + 4
        self._add("IIHH", at, 0, 0, len(name))
        self.chunk += text(name) + b"\0\0"

    def _content(self, part):
        if isinstance(part, Element):
            self._element(part)
        elif isinstance(part, Sub):
            self._add("BHB", 0x0e if part.optional else 0x0d, part.index, part.kind)
        else:
            self._add("BBH", 0x05, TEXT, len(part))
            self.chunk += text(part)

    def _element(self, e):
        self._add("BHI", 0x41 if e.attributes else 0x01, e.depends, 0)
        self._name(e.name)
        if e.attributes:
            self._add("I", 0)
        for i, (name, value) in enumerate(e.attributes):
            self._add("B", 0x46 if i + 1 < len(e.attributes) else 0x06)
            self._name(name)
            self._content(value)
        if not e.children:
            self._add("B", 0x03)
            return
        self._add("B", 0x02)
        for part in e.children:
            self._content(part)
        self._add("B", 0x04)

    def instance(self, key, root, values):
        """A fragment with a template instance; root is written when key is new."""
        self._add("BBBB", 0x0f, 1, 1, 0)
        known = self.templates.get(key)
        at = known or len(self.chunk) + 10
        self._add("BBII", 0x0c, 1, 77, at)
        if not known:
            self.templates[key] = at
            self._add("I16sI", 0, b"\1" * 16, 0)
            begin = len(self.chunk)
            self._add("BBBB", 0x0f, 1, 1, 0)
            self._element(root)
            self._add("B", 0)
            struct.pack_into("<I", self.chunk, begin - 4, len(self.chunk) - begin)
        self._add("I", len(values))
        sizes = len(self.chunk)
        for kind, value in values:
            self._add("HBB", 0 if callable(value) else len(value), kind, 0)
        for i, (_, value) in enumerate(values):
            begin = len(self.chunk)
            if callable(value):
                value()  # writes BinXml
                struct.pack_into("<H", self.chunk, sizes + 4 * i, len(self.chunk) - begin)
            else:
                self.chunk += value
        self._add("B", 0)

    def record(self, key, root, values):
        begin = len(self.chunk)
        self.n += 1
        self._add("IIQQ", 0x2a2a, 0, self.n, 0)
        self.instance(key, root, values)
        self.chunk += b"\0" * (-(len(self.chunk) - begin + 4) % 8)
        self._add("I", len(self.chunk) - begin + 4)
        struct.pack_into("<I", self.chunk, begin + 4, len(self.chunk) - begin)

    def file(self):
        assert len(self.chunk) <= CHUNK
        end = len(self.chunk)
        struct.pack_into("<8sQQQQIII", self.chunk, 0, b"ElfChnk\0", 1, self.n, 1, self.n, 128, RECORDS, end)
        struct.pack_into("<I", self.chunk, 52, zlib.crc32(self.chunk[RECORDS:end]))
        struct.pack_into("<I", self.chunk, 124, zlib.crc32(self.chunk[:120] + self.chunk[128:RECORDS]))
        head = bytearray(HEADER)
        struct.pack_into("<8sQQQIHHHH", head, 0, b"ElfFile\0", 0, 0, self.n + 1, 128, 1, 3, HEADER, 1)
        struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
        return bytes(head) + bytes(self.chunk).ljust(CHUNK, b"\0")


SYSTEM = Element(
    "Event", [("xmlns", NAMESPACE)],
    Element("System", [],
            Element("Provider", [("Name", Sub(0, TEXT)), ("Guid", Sub(1, GUID))]),
            Element("EventID", [], Sub(2, WORD)), Element("Version", [], Sub(3, BYTE)),
            Element("Level", [], Sub(4, BYTE)), Element("Task", [], Sub(5, WORD)),
            Element("Opcode", [], Sub(6, BYTE)), Element("Keywords", [], Sub(7, HEX64)),
            Element("TimeCreated", [("SystemTime", Sub(8, FILETIME))]),
            Element("EventRecordID", [], Sub(9, QUAD)),
            Element("Correlation", [("ActivityID", Sub(10, GUID))]),
            Element("Execution", [("ProcessID", Sub(11, LONG)), ("ThreadID", Sub(12, LONG))]),
            Element("Channel", [], Sub(13, TEXT)), Element("Computer", [], Sub(14, TEXT)),
            Element("Security", [("UserID", Sub(15, SID))])),
    Sub(16, BINXML))


def event(log, provider, event_id, channel, data, seconds, user=None, level=0):
    """data: [(name or None, kind, bytes)]; one element Data a datum."""
    root = Element("EventData", [], *[
        Element("Data", [("Name", name)] if name else [], Sub(i, kind)) for i, (name, kind, _) in enumerate(data)])

    def inside():
        log.instance((event_id, tuple(d[:2] for d in data)), root, [d[1:] for d in data])

    log.record("system", SYSTEM, [
        (TEXT, text(provider)), (GUID, bytes(range(16))), (WORD, struct.pack("<H", event_id)), (BYTE, b"\2"),
        (BYTE, bytes([level])), (WORD, struct.pack("<H", 12544)), (BYTE, b"\0"),
        (HEX64, struct.pack("<Q", 0x8020000000000000)), (FILETIME, filetime(seconds, 1234567)),
        (QUAD, struct.pack("<Q", log.n + 1)), (NONE, b""), (LONG, struct.pack("<I", 712)),
        (LONG, struct.pack("<I", 5000)), (TEXT, text(channel)), (TEXT, text("ws1.halden.example")),
        (SID, sid(user)) if user else (NONE, b""), (BINXML, inside)])
