#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Optuna makes of an exported storage: optuna_reads.py URL|JOURNAL RUNS.jsonl LOG.jsonl
Compares with `export --format jsonl` and `log --json` of the same record; prints what differs."""

import json
import math
import sys

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
where, runs_path, log_path = sys.argv[1:]
if where.endswith(".db"):
    storage = "sqlite:///" + where
else:
    import warnings

    warnings.simplefilter("ignore")
    storage = optuna.storages.JournalStorage(optuna.storages.JournalFileStorage(where))
study = optuna.load_study(study_name=None, storage=storage)
log = [json.loads(line) for line in open(log_path, encoding="utf-8")]
runs = [json.loads(line) for line in open(runs_path, encoding="utf-8")]
wrong = []


def want(what, got, expected):
    if got != expected and not (
        isinstance(got, float) and math.isclose(got, expected, rel_tol=1e-12)
    ):
        wrong.append(f"{what}: {got!r}, not {expected!r}")


STATES = {"keep": "COMPLETE", "revert": "COMPLETE", "failed": "FAIL", "pending": "RUNNING"}
trials = study.trials
want("trials", len(trials), len(log))
want("direction", study.direction.name, "MINIMIZE")
means = {}
for trial, row in zip(trials, log):
    name = f"trial {trial.number}"
    want(f"{name} number", trial.number + 1, row["id"])
    values = [v for v in row["values"] if v is not None]
    state = STATES[row["decision"]]
    want(f"{name} state", trial.state.name, state)
    if state == "COMPLETE":
        own = [
            r["value"] for r in runs
            if r["experiment"] == row["id"] and r["variant"] == "own" and r["value"] is not None
        ]
        means[row["id"]] = sum(own) / len(own)
        want(f"{name} value", trial.value, means[row["id"]])
        # the last thing that the trainer says of the metric is its value
        steps = trial.intermediate_values
        want(f"{name} steps", sorted(steps), [100, 200])
        seed = trial.user_attrs["intermediate"]["seed"]
        want(f"{name} curve", steps[200], dict(zip(row["seeds"], row["values"]))[seed])
    params = {k: v for k, v in row["params"].items() if k != "constant"}
    want(f"{name} params", trial.params, params)
    for key, value in trial.params.items():
        distribution = trial.distributions[key]
        if not distribution._contains(distribution.to_internal_repr(value)):
            wrong.append(f"{name}: {key} = {value} lies outside of {distribution}")
    want(f"{name} purpose", trial.user_attrs["purpose"], row["purpose"])
    want(f"{name} seeds", trial.user_attrs["seeds"], row["seeds"])
    if trial.state.is_finished() and not trial.datetime_start <= trial.datetime_complete:
        wrong.append(f"{name} ended before it began")

best = min(means, key=means.get)
want("best trial", study.best_trial.number + 1, best)
want("best value", study.best_value, means[best])
want("constants", study.user_attrs["constants"], {"constant": 7})

D = optuna.distributions
RANGES = {
    "lr": D.FloatDistribution(1e-4, 1e-1, log=True),
    "wd": D.FloatDistribution(0.0, 0.5),
    "drop": D.FloatDistribution(0.0, 0.3, step=0.1),
    "dim": D.IntDistribution(64, 192, step=64),
    "layers": D.IntDistribution(1, 4),
    "heads": D.IntDistribution(1, 8, log=True),
    "warm": D.IntDistribution(10, 100, log=True),
    "batch": D.CategoricalDistribution((4, 8, 16)),
    "mode": D.CategoricalDistribution(("good", "bad", "ugly's \"")),
    "flag": D.CategoricalDistribution((True, 1.5, "one")),
}
seen = {}
for trial in trials:
    seen.update(trial.distributions)
want("distributions", {k: seen.get(k) for k in RANGES}, RANGES)

# Optuna goes on from there.
study.enqueue_trial({k: v for k, v in trials[0].params.items()})
fresh = study.ask(RANGES)
study.tell(fresh, 1e9)
want("one more", len(study.trials), len(log) + 1)
print("\n".join(wrong))
sys.exit(bool(wrong))
