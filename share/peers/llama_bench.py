# SPDX-License-Identifier: GPL-3.0-or-later
"""llama.cpp on a GGUF file: the peer of `make bench` in reading and writing text.

usage: llama_bench.py FOLDER about
       llama_bench.py FOLDER logits MODEL.gguf IDS TOKENS [THREADS]
       llama_bench.py FOLDER speed MODEL.gguf PROMPT TOKENS ROUNDS THREADS

FOLDER is one that npm installed llama.cpp's shared libraries in, which asks for no model:

    npm install --prefix FOLDER --ignore-scripts @node-llama-cpp/linux-x64@3.22.1

`about` prints the version; `logits` one JSON object: the logits behind each of IDS (1,2,3) and
TOKENS ids that follow greedily; `speed` tokens a second of a prompt and of new tokens behind it, a
line a round.  For `logits` keys and values are binary32 and attention is not fused, so that nothing
is rounded that need not be; for `speed` everything is as llama.cpp has it by itself.

Parameters are structs that are passed by value and differ between versions: the few that are set
are found by the defaults around them, and a version whose defaults stand elsewhere is refused.
"""

import ctypes
import glob
import json
import os
import random
import sys
import time

ROOM = 512  # bytes: more than either struct has
F32 = 0  # ggml's number of binary32


class Parameters(ctypes.Structure):
    """More room than the struct needs: passed on the stack, the rest is never looked at."""

    _fields_ = [("bytes", ctypes.c_uint8 * ROOM)]

    def number(self, at, value=None):
        field = ctypes.c_int32.from_buffer(self, at)
        if value is not None:
            field.value = value
        return field.value


class Batch(ctypes.Structure):
    """The same for a batch, which is only passed on."""

    _fields_ = [("bytes", ctypes.c_uint8 * 56)]


# Fields of llama_context_params that are set here: where they stand, and their defaults.
CONTEXT = {"n_ctx": (0, 512), "n_batch": (4, 2048), "n_ubatch": (8, 512), "n_threads": (28, 4),
           "n_threads_batch": (32, 4), "flash_attn_type": (52, -1), "type_k": (104, 1), "type_v": (108, 1)}
EXACT = {"flash_attn_type": 0, "type_k": F32, "type_v": F32}


def library(folder, name):
    found = sorted(glob.glob(os.path.join(folder, "**", f"lib{name}.*so*"), recursive=True)
                   + glob.glob(os.path.join(folder, "**", f"lib{name}.so"), recursive=True))
    if not found:
        sys.exit(f"{folder}: no lib{name}")
    return found[0]


class Llama:
    def __init__(self, folder):
        path = library(folder, "llama")
        self.ggml = ctypes.CDLL(library(folder, "ggml"), ctypes.RTLD_GLOBAL)
        self.lib = ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
        self.silent = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(
            lambda level, text, user: None)
        self.lib.llama_log_set(self.silent, None)
        self.ggml.ggml_backend_load_all_from_path(os.path.dirname(path).encode())
        self.lib.llama_backend_init()
        pointer = ctypes.c_void_p
        for name, result, arguments in (
                ("llama_version", ctypes.c_char_p, []),
                ("llama_print_system_info", ctypes.c_char_p, []),
                ("llama_model_default_params", Parameters, []),
                ("llama_context_default_params", Parameters, []),
                ("llama_model_load_from_file", pointer, [ctypes.c_char_p, Parameters]),
                ("llama_init_from_model", pointer, [pointer, Parameters]),
                ("llama_model_get_vocab", pointer, [pointer]),
                ("llama_vocab_n_tokens", ctypes.c_int32, [pointer]),
                ("llama_get_memory", pointer, [pointer]),
                ("llama_memory_clear", None, [pointer, ctypes.c_bool]),
                ("llama_batch_get_one", Batch, [pointer, ctypes.c_int32]),
                ("llama_decode", ctypes.c_int32, [pointer, Batch]),
                ("llama_get_logits_ith", ctypes.POINTER(ctypes.c_float), [pointer, ctypes.c_int32])):
            function = getattr(self.lib, name)
            function.restype, function.argtypes = result, arguments

    def open(self, path, length, threads, settings):
        model = self.lib.llama_model_load_from_file(path.encode(), self.lib.llama_model_default_params())
        if not model:
            sys.exit(f"{path}: llama.cpp cannot read it")
        params = self.lib.llama_context_default_params()
        for name, (at, default) in CONTEXT.items():
            if params.number(at) != default:
                sys.exit(f"llama.cpp {self.version()}: {name} does not stand at byte {at}")
        wanted = dict(settings, n_ctx=length, n_threads=threads, n_threads_batch=threads)
        for name, value in wanted.items():
            params.number(CONTEXT[name][0], value)
        self.context = self.lib.llama_init_from_model(model, params)
        if not self.context:
            sys.exit(f"{path}: llama.cpp makes no context")
        self.vocab = self.lib.llama_vocab_n_tokens(self.lib.llama_model_get_vocab(model))

    def version(self):
        return self.lib.llama_version().decode()

    def clear(self):
        self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), True)

    def read(self, ids):
        """Reads on; returns the logits behind the last one."""
        tokens = (ctypes.c_int32 * len(ids))(*ids)
        if self.lib.llama_decode(self.context, self.lib.llama_batch_get_one(tokens, len(ids))) != 0:
            sys.exit("llama.cpp cannot read on")
        return self.lib.llama_get_logits_ith(self.context, -1)

    def logits(self, ids):
        return self.read(ids)[: self.vocab]


def tell_logits(llama, ids, tokens):
    rows = [llama.logits([i]) for i in ids]
    llama.clear()
    last = llama.logits(ids)
    new = []
    for _ in range(tokens):
        new.append(max(range(llama.vocab), key=last.__getitem__))
        last = llama.logits(new[-1:])
    print(json.dumps({"logits": rows, "greedy": new}))


def tell_speed(llama, prompt, tokens, rounds):
    random.seed(1)
    ids = [random.randrange(llama.vocab) for _ in range(prompt + tokens)]
    for turn in range(rounds + 1):  # the first one touches everything
        llama.clear()
        begin = time.perf_counter()
        llama.read(ids[:prompt])
        middle = time.perf_counter()
        for i in ids[prompt:]:
            llama.read([i])
        end = time.perf_counter()
        if turn > 0:
            print("%.2f %.2f" % (prompt / (middle - begin), tokens / (end - middle)), flush=True)


def main():
    folder, what, *rest = sys.argv[1:]
    llama = Llama(folder)
    if what == "about":
        print(llama.version(), llama.lib.llama_print_system_info().decode())
    elif what == "logits":
        ids = [int(i) for i in rest[1].split(",")]
        llama.open(rest[0], len(ids) + int(rest[2]), int(rest[3]) if len(rest) > 3 else 1, EXACT)
        tell_logits(llama, ids, int(rest[2]))
    elif what == "speed":
        prompt, tokens, rounds, threads = (int(n) for n in rest[1:])
        llama.open(rest[0], prompt + tokens, threads, {})
        tell_speed(llama, prompt, tokens, rounds)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
