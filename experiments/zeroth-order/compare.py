#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training without a backward pass beside backprop: equal time, and equal memory.

    make && taskset -c 1 nice -n 5 python3 experiments/zeroth-order/compare.py [--out DIR] [--cpu S]

A small model is trained on the Old Testament and then fine-tuned on the New by every method.  A run
has a budget of CPU seconds (of one thread, so that other work on the machine is no part of it): the
cost of a step is measured first, and becomes a number of steps.  Every method gets the same number
of tries at its learning rate, a factor of about three apart, on a seed that is used for nothing
else, and more where the best one lies at the end of the row.  What is compared is the loss on
the test split, over the same seeds and the same data order for all.  Intervals are Student's, 95 %.

Results stand in DIR/results.jsonl; a run that is there already is not made again.
"""
import argparse
import datetime
import json
import math
import os
import platform
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LM = os.path.join(TOP, "build", "nightshift-lm")
SEEDS = [1, 2, 3, 4, 5]
TRY_SEED = 99
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 10: 2.262}

BASE = {"dim": 64, "layers": 2, "heads": 2, "hidden": 160, "seq": 32, "batch": 16, "lr": 0.005,
        "tokens": 500000}
COMMON = {"seq": 32, "batch": 8, "weight_decay": 0, "val_tokens": 4096, "log_every": 1000000,
          "save": False}
LORA = {"lora_rank": 8}
RATES = [10 ** (k / 2) for k in range(-16, 3)]

# name: options, and the index in RATES that the row of tries begins at.
ARMS = {
    "backprop": ({}, 8),
    "backprop, LoRA": (LORA, 10),
    "backprop, LoRA, one sequence at a time": (dict(LORA, micro_batch=1), 10),
    "mezo": ({"method": "mezo"}, 5),
    "mezo, LoRA": (dict(LORA, method="mezo"), 7),
    "fzoo": ({"method": "fzoo"}, 5),
    "ff_lora": (dict(LORA, method="ff_lora"), 8),
    "sparse_mezo": ({"method": "sparse_mezo"}, 5),
    "hizoo": ({"method": "hizoo", "hizoo_alpha": 1e-6}, 5),
    "p_gap": ({"method": "p_gap"}, 5),
}
MERGED = dict(LORA, method="mezo", zo_merge=True)
RANKS = [2, 32]


class Bench:
    def __init__(self, out, cpu):
        self.out, self.cpu = out, cpu
        self.results = os.path.join(out, "results.jsonl")
        self.done = {}
        if os.path.exists(self.results):
            for line in open(self.results):
                record = json.loads(line)
                self.done[record["key"]] = record

    def lm(self, *words):
        """One program on one thread: its last record, CPU seconds, peak in MiB."""
        with open(os.path.join(self.out, "stdout"), "w+") as out:
            child = subprocess.Popen([LM, *words], stdout=out, stderr=subprocess.PIPE, cwd=self.out)
            said = child.stderr.read().decode()
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            lines = [l for l in out.read().splitlines() if l.startswith("{")]
        if child.returncode not in (0, 1):
            sys.exit(f"{' '.join(words)}: {said}")
        last = json.loads(lines[-1]) if lines else {}
        return last, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024

    def train(self, key, config, seed, init="base"):
        """A run, made once; a loss that is no number is infinite."""
        if key in self.done:
            return self.done[key]
        with open(os.path.join(self.out, "c.json"), "w") as f:
            json.dump(config, f)
        words = ["train", "--config", "c.json", "--seed", str(seed), "--out", "run", "--threads", "1"]
        last, cpu, peak = self.lm(*words, *(["--init", init] if init else []))
        record = {"key": key, "val": last.get("val_loss", math.inf), "test": last.get("test_loss", math.inf),
                  "steps": config.get("steps"), "cpu_s": cpu, "peak_mib": peak}
        self.done[key] = record
        with open(self.results, "a") as f:
            f.write(json.dumps(record) + "\n")
        return record

    def prepare(self):
        if not os.path.exists(os.path.join(self.out, "new", "meta.json")):
            for name, verses in ("old", "Gen1:1-Mal4:6"), ("new", "Matt1:1-Rev22:21"):
                with open(os.path.join(self.out, name + ".txt"), "w") as f:
                    subprocess.run(["bible", verses], stdout=f, check=True)
            self.lm("prepare", "--text", "old.txt", "--vocab", "512", "--out", "old")
            self.lm("prepare", "--text", "new.txt", "--tokenizer", "old", "--out", "new", "--val", "0.1",
                    "--test", "0.1")
        if not os.path.exists(os.path.join(self.out, "base", "model.json")):
            with open(os.path.join(self.out, "b.json"), "w") as f:
                json.dump(dict(BASE, data="old"), f)
            self.lm("train", "--config", "b.json", "--seed", "1", "--out", "base", "--threads", "1")

    def config(self, options, lr, steps):
        return dict(COMMON, data="new", lr=lr, steps=steps, **options)

    def step_cost(self, name, options):
        """CPU seconds of a step: the slope between two lengths, so that start and end are no part."""
        few, many = (self.train(f"cost {name} {n}", self.config(options, 0, n), TRY_SEED)["cpu_s"]
                     for n in (5, 105))
        return max((many - few) / 100, 1e-4)

    def tune(self, name, options, steps, start):
        """The best of three rates or more: the best one is at neither end."""
        tried = {}
        low = high = None
        todo = list(range(start, start + 3))
        while todo:
            for i in todo:
                tried[i] = self.train(f"try {name} {i}", self.config(options, RATES[i], steps), TRY_SEED)["val"]
            best = min(tried, key=tried.get)
            low, high = min(tried), max(tried)
            todo = [best - 1] if best == low and low > 0 else [best + 1] if best == high and high + 1 < len(RATES) else []
        return best

    def arm(self, name, options, start):
        cost = self.step_cost(name, options)
        key = f"steps {name}"
        if key not in self.done:
            self.done[key] = {"key": key, "steps": max(int(self.cpu / cost), 1)}
            with open(self.results, "a") as f:
                f.write(json.dumps(self.done[key]) + "\n")
        steps = self.done[key]["steps"]
        best = self.tune(name, options, steps, start)
        runs = [self.train(f"run {name} {seed}", self.config(options, RATES[best], steps), seed) for seed in SEEDS]
        return {"name": name, "cost": cost, "steps": steps, "lr": RATES[best],
                "test": [r["test"] for r in runs], "peak": max(r["peak_mib"] for r in runs),
                "cpu": statistics.mean(r["cpu_s"] for r in runs)}

    def memory(self):
        """Peaks on a model of 12 M parameters, 512 tokens a step."""
        shape = {"preset": "autoresearch", "seq": 128, "batch": 4, "data": "new", "steps": 1, "lr": 1e-6,
                 "val_tokens": 128, "save": False, "micro_batch": 4}
        rows = {"forward pass alone": None, "backprop, adamw": {}, "backprop, sgd": {"optimizer": "sgd"},
                "backprop, LoRA": LORA,
                "backprop, LoRA, one sequence at a time": dict(LORA, micro_batch=1)}
        for name in "mezo", "fzoo", "sparse_mezo", "hizoo", "p_gap":
            rows[name] = {"method": name}
        rows["mezo, LoRA"] = dict(LORA, method="mezo")
        rows["mezo, LoRA, merged"] = MERGED
        rows["ff_lora"] = dict(LORA, method="ff_lora")
        out = {}
        for name, options in rows.items():
            if options is None:
                key = "memory forward"
                if key not in self.done:
                    made = dict(shape, method="mezo", save=True)
                    with open(os.path.join(self.out, "m.json"), "w") as f:
                        json.dump(made, f)
                    self.lm("train", "--config", "m.json", "--out", "large", "--threads", "1")
                    # 512 tokens at once, as a step has them; the validation split is 128 targets here
                    with open(os.path.join(self.out, "few.bin"), "wb") as f:
                        f.write(open(os.path.join(self.out, "new", "val.bin"), "rb").read(2 * 2049))
                    _, cpu, peak = self.lm("eval", "large", "--tokens", "few.bin", "--seq", "128", "--threads", "1", "--json")
                    self.done[key] = {"key": key, "peak_mib": peak, "cpu_s": cpu}
                    with open(self.results, "a") as f:
                        f.write(json.dumps(self.done[key]) + "\n")
                out[name] = self.done[key]
            else:
                out[name] = self.train(f"memory {name}", dict(shape, **options), TRY_SEED, init=None)
        return out


def interval(xs):
    mean = statistics.mean(xs)
    half = T95[len(xs)] * statistics.stdev(xs) / math.sqrt(len(xs)) if len(xs) > 1 else math.nan
    return f"{mean:.4f} ± {half:.4f}"


def tell(bench, arms, ranks, memory, start, merged):
    print(f"base on the new text: {start:.4f} nats per token (test split)\n")
    print("| method | ms a step | steps | best lr | test loss | better than the base by | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    for a in arms:
        gain = [start - x for x in a["test"]]
        print(f"| {a['name']} | {1000 * a['cost']:.1f} | {a['steps']} | {a['lr']:.1e} | {interval(a['test'])} "
              f"| {interval(gain)} | {a['peak']:.0f} |")
    print("\n| LoRA rank, backprop | best lr | test loss |\n|---|---|---|")
    for a in ranks:
        print(f"| {a['name'].split()[-1]} | {a['lr']:.1e} | {interval(a['test'])} |")
    print("\n| 12 M parameters, 512 tokens a step | peak MiB | of the forward pass | CPU s |\n|---|---|---|---|")
    forward = memory["forward pass alone"]["peak_mib"]
    for name, r in memory.items():
        print(f"| {name} | {r['peak_mib']:.0f} | {r['peak_mib'] / forward:.2f} | {r['cpu_s']:.1f} |")
    print(f"\na step of mezo, LoRA, merged: {1000 * merged:.1f} ms")
    total = sum(r.get("cpu_s", 0) for r in bench.done.values())
    print(f"\n{datetime.date.today()}, {platform.processor() or platform.machine()}, one thread, "
          f"{bench.cpu:g} CPU seconds a run, seeds {SEEDS}; {total:.0f} CPU seconds of training in all")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    p.add_argument("--out", default=os.path.join(TOP, "build", "zeroth-order"))
    p.add_argument("--cpu", type=float, default=0.7, help="CPU seconds of a run's steps")
    args = p.parse_args()
    os.makedirs(args.out, exist_ok=True)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    bench = Bench(args.out, args.cpu)
    bench.prepare()
    start = bench.train("start", bench.config({}, 0, 1), TRY_SEED)["test"]
    memory = bench.memory()
    arms = [bench.arm(name, *how) for name, how in ARMS.items()]
    ranks = [bench.arm(f"rank {r}", {"lora_rank": r}, 11) for r in RANKS]
    eight = next(a for a in arms if a["name"] == "backprop, LoRA")
    ranks.insert(1, dict(eight, name="rank 8"))
    tell(bench, arms, ranks, memory, start, bench.step_cost("mezo, LoRA, merged", MERGED))


if __name__ == "__main__":
    main()
