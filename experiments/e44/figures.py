#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Table and chart of experiment 44: what either night claimed, and what is true.

usage: figures.py DIR

Reads DIR/nights.json and DIR/truth.jsonl, which run.py leaves; writes results.tsv (one line per
experiment), table.md, e44.svg and e44.png there.
"""

import json
import math
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "measure"))
sys.dont_write_bytecode = True

from intervals import mean_interval, share_interval  # noqa: E402

TITLES = {  # of the columns, by the name of the night
    "forerunner": "the forerunner's protocol",
    "equal_runs": "ours, about as many runs",
    "equal_experiments": "ours, as many experiments",
}
IGNORED = {"WEIGHT_DECAY", "ADAM_B2"}


# --- what a night did -----------------------------------------------------------------------------


def known(values):
    return [value for value in values if value is not None]


def mean(values):
    return statistics.fmean(values) if values else math.nan


def acts(experiment):
    """The parameters that reach the trainer."""
    return {name: x for name, x in experiment["params"].items() if name not in IGNORED}


class Night:
    """A night: its experiments, and which of them it believed in."""

    def __init__(self, record):
        self.name = record["name"]
        self.study = record["study"]
        self.protocol = record["protocol"]
        self.seconds = record["seconds"]
        self.experiments = record["experiments"]
        self.decisions = record["decisions"]
        self.by_id = {e["id"]: e for e in self.experiments}
        self.proposals = [e for e in self.experiments if e["purpose"] == "proposal"]
        kept = [e for e in self.experiments[1:] if e["decision"] == "keep"]
        self.moved = [e for e in kept if e["purpose"] != "placebo"]
        self.lucky_placebos = [e for e in kept if e["purpose"] == "placebo"]
        kind = "verify" if self.protocol == "repaired" else "head"
        tests = [d for d in self.decisions if d["kind"] == kind and d["verdict"] == "keep"]
        self.believed = [self.by_id[d["experiment"]] for d in tests if d["experiment"] > 1]

    @property
    def start(self):
        return self.experiments[0]

    @property
    def path(self):
        return [self.start, *self.believed]

    @property
    def runs(self):
        return sum(len(e["runs"]) for e in self.experiments)

    def changes_nothing(self, experiment):
        """A proposal that differs from what it was judged against in ignored parameters alone."""
        against = self.by_id.get(experiment["against"])
        return experiment["purpose"] == "proposal" and against and acts(experiment) == acts(against)

    def twin(self, experiment):
        """The first experiment of the same config but for ignored parameters; itself, if new."""
        return next(e for e in self.experiments if acts(e) == acts(experiment))

    @property
    def useless(self):
        return [e for e in self.proposals if self.changes_nothing(e)]

    def score(self, experiment):
        """What the night saw of an experiment: the mean of its runs' values."""
        return mean(known(experiment["values"]))

    def steps(self):
        """(experiment, gain credited to it) along the path."""
        return [(b, self.score(a) - self.score(b)) for a, b in zip(self.path, self.believed)]

    def since(self):
        """The experiment after which each config of the path was believed."""
        reached, since = 1, {1: 1}
        for decision in self.decisions:
            reached = max(reached, decision["experiment"])
            since[decision["experiment"], decision["kind"], decision["verdict"]] = reached
        kind = "verify" if self.protocol == "repaired" else "head"
        return [since[1]] + [since[e["id"], kind, "keep"] for e in self.believed]

    def claim(self):
        """(mean, low, high) of the gain over the start that the night states at its end."""
        if self.protocol == "forerunner":
            return self.score(self.start) - self.score(self.path[-1]), math.nan, math.nan
        for decision in reversed(self.decisions):
            if decision["kind"] == "confirm":
                ends = (decision["effect"][key] for key in ("mean", "low", "high"))
                return tuple(math.nan if end is None else end for end in ends)
        return (math.nan,) * 3


# --- what is true ---------------------------------------------------------------------------------


class Truth:
    """Losses on fresh seeds: of (study, experiment, protocol), by seed."""

    def __init__(self, lines):
        self.losses = {}
        for line in lines:
            if "loss" in line:
                key = line["study"], line["id"], line["protocol"]
                self.losses.setdefault(key, {})[line["seed"]] = line["loss"]

    def of(self, night, experiment, protocol):
        study = night.study if experiment["id"] > 1 else "start"  # both begin with one config
        return self.losses.get((study, experiment["id"], protocol), {})

    def loss(self, night, experiment):
        """(mean, low, high) by the night's own budget."""
        return mean_interval(list(self.of(night, experiment, night.protocol).values()))

    def gain(self, night, experiment, protocol):
        """(mean, low, high, seeds) of the start's loss minus the experiment's, seed by seed."""
        first, last = (self.of(night, e, protocol) for e in (night.start, experiment))
        gains = [first[seed] - last[seed] for seed in sorted(first) if seed in last]
        return (*mean_interval(gains), len(gains))


# --- text -----------------------------------------------------------------------------------------


def number(x, digits=3):
    return "–" if math.isnan(x) else f"{x:+.{digits}f}".replace("-", "−")


def plain(x, digits=3):
    return "–" if math.isnan(x) else f"{x:.{digits}f}"


def interval(x, low, high):
    return number(x) if math.isnan(low) else f"{number(x)} [{number(low)}, {number(high)}]"


def share_of(whole, part):
    """How many of `whole` are in `part`, with an interval."""
    if not whole:
        return "–"
    k = sum(e in part for e in whole)
    low, high = share_interval(k, len(whole))
    return f"{k} of {len(whole)} [{100 * low:.0f} %, {100 * high:.0f} %]"


def yes_or_no(x):
    return "yes" if x else "no"


def spread(values):
    return plain(statistics.stdev(values)) if len(values) > 1 else "–"


def gain_text(truth, night, protocol):
    value, low, high, n = truth.gain(night, night.path[-1], protocol)
    if not night.believed:
        return "0: it ends where it began"
    return f"{interval(value, low, high)}, {n} seeds"


def optimism_text(truth, night):
    """The claim minus the truth by the night's own budget."""
    true = truth.gain(night, night.path[-1], night.protocol)[0] if night.believed else 0.0
    return number(night.claim()[0] - true)


def difference(a, b):
    """The mean difference of two experiments' values on the seeds that both ran; NAN: none."""
    values = [dict(zip(e["seeds"], e["values"])) for e in (a, b)]
    pairs = [(values[0][seed], values[1][seed]) for seed in values[0] if seed in values[1]]
    return mean([x - y for x, y in pairs if None not in (x, y)])


def differences_of_twins(night):
    """What was seen between configs that are truly the same."""
    pairs = [(night.twin(e), e) for e in night.proposals]
    seen = [difference(a, b) for a, b in pairs if a["id"] != b["id"]]
    return [x for x in seen if not math.isnan(x)]


def errors_of_scores(night):
    """Each run's score minus the loss of the same weights on the whole validation split."""
    pairs = [(run["value"], run["full_val_loss"]) for e in night.experiments for run in e["runs"]]
    return [score - loss for score, loss in pairs if None not in (score, loss)]


def verified_text(night):
    return "none: it has no test" if night.protocol == "forerunner" else str(len(night.believed))


def spread_of_twins(night):
    """About 0, which the true difference is."""
    seen = differences_of_twins(night)
    squares = math.fsum(x * x for x in seen)
    return f"{math.sqrt(squares / len(seen)):.3f} ({len(seen)} of them)" if seen else "–"


def own_placebos(night):
    placebos = [e for e in night.experiments if e["purpose"] == "placebo"]
    return share_of(placebos, night.lucky_placebos)


def tested_placebos(night):
    tests = [d for d in night.decisions if d["kind"] == "placebo" and d["test"] is not None]
    return share_of(tests, [d for d in tests if d["verdict"] == "keep"])


def credited(night):
    return [gain for e, gain in night.steps() if night.changes_nothing(e)]


def table(nights, truth):
    """The rows: a label, and a cell for each night."""
    rows = [
        ("experiments, the start among them", lambda n: str(len(n.experiments))),
        ("runs of the trainer", lambda n: str(n.runs)),
        ("moves of the search", lambda n: str(len(n.moved))),
        ("moves verified on fresh seeds", verified_text),
        ("proposals that change nothing: moves [95 %]", lambda n: share_of(n.useless, n.moved)),
        ("proposals that change nothing: believed [95 %]", lambda n: share_of(n.useless, n.believed)),
        ("gain credited to those, nats", lambda n: number(math.fsum(credited(n)))),
        ("score differences of truly equal configs, SD", spread_of_twins),
        ("placebos of the harness: taken for better [95 %]", own_placebos),
        ("placebos of the harness: passed a test [95 %]", tested_placebos),
        ("scores minus losses on the whole validation split, SD", lambda n: spread(errors_of_scores(n))),
        ("claimed gain, nats", lambda n: interval(*n.claim())),
        ("true gain, equal time [95 %]", lambda n: gain_text(truth, n, "forerunner")),
        ("true gain, equal work [95 %]", lambda n: gain_text(truth, n, "repaired")),
        ("claimed minus true", lambda n: optimism_text(truth, n)),
    ]
    return [(label, *(cell(night) for night in nights)) for label, cell in rows]


def write_table(path, nights, truth, seconds):
    with open(path, "w", encoding="utf-8") as out:
        titles = " | ".join(TITLES[night.name] for night in nights)
        print(f"| {seconds:g} s a run, two at a time | {titles} |", file=out)
        print("|---" * (1 + len(nights)) + "|", file=out)
        for row in table(nights, truth):
            print("| " + " | ".join(row) + " |", file=out)


def write_results(path, nights, truth):
    names = "night id purpose decision believed changes_nothing score true_loss true_low true_high"
    with open(path, "w", encoding="utf-8") as out:
        print("\t".join([*names.split(), "change"]), file=out)
        for night in nights:
            for e in night.experiments:
                loss = truth.loss(night, e)
                row = [night.name, e["id"], e["purpose"], e["decision"], yes_or_no(e in night.believed)]
                row += [yes_or_no(night.changes_nothing(e)), f"{night.score(e):.6f}"]
                row += ["" if math.isnan(x) else f"{x:.6f}" for x in loss] + [e["change"] or ""]
                print("\t".join(map(str, row)), file=out)


# --- the chart ------------------------------------------------------------------------------------


def block(name, rows):
    """A named data block of gnuplot; one that is empty would be an error."""
    lines = [" ".join(f"{x:.6f}" for x in row) for row in rows if not math.isnan(row[1])]
    return f"${name} << END\n" + "\n".join(lines or ["NaN NaN NaN NaN"]) + "\nEND\n"


def night_blocks(night, truth):
    """Scores, scores of what changes nothing, the best so far, and the truth about it."""
    end = night.experiments[-1]["id"]
    scores = [(e["id"], night.score(e)) for e in night.experiments]
    useless = [(e["id"], night.score(e)) for e in night.useless]
    since = night.since()
    best = [(x, night.score(e)) for x, e in zip(since, night.path)]
    true = [(x, *truth.loss(night, e)) for x, e in zip(since, night.path)]
    for line in best, true:
        line.append((end, *line[-1][1:]))
    rows = {"scores": scores, "useless": useless, "best": best, "true": true}
    return "".join(block(f"{key}_{night.name}", value) for key, value in rows.items())


def bars_block(nights, truth):
    """x, height, low, high: the claim, the truth at equal time, the truth for equal work."""
    rows = {"claimed": [], "time": [], "work": []}
    for i, night in enumerate(nights):
        last = night.path[-1]
        bars = {
            "claimed": night.claim(),
            "time": truth.gain(night, last, "forerunner")[:3],
            "work": truth.gain(night, last, "repaired")[:3],
        }
        for k, (name, (height, low, high)) in enumerate(bars.items()):
            ends = (height, height) if math.isnan(low) else (low, high)
            rows[name].append((4 * i + k, height, *ends))
    return "".join(block(f"bars_{name}", value) for name, value in rows.items())


LAYOUT = """
set multiplot layout 1,3
set border 3 lc rgb '#606060'
set tics nomirror textcolor rgb '#303030'
set key top right samplen 1.5 spacing 1.1
set grid y lc rgb '#e4e4e4'
set xlabel 'experiment'
set ylabel 'validation loss, nats per token'
set yrange [{low}:{high}]
"""

PANEL = """
set title '{title}'
{end}
plot $scores_{arm} using 1:2 with points pt 7 ps 0.35 lc rgb '#b0b0b0' title 'score', \\
     $useless_{arm} using 1:2 with points pt 7 ps 0.5 lc rgb '#d55e00' title 'score of a change of nothing', \\
     $best_{arm} using 1:2 with steps lw 2 lc rgb '#0072b2' title '{best}', \\
     $true_{arm} using 1:2 with steps lw 2 lc rgb '#000000' title 'its true loss, 95 %', \\
     $true_{arm} using 1:3:(0):($4-$3) with vectors nohead lw 2 lc rgb '#000000' notitle
"""

BARS = """
set title 'gain over the start'
set xlabel ' '
set ylabel 'nats per token'
set yrange [*<0:*]
set offsets 0, 0, graph 0.25, 0
set xrange [-1:11]
set xtics ('forerunner' 1, 'ours, runs' 5, 'ours, experiments' 9)
set boxwidth 0.9
set style fill solid 0.85 noborder
set xzeroaxis lc rgb '#606060'
plot $bars_claimed using 1:2 with boxes lc rgb '#0072b2' title 'claimed', \\
     $bars_time using 1:2 with boxes lc rgb '#404040' title 'true, equal time', \\
     $bars_work using 1:2 with boxes lc rgb '#999999' title 'true, equal work', \\
     $bars_claimed using 1:3:(0):($4-$3) with vectors nohead lw 2 lc rgb '#000000' notitle, \\
     $bars_time using 1:3:(0):($4-$3) with vectors nohead lw 2 lc rgb '#000000' notitle, \\
     $bars_work using 1:3:(0):($4-$3) with vectors nohead lw 2 lc rgb '#000000' notitle
unset multiplot
"""


def loss_range(nights):
    """What both panels show: the scores, without the far ones of diverged runs."""
    scores = sorted(score for n in nights for score in map(n.score, n.experiments) if score == score)
    high = scores[min(len(scores) - 1, int(0.95 * len(scores)))]
    low = scores[0]
    return low - 0.05 * (high - low), high + 0.35 * (high - low)


def write_chart(folder, nights, truth):
    low, high = loss_range(nights)
    data = "".join(night_blocks(night, truth) for night in nights) + bars_block(nights, truth)
    panels = LAYOUT.format(low=low, high=high)
    panels += PANEL.format(arm=nights[0].name, title="the forerunner", best="best so far", end="")
    end = f"set arrow from {nights[1].experiments[-1]['id']}, graph 0 to "
    end += f"{nights[1].experiments[-1]['id']}, graph 1 nohead dt 3 lc rgb '#606060'"
    panels += PANEL.format(arm=nights[-1].name, title="ours", best="verified", end=end)
    panels += "\nunset arrow"
    terminals = {
        "e44.svg": "set terminal svg size 1260,400 font 'sans,11' background rgb 'white'",
        "e44.png": "set terminal pngcairo size 1260,400 font 'sans,10'",
    }
    script = data
    for name, terminal in terminals.items():
        script += f"reset\n{terminal}\nset output '{name}'\n{panels}{BARS}"
    subprocess.run(["gnuplot"], cwd=folder, input=script, text=True, check=True)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: figures.py DIR")
    folder = sys.argv[1]
    with open(os.path.join(folder, "nights.json"), encoding="utf-8") as file:
        record = json.load(file)
    with open(os.path.join(folder, "truth.jsonl"), encoding="utf-8") as file:
        truth = Truth(json.loads(line) for line in file)
    nights = [Night(night) for night in record["nights"]]
    write_results(os.path.join(folder, "results.tsv"), nights, truth)
    path = os.path.join(folder, "table.md")
    write_table(path, nights, truth, record["seconds"])
    write_chart(folder, nights, truth)
    with open(path, encoding="utf-8") as file:
        print(file.read(), end="")


if __name__ == "__main__":
    main()
