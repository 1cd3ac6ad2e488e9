# SPDX-License-Identifier: GPL-3.0-or-later
"""What the experiments about nights share: the text, nights and what they answer, work in turn."""

import concurrent.futures
import itertools
import json
import os
import subprocess

FRESH_SEED = 4_400_000_000  # beyond 32 bits, which no study draws
JOBS = 2  # runs at a time, each on a core of its own


def say(text):
    print(f"== {text}", flush=True)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def make_tokens(folder, vocab, out):
    """The King James Bible as tokens of nightshift-lm, in folder/out."""
    with open(os.path.join(folder, "kjv.txt"), "wb") as text:
        subprocess.run(["bible", "Gen1:1-Rev22:21"], stdout=text, check=True)
    words = ["nightshift-lm", "prepare", "--text", "kjv.txt", "--vocab", str(vocab), "--out", out]
    subprocess.run(words, cwd=folder, check=True)


def ask(folder, *words):
    """What `nightshift` answers: one JSON value a line."""
    done = subprocess.run(["nightshift", *words, "--json"], cwd=folder, stdout=-1, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(words):
    """What a trainer told in its lines, later words over earlier ones; None where it failed."""
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode != 0:
        return None
    all_of_it = {}
    for line in done.stdout.splitlines():
        all_of_it |= json.loads(line)
    return all_of_it


def in_turn(work, items):
    """The results of work(item), JOBS at a time, each worker on a core of its own."""
    cores = itertools.cycle(sorted(os.sched_getaffinity(0)))

    def settle():
        os.sched_setaffinity(0, {next(cores)})  # of this thread and of what it starts

    with concurrent.futures.ThreadPoolExecutor(JOBS, "worker", settle) as pool:
        return list(pool.map(work, items))
