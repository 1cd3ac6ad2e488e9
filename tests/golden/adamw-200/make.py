#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""
make.py PROGRAM: writes curve.tsv, 200 steps of training by PyTorch in double precision.

The run is that of config.json with seed 7: the same tokens (drawn by tokens() as tests/cli_golden.t does),
the same sequences in each step (trainer/data.h: the stream (seed, "data", step) of harness/base/rng.h)
and the same starting weights, which PROGRAM (nightshift-lm) is asked for by one step at learning
rate 0.  All else is PyTorch's: the gradient, the clipping, AdamW.  Needs torch, 1.13 or newer.
"""
import hashlib
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

import torch
import torch.nn.functional as F

SEED = 7
MASK = (1 << 64) - 1
HERE = os.path.dirname(os.path.abspath(__file__))


def tokens(n, vocab):
    """Something to learn: three in four follow from the one before."""
    out, r, t = [], 1, 0
    for _ in range(n):
        r = (r * 1103515245 + 12345) % 2**31
        t = r // 1024 % vocab if r % 1024 < 256 else (3 * t + 1) % vocab
        out.append(t)
    return out


class Stream:
    """xoshiro256**, its state from splitmix64 of an FNV-1a hash: see harness/base/rng.h."""

    def __init__(self, seed, purpose, index):
        state = 0xCBF29CE484222325
        for byte in purpose.encode():
            state = (state ^ byte) * 0x100000001B3 & MASK
        state ^= self.split(seed)[1]
        state = self.split(state)[1] ^ self.split(index)[1]
        self.s = []
        for _ in range(4):
            state, word = self.split(state)
            self.s.append(word)

    @staticmethod
    def split(state):
        state = state + 0x9E3779B97F4A7C15 & MASK
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return state, z ^ z >> 31

    @staticmethod
    def rotate(x, bits):
        return (x << bits | x >> (64 - bits)) & MASK

    def next(self):
        s = self.s
        out = self.rotate(s[1] * 5 & MASK, 7) * 9 & MASK
        shifted = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = self.rotate(s[3], 45)
        return out

    def below(self, n):
        while True:
            x = self.next()
            if x >= 2**64 % n:
                return x % n


def start(program, config, data):
    """The starting weights by name, and the SHA-256 of their bytes in the file."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "tokens.bin"), "wb") as file:
            file.write(data)
        with open(os.path.join(folder, "c.json"), "w", encoding="utf-8") as file:
            json.dump({**config, "lr": 0, "steps": 1}, file)
        subprocess.run([os.path.abspath(program), "train", "--config", "c.json", "--seed", str(SEED),
                        "--out", "start"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "start", "model.safetensors"), "rb") as file:
            length, = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
            numbers = file.read()
    header.pop("__metadata__")
    weights = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(numbers[first:last]), dtype=torch.float32)
        weights[name] = flat.reshape(entry["shape"])
    return weights, hashlib.sha256(numbers).hexdigest()


def norm(x, gain, eps):
    return gain * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def turn(x, theta):
    """Rotary embedding of x [sequences, heads, seq, width]; element i goes with i + width/2."""
    seq, half = x.shape[2], x.shape[3] // 2
    rates = theta ** (-torch.arange(half, dtype=x.dtype) / half)
    angles = torch.arange(seq, dtype=x.dtype)[:, None] * rates
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()), -1)


def attend(c, x, w, layer):
    def heads(name, n):
        y = x @ w[f"model.layers.{layer}.self_attn.{name}_proj.weight"].T
        return y.unflatten(-1, (n, c["head_dim"])).transpose(1, 2)

    q = turn(heads("q", c["heads"]), c["rope_theta"])
    k = turn(heads("k", c["kv_heads"]), c["rope_theta"])
    v = heads("v", c["kv_heads"])
    k, v = (y.repeat_interleave(c["heads"] // c["kv_heads"], 1) for y in (k, v))
    scores = q @ k.transpose(2, 3) / math.sqrt(c["head_dim"])
    future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    y = scores.masked_fill(future, -math.inf).softmax(-1) @ v
    return y.transpose(1, 2).flatten(2) @ w[f"model.layers.{layer}.self_attn.o_proj.weight"].T


def feed(x, w, layer):
    gate, up, down = (w[f"model.layers.{layer}.mlp.{name}_proj.weight"]
                      for name in ("gate", "up", "down"))
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def losses(c, w, ids):
    """Of each target of ids [sequences, seq + 1]."""
    x = w["model.embed_tokens.weight"][ids[:, :-1]]
    for layer in range(c["layers"]):
        at = f"model.layers.{layer}."
        x = x + attend(c, norm(x, w[at + "input_layernorm.weight"], c["norm_eps"]), w, layer)
        x = x + feed(norm(x, w[at + "post_attention_layernorm.weight"], c["norm_eps"]), w, layer)
    logits = norm(x, w["model.norm.weight"], c["norm_eps"]) @ w["model.embed_tokens.weight"].T
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")


def rate(c, step):
    p, warmup, floor = (step + 0.5) / c["steps"], c["warmup"], c["min_lr_fraction"]
    if p < warmup:
        return c["lr"] * p / warmup
    x = (p - warmup) / (1 - warmup)
    return c["lr"] * (floor + (1 - floor) * (1 + math.cos(math.pi * x)) / 2)


def curve(c, weights, train, dtype):
    """Trains `weights` in place; yields (step, loss, norm before clipping, learning rate)."""
    for name in weights:
        weights[name] = weights[name].detach().to(dtype, copy=True).requires_grad_()
    matrices = [w for w in weights.values() if w.dim() == 2]
    gains = [w for w in weights.values() if w.dim() == 1]
    descent = torch.optim.AdamW([{"params": matrices, "weight_decay": c["weight_decay"]},
                                 {"params": gains, "weight_decay": 0.0}],
                                betas=(c["beta1"], c["beta2"]), eps=c["eps"])
    seq = c["seq"]
    for step in range(c["steps"]):
        stream = Stream(SEED, "data", step)
        places = [stream.below(len(train) - seq) for _ in range(c["batch"])]
        ids = torch.stack([train[at:at + seq + 1] for at in places])
        for group in descent.param_groups:
            group["lr"] = rate(c, step)
        descent.zero_grad()
        loss = losses(c, weights, ids).mean()
        loss.backward()
        size = torch.nn.utils.clip_grad_norm_(list(weights.values()), c["clip"])
        descent.step()
        yield step + 1, loss.item(), size.item(), rate(c, step)


def validate(c, weights, val):
    """Mean loss over the split, read in pieces of seq targets."""
    with torch.no_grad():
        each = [losses(c, weights, val[None, at:at + c["seq"] + 1])
                for at in range(0, len(val) - 1, c["seq"])]
    return torch.cat(each).mean().item()


def main():
    with open(os.path.join(HERE, "config.json"), encoding="utf-8") as file:
        c = json.load(file)
    every = tokens(20000, c["vocab"])
    data = struct.pack(f"<{len(every)}H", *every)
    train, val = torch.tensor(every[:18000]), torch.tensor(every[18000:19000])
    weights, sha256 = start(sys.argv[1], c, data)
    single = [line[1] for line in curve(c, dict(weights), train, torch.float32)]
    double = list(curve(c, weights, train, torch.float64))
    with open(os.path.join(HERE, "curve.tsv"), "w", encoding="utf-8") as out:
        print(f"# torch {torch.__version__}, float64", file=out)
        print(f"# tokens\t{hashlib.sha256(data).hexdigest()}", file=out)
        print(f"# start\t{sha256}", file=out)
        print("# step\ttrain_loss\tgrad_norm\tlr", file=out)
        for line in double:
            print("%d\t%.9f\t%.9f\t%.12g" % line, file=out)
        print("# val_loss\t%.9f" % validate(c, weights, val), file=out)
    print("clipped in %d steps; float32 differs by %.2g at most" % (
        sum(line[2] > c["clip"] for line in double),
        max(abs(a - b[1]) for a, b in zip(single, double))))


if __name__ == "__main__":
    main()
