#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors
"""Writes the golden files beside it, from the byte tables of the headers and from nothing else of the library.

They were made once and are kept: a format version is what these bytes say it is. A new version gets new files.
"""
import hashlib
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def crc32c(data):
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


def save(name, parts):
    """parts: (comment, bytes). Sixteen bytes a line."""
    path = os.path.join(HERE, name + ".hex")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        for comment, data in parts:
            out.write("# %s\n" % comment)
            for at in range(0, len(data), 16):
                out.write(data[at:at + 16].hex(" ") + "\n")


def lhv1(magic, envelope, body):
    return [("magic", magic), ("size of the envelope", struct.pack(">I", len(envelope))), ("envelope", envelope), ("body", body)]


def sealed(kind, version, oldest, sections):
    head = bytes.fromhex("89 50 52 44 0d 0a 1a 0a") + kind + struct.pack("<HHIII", 1, 1, version, oldest, 0)
    head += struct.pack("<I", crc32c(head))
    parts = [("head", head)]
    order = head
    size = len(head)
    for name, data in sections:
        start = b"SECT" + struct.pack("<HHQ", len(name), 0, len(data)) + name
        start += struct.pack("<I", crc32c(start))
        padding = -(size + len(start)) % 64
        tail = struct.pack("<I", crc32c(data))
        parts += [("section " + name.decode(), start), ("zeros", bytes(padding)), ("data", data), ("its checksum", tail)]
        order += start + tail
        size += len(start) + padding + len(data) + len(tail)
    seal = b"SEAL" + struct.pack("<IQI", len(sections), size + 24, crc32c(order))
    parts.append(("seal", seal + struct.pack("<I", crc32c(seal))))
    return parts


def log(kind, name, number, first, generation, previous_end, published, previous, frames):
    """One segment. frames: (sequence, durable, attempt, payload). Answers the parts, and the checksum of the last head."""
    head = bytes.fromhex("89 50 52 4c 0d 0a 1a 0a") + kind
    head += struct.pack("<HHQQQQQQI", 1, 1, name, number, first, generation, previous_end, published, previous)
    last = crc32c(head)
    head += struct.pack("<I", last)
    parts = [("head of segment %d" % number, head)]
    offset = len(head)
    for sequence, durable, attempt, payload in frames:
        frame = b"RECD" + struct.pack("<IQQQIII", len(payload), sequence, generation, durable, last, attempt, crc32c(payload))
        last = crc32c(struct.pack("<QQQ", name, number, offset) + frame)
        frame += struct.pack("<I", last)
        parts += [("record %d" % sequence, frame), ("payload", payload)]
        offset += len(frame) + len(payload)
    return parts, last


first, _ = log(b"GOLD", 77, 1, 1, 1001, 0, 72, 0, [(1, 72, 0, b"one"), (2, 123, 0, b"two"), (3, 174, 1, b"three")])
save("record_log_v1_1", first)
# The third of them was not durable, and is in this segment again.
second_frame = struct.unpack("<I", first[3][1][44:48])[0]
save("record_log_v1_2", log(b"GOLD", 77, 2, 3, 1002, 174, 125, second_frame, [(3, 0, 0, b"three"), (4, 125, 0, b"four")])[0])
start = bytes.fromhex("89 50 52 53 0d 0a 1a 0a") + b"GOLD" + struct.pack("<HHQQI", 1, 1, 77, 2, 0)
save("record_log_v1_start", [("start", start + struct.pack("<I", crc32c(start)))])


def object_slot(number, put, marks, value):
    """An object of an object_slot. marks: of the last values, the newest first."""
    head = b"PdSo" + bytes([1, 1, 1 if number else 2, 0]) + struct.pack("<Q", number) + put
    ring = b"".join(marks).ljust(256, bytes(1))
    size = struct.pack("<QI", len(value), crc32c(value))
    whole = head + ring + size
    return [("head", head), ("marks", ring), ("size and checksum", size), ("checksum", struct.pack("<I", crc32c(whole))), ("value", value)]


def file_blocks(identity, region_bytes):
    """What a file for a twin_slot begins with."""
    page = b"PdBf" + struct.pack("<BBHQQI", 1, 1, 0, identity, region_bytes, 0)
    return [("the file", page + struct.pack("<I", crc32c(page)))]


def twin_record(kind, identity, sequence, number, region, value):
    """What a region of a twin_slot begins with. Behind it, to the end of the region, are zeros."""
    head = b"PdTw" + struct.pack("<BBBBQQQQIIIQ", 1, 1, kind, 0, identity, sequence, 0, number, len(value), region, crc32c(value), 0)
    return [("region %d" % region, head + struct.pack("<I", crc32c(head))), ("its value", value)]


def ledger(serial, fence, state):
    """A record of a ledger; state None: there is none yet."""
    version = bytes(32) if state is None else hashlib.sha256(state).digest()
    head = b"perdureL" + struct.pack("<HHIQQ", 1, 1, 0, serial, fence) + version + struct.pack("<Q", len(state or b""))
    return [("head", head[:32]), ("version", head[32:]), ("checksum", struct.pack("<I", crc32c(head))), ("state", state or b"")]


def slot_lock(state, made, token, process, taken, lease, renewals, holder, host):
    """A record of a slot_lock."""
    head = b"perdureK" + struct.pack("<HHBBBB", 1, 1, state, len(holder), len(host), 0) + made
    numbers = struct.pack("<QQqQQ", token, process, taken, lease, renewals)
    texts = holder.ljust(128, bytes(1)) + host.ljust(96, bytes(1))
    whole = head + numbers + texts
    return [("head and id", head), ("numbers", numbers), ("holder and host", texts), ("checksum", struct.pack("<I", crc32c(whole)))]


TWIN = 0x1122334455667788
save("twin_slot_v1_page", file_blocks(TWIN, 4096))
save("twin_slot_v1_committed", twin_record(1, TWIN, 1, 1, 0, b"first"))
save("twin_slot_v1_copied", twin_record(2, TWIN, 3, 1, 1, b"first"))
save("twin_slot_v1_next", twin_record(1, TWIN, 4, 4, 2, b"second"))
save("object_slot_v1", object_slot(17, b"\xee" * 16, [bytes([i]) * 16 for i in range(17, 1, -1)], b"value"))
save("object_slot_v1_nothing", object_slot(0, b"\xee" * 16, [], b""))
save("ledger_v1", ledger(2, 0x1807060504030201, b"state"))
save("ledger_v1_nothing", ledger(0, 0x0807060504030201, None))
ID = bytes(range(0xA0, 0xB0))
save("slot_lock_v1_held", slot_lock(1, ID, 0x18, 0x1234, -2, 90, 1, b"apply", b"machine"))
save("slot_lock_v1_free", slot_lock(2, ID, 0x18, 0x1234, -2, 90, 1, b"apply", b"machine"))
save("lhv1", lhv1(b"LHV1", b'{"dim":3,"metric":"l2"}', bytes(range(40))))
save("lhv1_empty", lhv1(b"LHV1", b"", b""))
save("sealed_v1_empty", sealed(b"GOLD", 1, 1, []))
save("sealed_v1", sealed(b"GOLD", 3, 2, [(b"meta", b'{"dim":3}'), (b"graph", bytes(i * 7 % 256 for i in range(150))), (b"empty", b"")]))
save("sealed_v1_one", sealed(b"TEST", 1, 1, [(b"n" * 44, b"x")]))

def checkpoint(version, watermark, files):
    """The list of a checkpoint. files: (name, content, flags); flags 1: with its digest."""
    entries = b""
    for name, content, flags in files:
        digest = hashlib.sha256(content).digest() if flags & 1 else bytes(32)
        entries += struct.pack("<QBBH", len(content), flags, 0, len(name)) + digest + name
    about = struct.pack("<QQQQ", version, watermark, len(files), sum(len(content) for _, content, _ in files))
    return sealed(b"CKPT", 1, 1, [(b"checkpoint", about), (b"files", entries)])


def content_id(content):
    """Of one that is small enough to be in its root."""
    return hashlib.sha256(b"PdCn" + struct.pack("<BBHQI", 1, 0, 0, len(content), 0) + content).digest()


def uploaded(files, parts):
    """What names a checkpoint in a content store. files as before; parts: its list, as it is."""
    ids = b"".join(content_id(content) for _, content, _ in files)
    return sealed(b"CKUP", 1, 1, [(b"list", b"".join(data for _, data in parts)), (b"contents", ids)])


FILES = [(b"tables/1.table", b"one", 1), (b"log", b"two three", 2), (b"blobs/2.blob", b"", 0), (b"current", b"v7", 5)]
save("checkpoint_v1", checkpoint(7, 42, FILES))
save("uploaded_checkpoint_v1", uploaded(FILES, checkpoint(7, 42, FILES)))

# Where the fuzzers begin.
FUZZ = os.path.join("..", "fuzz", "corpus")
save(os.path.join(FUZZ, "frame", "empty"), lhv1(b"LHV1", b"", b""))
save(os.path.join(FUZZ, "frame", "both"), lhv1(b"LHV1", b"{}", b"body"))
save(os.path.join(FUZZ, "frame", "later"), lhv1(b"LHV2", b"{}", b""))
save(os.path.join(FUZZ, "frame", "hostile"), [("a size that is not there", b"LHV1\xff\xff\xff\xff{}")])
save(os.path.join(FUZZ, "sealed", "empty"), sealed(b"FUZZ", 1, 1, []))
save(os.path.join(FUZZ, "sealed", "one"), sealed(b"FUZZ", 2, 1, [(b"a", b"data")]))
save(os.path.join(FUZZ, "sealed", "two"), sealed(b"FUZZ", 1, 1, [(b"a", b""), (b"a", b"again")]))
save(os.path.join(FUZZ, "log", "empty"), log(b"FUZZ", 7, 1, 1, 8, 0, 72, 0, [])[0])
save(os.path.join(FUZZ, "log", "synced"), log(b"FUZZ", 7, 1, 1, 8, 0, 72, 0, [(1, 72, 0, b"one"), (2, 123, 0, b"two")])[0])
save(os.path.join(FUZZ, "log", "unsynced"), log(b"FUZZ", 7, 1, 1, 8, 0, 72, 0, [(1, 72, 0, b"one"), (2, 72, 0, b"two")])[0])
save(os.path.join(FUZZ, "log", "copied"), log(b"FUZZ", 7, 1, 1, 8, 0, 123, 0, [(1, 0, 0, b"one"), (2, 123, 1, b"two")])[0])
