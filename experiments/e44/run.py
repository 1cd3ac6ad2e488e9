#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forerunner's experiment 44 and its repair, from nothing to the figures: `make e44`.

usage: run.py [--minutes M] [--experiments N]      (from the repository's root, programs in build/)

Works in build/e44, a git repository of its own, which is begun anew.  In order: the King James
Bible as tokens; how much work the clock's budget is; the night by the forerunner's protocol; one
by ours that costs about as many runs, audit, tests and confirmation among them; the same one, gone
on with until it has as many experiments; the configs that any of them believed in, trained again on
seeds that no decision has seen; results.tsv, table.md and the chart.  Two runs at a time throughout.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "measure"))
sys.dont_write_bytecode = True

from trials import FRESH_SEED, ask, in_turn, make_tokens, say, told, write_json  # noqa: E402

STUDIES = {"forerunner": "e44", "repaired": "e44-repaired"}  # protocol: name of the study
FULL_MINUTES, FULL_EXPERIMENTS, FULL_SECONDS = 60, 100, 12
OTHER_RUNS, RUNS_PER_PROPOSAL = 53, 1.4  # of ours: audit, tests and confirmation; the search
SEEDS_LEAST, SEEDS_MOST = 4, 16  # of the truth; those on the way have the least


# --- the folder -----------------------------------------------------------------------------------


def prepare(folder):
    """A fresh folder with the text, its tokens, and both study files."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "e44"))
    subprocess.run(["git", "init", "-q", folder], check=True)
    make_tokens(folder, 2048, "data/kjv")
    for study in STUDIES.values():
        shutil.copy(os.path.join(HERE, "..", f"{study}.yaml"), folder)
    shutil.copy(os.path.join(HERE, "train.py"), os.path.join(folder, "e44"))


# --- single runs ----------------------------------------------------------------------------------


def train(folder, protocol, params, seed):
    """One run of train.py, outside any study: what it told, or None where it failed."""
    run = os.path.join(folder, "fresh", threading.current_thread().name)
    shutil.rmtree(run, ignore_errors=True)
    os.makedirs(run)
    config = os.path.join(run, "config.json")
    write_json(config, params)
    words = [sys.executable, os.path.join(folder, "e44", "train.py"), protocol]
    words += ["--config", config, "--seed", str(seed), "--out", run]
    words += ["--data", os.path.join(folder, "data", "kjv")]
    words += ["--budget", os.path.join(folder, "budget.json")]
    words += ["--ignore", "WEIGHT_DECAY", "--ignore", "ADAM_B2"]
    return told(words)


def calibrate(folder, params):
    """The operations that a config does in the clock's time: the median of some runs."""
    runs = in_turn(
        lambda seed: train(folder, "forerunner", params, seed), range(FRESH_SEED - 4, FRESH_SEED)
    )
    return statistics.median(run["flops"] for run in runs)


# --- the nights -----------------------------------------------------------------------------------


def night(folder, study, experiments):
    """Runs a study until it holds so many experiments."""
    words = ["nightshift", "run", f"{study}.yaml", "--experiments", str(experiments)]
    subprocess.run(words, cwd=folder, check=True)


def read_night(folder, study):
    """What a night leaves that the figures need."""
    path = f"{study}.yaml"
    experiments = ask(folder, "log", path)
    for experiment in experiments:
        runs = ask(folder, "show", path, str(experiment["id"]))[0]["runs"]
        experiment["runs"] = [
            {"seed": run["seed"], "class": run["class"], "value": run["value"]}
            | {"full_val_loss": run["metrics"].get("full_val_loss")}
            | {"steps": run["metrics"].get("steps")}
            for run in runs
        ]
    decisions = ask(folder, "log", path, "--decisions")
    return {"study": study, "experiments": experiments, "decisions": decisions}


def all_nights(folder, experiments):
    """The forerunner's; ours for about as many runs; ours gone on to as many experiments."""
    first = max(5, round((experiments - OTHER_RUNS) / RUNS_PER_PROPOSAL))
    plan = [
        ("forerunner", "forerunner", experiments),
        ("equal_runs", "repaired", min(first, experiments)),
        ("equal_experiments", "repaired", experiments),
    ]
    nights = []
    for name, protocol, number in plan:
        study = STUDIES[protocol]
        say(f"{study}.yaml, to {number} experiments")
        begin = time.monotonic()
        night(folder, study, number)
        seconds = round(time.monotonic() - begin)
        nights.append({"name": name, "protocol": protocol, "seconds": seconds})
        nights[-1] |= read_night(folder, study)
    return nights


def believed(night):
    """The start and what a night took for better, in order: all keeps, or the verified ones."""
    by_id = {e["id"]: e for e in night["experiments"]}
    kind = "verify" if night["protocol"] == "repaired" else "head"
    kept = [d for d in night["decisions"] if d["kind"] == kind and d["verdict"] == "keep"]
    return [by_id[1], *(by_id[d["experiment"]] for d in kept if d["experiment"] > 1)]


# --- the truth ------------------------------------------------------------------------------------


def truth_plan(nights, whole):
    """What to train again for one seed: {(study, experiment, protocol): params}.

    The start and each night's last believed config, by both budgets; with `whole` also what it
    believed in on the way, by its own.
    """
    plan = {}
    for night in nights:
        path = believed(night)
        wanted = [(e, night["protocol"]) for e in path if whole]
        wanted += [(e, protocol) for e in (path[0], path[-1]) for protocol in STUDIES]
        for e, protocol in wanted:
            study = night["study"] if e["id"] > 1 else "start"  # both begin with the same config
            plan[study, e["id"], protocol] = e["params"]
    return plan


def measure_truth(folder, nights, deadline):
    """Fresh seeds until the time is up; a line of truth.jsonl per run."""
    lock, slowest = threading.Lock(), 0.0
    with open(os.path.join(folder, "truth.jsonl"), "w", encoding="utf-8") as out:

        def measure(item):
            (study, number, protocol), params, seed = item
            record = train(folder, protocol, params, seed)
            full = "val_loss" if protocol == "repaired" else "full_val_loss"
            line = {"study": study, "id": number, "protocol": protocol, "seed": seed}
            line |= {"loss": record[full], "score": record["val_loss"]} if record else {}
            with lock:
                print(json.dumps(line), file=out, flush=True)

        for n in range(SEEDS_MOST):
            begin = time.monotonic()
            if n >= SEEDS_LEAST and begin + slowest > deadline:
                break
            plan = truth_plan(nights, n < SEEDS_LEAST)
            in_turn(measure, [(*item, FRESH_SEED + n) for item in plan.items()])
            slowest = max(slowest, time.monotonic() - begin)
    shutil.rmtree(os.path.join(folder, "fresh"))


# --- all of it ------------------------------------------------------------------------------------


def parse():
    parser = argparse.ArgumentParser(usage="see the head of the file")
    parser.add_argument("--minutes", type=float, default=FULL_MINUTES)
    parser.add_argument("--experiments", type=int)
    args = parser.parse_args()
    if not 2 <= args.minutes <= 1440:
        parser.error("--minutes is 2 to 1440")
    if args.experiments is not None and args.experiments < 5:
        parser.error("--experiments is 5 or more")
    return args


def main():
    args = parse()
    top = os.path.dirname(os.path.dirname(HERE))
    folder = os.path.join(top, "build", "e44")
    os.environ["PATH"] = os.path.join(top, "build") + os.pathsep + os.environ["PATH"]
    begin = time.monotonic()
    share = math.sqrt(args.minutes / FULL_MINUTES)  # fewer experiments and shorter ones
    experiments = args.experiments or round(FULL_EXPERIMENTS * share)
    seconds = round(FULL_SECONDS * share * share / (experiments / FULL_EXPERIMENTS), 1)
    say(f"{experiments} experiments of {seconds} s a night, about {args.minutes:g} minutes")
    prepare(folder)
    budget = os.path.join(folder, "budget.json")
    write_json(budget, {"seconds": seconds, "flops": 0})
    spec = ask(folder, "check", "e44.yaml")[0]["spec"]
    start = {parameter["name"]: parameter["start"] for parameter in spec["parameters"]}
    write_json(budget, {"seconds": seconds, "flops": calibrate(folder, start)})
    nights = all_nights(folder, experiments)
    write_json(os.path.join(folder, "nights.json"), {"seconds": seconds, "nights": nights})
    say("what they believed in, on fresh seeds")
    measure_truth(folder, nights, begin + 60 * args.minutes)
    subprocess.run([sys.executable, os.path.join(HERE, "figures.py"), folder], check=True)
    say(f"{(time.monotonic() - begin) / 60:.0f} minutes; {folder}")


if __name__ == "__main__":
    main()
