# SPDX-License-Identifier: GPL-3.0-or-later
"""A GGUF file read and run by the format's description alone, sharing nothing with the trainer.

usage: gguf_reference.py MODEL.gguf CASE.json

Prints the largest difference between its logits and the reference's at the last position of the
last sequence, as a share of the largest logit.  As llama.cpp does, "llama" turns neighbours
(2i, 2i + 1), and "qwen2" and "qwen3" turn i with i + width / 2.  Only F32 is known here.
"""
import json
import math
import struct
import sys
from operator import mul

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Reader:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.bytes = f.read()
        self.at = 0

    def take(self, kind):
        value, = struct.unpack_from("<" + kind, self.bytes, self.at)
        self.at += struct.calcsize("<" + kind)
        return value

    def text(self):
        n = self.take("Q")
        self.at += n
        return self.bytes[self.at - n:self.at].decode()

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind == 9:
            element, n = self.take("I"), self.take("Q")
            return [self.value(element) for _ in range(n)]
        return self.take(SCALARS[kind])


def read(path):
    r = Reader(path)
    assert r.bytes[:4] == b"GGUF"
    r.at = 4
    assert r.take("I") == 3
    n_tensors, n_values = r.take("Q"), r.take("Q")
    values = {}
    for _ in range(n_values):
        key = r.text()
        values[key] = r.value(r.take("I"))
    infos = []
    for _ in range(n_tensors):
        name = r.text()
        dims = [r.take("Q") for _ in range(r.take("I"))]
        kind, offset = r.take("I"), r.take("Q")
        assert kind == 0
        infos.append((name, dims, offset))
    begin = -(-r.at // 32) * 32
    tensors = {}
    for name, dims, offset in infos:
        n = math.prod(dims)
        flat = struct.unpack_from("<%df" % n, r.bytes, begin + offset)
        width = dims[0]
        tensors[name] = [flat[i:i + width] for i in range(0, n, width)] if len(dims) == 2 else flat
    return values, tensors


def dot(a, b):
    return sum(map(mul, a, b))


def norm(x, gain, eps):
    scale = 1 / math.sqrt(dot(x, x) / len(x) + eps)
    return [g * v * scale for g, v in zip(gain, x)]


def turned(x, position, base, neighbours):
    half = len(x) // 2
    out = list(x)
    for i in range(half):
        a, b = (2 * i, 2 * i + 1) if neighbours else (i, i + half)
        angle = position * base ** (-2 * i / len(x))
        out[a] = x[a] * math.cos(angle) - x[b] * math.sin(angle)
        out[b] = x[b] * math.cos(angle) + x[a] * math.sin(angle)
    return out


class Model:
    def __init__(self, path):
        values, self.t = read(path)
        self.arch = values["general.architecture"]
        get = lambda name: values[self.arch + "." + name]
        self.layers, self.heads = get("block_count"), get("attention.head_count")
        self.kv_heads, self.width = get("attention.head_count_kv"), get("attention.key_length")
        self.eps, self.base = get("attention.layer_norm_rms_epsilon"), get("rope.freq_base")
        self.cache = [([], []) for _ in range(self.layers)]

    def project(self, layer, name, x):
        bias = self.t.get("blk.%d.attn_%s.bias" % (layer, name))
        y = [dot(row, x) for row in self.t["blk.%d.attn_%s.weight" % (layer, name)]]
        y = [a + b for a, b in zip(y, bias)] if bias else y
        heads = [y[i:i + self.width] for i in range(0, len(y), self.width)]
        gain = self.t.get("blk.%d.attn_%s_norm.weight" % (layer, name))
        return [norm(h, gain, self.eps) for h in heads] if gain else heads

    def attend(self, layer, x, position):
        turn = lambda heads: [turned(h, position, self.base, self.arch == "llama") for h in heads]
        keys, values = self.cache[layer]
        keys.append(turn(self.project(layer, "k", x)))
        values.append(self.project(layer, "v", x))
        out = []
        for h, q in enumerate(turn(self.project(layer, "q", x))):
            kv = h // (self.heads // self.kv_heads)
            scores = [math.exp(dot(q, k[kv]) / math.sqrt(self.width)) for k in keys]
            total = sum(scores)
            out += [sum(s * v[kv][i] for s, v in zip(scores, values)) / total
                    for i in range(self.width)]
        return [dot(row, out) for row in self.t["blk.%d.attn_output.weight" % layer]]

    def feed(self, layer, x):
        gate, up, down = (self.t["blk.%d.ffn_%s.weight" % (layer, n)] for n in ("gate", "up", "down"))
        z = [dot(row, x) for row in gate]
        h = [a / (1 + math.exp(-a)) * dot(row, x) for a, row in zip(z, up)]
        return [dot(row, h) for row in down]

    def read(self, token, position):
        x = list(self.t["token_embd.weight"][token])
        for i in range(self.layers):
            a = self.attend(i, norm(x, self.t["blk.%d.attn_norm.weight" % i], self.eps), position)
            x = [p + q for p, q in zip(x, a)]
            f = self.feed(i, norm(x, self.t["blk.%d.ffn_norm.weight" % i], self.eps))
            x = [p + q for p, q in zip(x, f)]
        return norm(x, self.t["output_norm.weight"], self.eps)

    def logits(self, x):
        return [dot(row, x) for row in self.t.get("output.weight", self.t["token_embd.weight"])]


def main():
    model = Model(sys.argv[1])
    with open(sys.argv[2]) as f:
        case = json.load(f)
    for position, token in enumerate(case["ids"][-1][:-1]):
        x = model.read(token, position)
    want = case["logits_last_pos"]
    off = max(abs(a - b) for a, b in zip(model.logits(x), want))
    print(off / max(map(abs, want)))


main()
