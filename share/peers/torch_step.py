# SPDX-License-Identifier: GPL-3.0-or-later
"""Training steps in PyTorch, as fast as plain eager code gets them: the peer of `make bench`.

usage: torch_step.py SHAPE STEPS MICROxCOUNT…

The model is Llama as trainer/model_llama.c builds it, the shapes are those of trainer/preset.c:
float32, tied head, AdamW (foreach).  A step is COUNT micro-batches of MICRO sequences.  The first
line names the version, the kernels and the BLAS that are in use; then, for each MICROxCOUNT, a line

    MICROxCOUNT TOKENS_PER_S OPTIMIZER_SECONDS

of the median of STEPS steps, after two that do not count.
"""

import collections
import math
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

Shape = collections.namedtuple("Shape", "dim layers heads kv_heads hidden vocab seq")
SHAPES = {
    "small": Shape(128, 3, 4, 4, 384, 2048, 128),
    "autoresearch": Shape(512, 4, 8, 2, 1408, 16893, 128),
    "stories110m": Shape(768, 12, 12, 12, 2048, 32000, 256),
}
EPS = 1e-5
WARM_UP = 2  # the first steps take memory from the system
HAS_SDPA = hasattr(F, "scaled_dot_product_attention")
HAS_RMS_NORM = hasattr(F, "rms_norm")


class Norm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        if HAS_RMS_NORM:
            return F.rms_norm(x, self.gain.shape, self.gain, EPS)
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * self.gain


class Turn(nn.Module):
    """Rotary embedding, the halves of a head turned against each other."""

    def __init__(self, width, seq):
        super().__init__()
        frequency = 10000.0 ** (-torch.arange(0, width, 2) / width)
        angle = torch.outer(torch.arange(seq).float(), frequency)
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())

    def forward(self, x):
        a, b = x.chunk(2, -1)
        return torch.cat((a * self.cos - b * self.sin, a * self.sin + b * self.cos), -1)


def attend(q, k, v):
    """All are [sequences, heads, seq, width]."""
    if HAS_SDPA:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    seq, width = q.shape[-2:]
    ahead = torch.full((seq, seq), -math.inf).triu(1)
    return torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width) + ahead, -1) @ v


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        dim, width = shape.dim, shape.dim // shape.heads
        self.heads, self.kv_heads, self.width = shape.heads, shape.kv_heads, width
        self.norm1, self.norm2 = Norm(dim), Norm(dim)
        self.turn = Turn(width, shape.seq)
        self.q = nn.Linear(dim, dim, bias=False)
        self.k = nn.Linear(dim, shape.kv_heads * width, bias=False)
        self.v = nn.Linear(dim, shape.kv_heads * width, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)
        self.gate = nn.Linear(dim, shape.hidden, bias=False)
        self.up = nn.Linear(dim, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, dim, bias=False)

    def attention(self, x):
        def split(y, heads):
            return y.view(*y.shape[:2], heads, self.width).transpose(1, 2)

        q = self.turn(split(self.q(x), self.heads))
        k = self.turn(split(self.k(x), self.kv_heads))
        v = split(self.v(x), self.kv_heads)
        if self.heads != self.kv_heads:
            k, v = (y.repeat_interleave(self.heads // self.kv_heads, 1) for y in (k, v))
        return self.out(attend(q, k, v).transpose(1, 2).reshape(x.shape))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.embedding = nn.Embedding(shape.vocab, shape.dim)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.dim)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, inputs, targets):
        x = self.embedding(inputs)
        for layer in self.layers:
            x = layer(x)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def step(model, optimizer, shape, micro, count):
    """Seconds of the whole step, and of the optimizer."""
    begin = time.perf_counter()
    for _ in range(count):
        tokens = torch.randint(0, shape.vocab, (2, micro, shape.seq))
        (model(tokens[0], tokens[1]) / count).backward()
    middle = time.perf_counter()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    end = time.perf_counter()
    return end - begin, end - middle


def blas_in_use():
    """The library file, where the system tells which ones are mapped."""
    torch.ones(64, 64) @ torch.ones(64, 64)
    try:
        with open("/proc/self/maps", encoding="ascii") as maps:
            files = {os.path.realpath(line.split()[-1]) for line in maps if "blas" in line}
    except OSError:
        return "unknown"
    return " ".join(sorted(f for f in files if "liblapack" not in f)) or "its own"


def kernels_in_use():
    """PyTorch falls back to plain kernels where it cannot read /proc/cpuinfo."""
    try:
        return torch.backends.cpu.get_cpu_capability()
    except AttributeError:
        return "unknown"


def main():
    shape, steps, splits = SHAPES[sys.argv[1]], int(sys.argv[2]), sys.argv[3:]
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count())
    torch.manual_seed(0)
    version = torch.__version__.split("+")[0]
    print(version, "kernels", kernels_in_use(), "BLAS", blas_in_use(), flush=True)
    model = Model(shape)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1, foreach=True
    )
    for split in splits:
        micro, count = (int(n) for n in split.split("x"))
        for _ in range(WARM_UP):
            step(model, optimizer, shape, micro, count)
        timed = sorted(step(model, optimizer, shape, micro, count) for _ in range(steps))
        seconds, update = timed[steps // 2]
        print(split, "%.1f %.6f" % (micro * count * shape.seq / seconds, update), flush=True)


if __name__ == "__main__":
    main()
