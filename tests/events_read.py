#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads TensorBoard's event files by the published formats and nothing of ours: every checksum,
every field.  events_read.py FOLDER prints one JSON object a file."""

import json
import pathlib
import struct
import sys


def crc32c(data):
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    while data:
        head, data = data[:12], data[12:]
        length, check = struct.unpack("<QI", head)
        assert check == crc32c(head[:8]), "checksum of a length"
        payload, (check,) = data[:length], struct.unpack("<I", data[length : length + 4])
        assert len(payload) == length and check == crc32c(payload), "checksum of a record"
        yield payload
        data = data[length + 4 :]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    at, out = 0, {}
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            (value,), at = struct.unpack("<d", data[at : at + 8]), at + 8
        elif wire == 5:
            (value,), at = struct.unpack("<f", data[at : at + 4]), at + 4
        else:
            assert wire == 2, "wire type"
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
            assert len(value) == length, "length of a field"
        out.setdefault(key >> 3, []).append(value)
    return out


def one(message, number):
    return message[number][0]


def plugin(value, out):
    data = fields(one(fields(one(value, 9)), 1))
    assert one(data, 1) == b"hparams"
    content = fields(one(data, 2))
    if 3 in content:
        start = fields(one(content, 3))
        out["group"] = one(start, 4).decode()
        for entry in start[1]:
            pair = fields(entry)
            (number, text), = fields(one(pair, 2)).items()
            out["hparams"][one(pair, 1).decode()] = {
                2: lambda v: v, 3: lambda v: v.decode(), 4: bool
            }[number](text[0])
    else:
        out["status"] = one(fields(one(content, 4)), 1)


def read(path):
    out = {"file": str(path), "scalars": [], "hparams": {}}
    for n, record in enumerate(records(path.read_bytes())):
        event = fields(record)
        assert one(event, 1) > 1e9, "wall time"
        if n == 0:
            assert one(event, 3) == b"brain.Event:2", "version"
            continue
        for value in map(fields, fields(one(event, 5))[1]):
            if 9 in value:
                plugin(value, out)
            else:
                out["scalars"].append([one(value, 1).decode(), one(event, 2), one(value, 2)])
    return out


for path in sorted(pathlib.Path(sys.argv[1]).rglob("*tfevents*")):
    print(json.dumps(read(path)))
