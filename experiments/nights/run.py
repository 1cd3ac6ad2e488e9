#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nights of equally many runs of a real trainer, by three strategies: `make nights`.

usage: run.py [--runs 60] [--nights 3] [--tokens 1300000] [--fresh 6] [DIR]
       (from the repository's root, programs in build/)

`auto` and `random` by this project's procedure, `autoane` by the forerunner's greedy rule, each
begun from the same start under so many seeds, two nights at a time.  Then what each night believed
in trains again, beside the start, on seeds that no night has seen.  Works in build/nights (or DIR)
and goes on there with what was begun; leaves results.tsv and table.md.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
from statistics import fmean

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "measure"))
sys.dont_write_bytecode = True

from intervals import mean_interval  # noqa: E402
from trials import FRESH_SEED, ask, in_turn, make_tokens, say, told, write_json  # noqa: E402

PROCEDURES = {
    "auto": "two_level, confirm: 0",
    "random": "two_level, confirm: 0",
    "autoane": "greedy",
}
START = "start"


# --- the nights -----------------------------------------------------------------------------------


def write_study(folder, strategy, seed, tokens):
    with open(os.path.join(HERE, "night.yaml"), encoding="utf-8") as file:
        text = file.read()
    for key, value in (
        ("name:", f"name: {strategy}-{seed}"),
        ("search:", f"search: {{strategy: {strategy}, seed: {seed}}}"),
        ("decision:", f"decision: {{procedure: {PROCEDURES[strategy]}}}"),
        ("  tokens:", f"  tokens: {{value: {tokens}}}"),
    ):
        text = re.sub(f"(?m)^{key}.*$", value, text)
    with open(os.path.join(folder, f"{strategy}-{seed}.yaml"), "w", encoding="utf-8") as file:
        file.write(text)


def run_nights(folder, names, runs):
    def night(name):
        say(f"night {name}")
        words = ["nightshift", "run", f"{name}.yaml", "--runs", str(runs), "--quiet"]
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    in_turn(night, names)


def read_night(folder, name):
    """What it believes in: the verified config, or the forerunner's last keep."""
    status = ask(folder, "status", f"{name}.yaml")[0]
    greedy = name.startswith("autoane")
    best = status["head"]["id"] if greedy and status["head"] else status["best"]["id"]
    experiments = {e["id"]: e for e in ask(folder, "log", f"{name}.yaml")}
    return {
        "name": name,
        "runs": status["runs"],
        "experiments": status["experiments"],
        "id": best,
        "params": experiments[best]["params"],
        "start": experiments[1]["params"],
        "seen": fmean(experiments[1]["values"]) - fmean(experiments[best]["values"]),
    }


# --- the truth ------------------------------------------------------------------------------------


def read_truth(path):
    """{(name, seed): loss} of what was measured already."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {(t["name"], t["seed"]): t["loss"] for t in map(json.loads, file)}


def train(folder, params, seed):
    run = os.path.join(folder, "fresh", threading.current_thread().name)
    os.makedirs(run, exist_ok=True)
    config = os.path.join(run, "config.json")
    write_json(config, params)
    words = ["nightshift-lm", "train", "--config", config, "--seed", str(seed), "--out", run]
    return told([*words, "--data", os.path.join(folder, "data"), "--threads", "1"])


def measure_truth(folder, nights, fresh):
    """{name: [loss of seed 0 … fresh - 1]}; each loss is kept as it comes."""
    path, lock = os.path.join(folder, "truth.jsonl"), threading.Lock()
    truth = read_truth(path)
    configs = {START: nights[0]["start"]} | {n["name"]: n["params"] for n in nights if n["id"] > 1}
    wanted = [(name, FRESH_SEED + n) for n in range(fresh) for name in configs]

    def measure(item):
        name, seed = item
        result = train(folder, configs[name], seed)
        if result is None:
            raise RuntimeError(f"{name}: the run of seed {seed} failed")
        with lock, open(path, "a", encoding="utf-8") as out:
            truth[item] = result["val_loss"]
            out.write(json.dumps({"name": name, "seed": seed, "loss": truth[item]}) + "\n")

    in_turn(measure, [item for item in wanted if item not in truth])
    return {
        n["name"]: [truth[n["name"] if n["id"] > 1 else START, FRESH_SEED + k] for k in range(fresh)]
        for n in [*nights, {"name": START, "id": 1}]
    }


# --- figures --------------------------------------------------------------------------------------


def interval(values):
    mean, low, high = mean_interval(values)
    if len(values) < 2:
        return f"{mean:+.4f}, one alone"
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"


def gains(truth, worse, better):
    return [a - b for a, b in zip(truth[worse], truth[better])]


def night_rows(nights, truth):
    yield "| night | runs | experiments | lr | gain that it saw | true gain over the start |"
    yield "|---|---|---|---|---|---|"
    for n in nights:
        gain = interval(gains(truth, START, n["name"])) if n["id"] > 1 else "the start itself"
        yield (
            f"| {n['name']} | {n['runs']} | {n['experiments']} | {n['params']['lr']:.2g} |"
            f" {n['seen']:+.4f} | {gain} |"
        )


def contest_rows(truth, seeds):
    yield "| better by auto, nats | " + " | ".join(f"night {s}" for s in seeds) + " | nights |"
    yield "|---|" + "---|" * (len(seeds) + 1)
    for other in ("random", "autoane"):
        per_night = [gains(truth, f"{other}-{s}", f"auto-{s}") for s in seeds]
        means = [sum(values) / len(values) for values in per_night]
        cells = [*map(interval, per_night), interval(means)]
        yield f"| than {other} | " + " | ".join(cells) + " |"


def write_results(folder, nights, truth):
    with open(os.path.join(folder, "results.tsv"), "w", encoding="utf-8") as out:
        print("night", "runs", "experiments", "id", "seed", "val_loss", sep="\t", file=out)
        for n in nights:
            for k, loss in enumerate(truth[n["name"]]):
                row = [n["name"], n["runs"], n["experiments"], n["id"], FRESH_SEED + k, loss]
                print(*row, sep="\t", file=out)


# --- all of it ------------------------------------------------------------------------------------


def parse():
    parser = argparse.ArgumentParser(usage="see the head of the file")
    parser.add_argument("folder", nargs="?")
    for name, value in (("runs", 60), ("nights", 3), ("tokens", 1300000), ("fresh", 6)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    for name, least in (("runs", 20), ("nights", 1), ("tokens", 1000), ("fresh", 2)):
        if getattr(args, name) < least:
            parser.error(f"--{name} is at least {least}")
    return args


def main():
    args = parse()
    top = os.path.dirname(os.path.dirname(HERE))
    folder = os.path.abspath(args.folder or os.path.join(top, "build", "nights"))
    os.environ["PATH"] = os.path.join(top, "build") + os.pathsep + os.environ["PATH"]
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(os.path.join(folder, "data")):
        make_tokens(folder, 1024, "data")
    seeds = range(1, args.nights + 1)
    names = [f"{strategy}-{seed}" for seed in seeds for strategy in PROCEDURES]
    for name in names:
        write_study(folder, *name.split("-"), args.tokens)
    run_nights(folder, names, args.runs)
    nights = [read_night(folder, name) for name in names]
    say(f"what they believed in, on {args.fresh} fresh seeds")
    truth = measure_truth(folder, nights, args.fresh)
    write_results(folder, nights, truth)
    table = "\n".join([*night_rows(nights, truth), "", *contest_rows(truth, seeds)])
    with open(os.path.join(folder, "table.md"), "w", encoding="utf-8") as out:
        print(table, file=out)
    print(table)


if __name__ == "__main__":
    main()
