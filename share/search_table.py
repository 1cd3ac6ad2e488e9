#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table and the chart of docs/search.md from the rows of `make bench-search`.

    search_table.py ROWS.tsv [--chart OUT.svg]

Regrets are floored at 0.001 and averaged geometrically.  A ratio of two contestants is paired: the
mean of the logarithms over all studies that both have, a study being a repetition of a problem, with
Student's 95 % interval.
"""
import argparse
import collections
import csv
import math
import statistics
import subprocess

FLOOR = 1e-3
OURS = "auto"
JUDGED = "auto+two_level"
COLUMNS = ["auto", "perturb", "tpe", "cmaes", "random", "forerunner", "auto+two_level"]
PEER_COLUMNS = ["optuna-random", "optuna-tpe", "optuna-cmaes", "optuna-gp"]


class Rows:
    """Regrets and the like by (noise, budget, contestant) and (problem, instance)."""

    def __init__(self, path):
        self.cells = collections.defaultdict(dict)
        with open(path, encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                key = row["noise"], int(row["budget"]), row["contestant"]
                self.cells[key][row["problem"], int(row["instance"])] = (
                    max(FLOOR, float(row["regret"])), float(row["excess"]), int(row["lost"]),
                    float(row["ms"]))
        self.problems = list(dict.fromkeys(p for cell in self.cells.values() for p, _ in cell))
        self.instances = sorted({i for cell in self.cells.values() for _, i in cell})

    def contestants(self, noise, budget):
        return [c for n, b, c in self.cells if (n, b) == (noise, budget)]

    def settings(self):
        return sorted({(n, b) for n, b, _ in self.cells}, key=lambda s: (order_of(s[0]), s[1]))

    def cell(self, noise, budget, contestant):
        return self.cells.get((noise, budget, contestant), {})


def order_of(noise):
    return (1, 0) if "x" in noise else (0, float(noise))


def student(df):
    """The 97.5 % point of Student's t: Cornish and Fisher's expansion, 1 % off at 3 degrees."""
    z = statistics.NormalDist().inv_cdf(0.975)
    return (z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * df**3))


def interval(values):
    """Mean and half a width; the latter is nan for fewer than three values."""
    mean = statistics.fmean(values)
    if len(values) < 3:
        return mean, math.nan
    return mean, student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


def geometric(cell):
    return math.exp(statistics.fmean(math.log(v[0]) for v in cell.values())) if cell else math.nan


def ratio(a, b):
    """Paired geometric ratio a / b as (ratio, low, high)."""
    logs = [math.log(a[key][0] / b[key][0]) for key in a if key in b]
    if not logs:
        return math.nan, math.nan, math.nan
    mean, half = interval(logs)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def excess_in_sigma(cell, sigma):
    """The claim's bias in SDs of a run, as (mean, half a width); None where nothing is claimed."""
    values = [v[1] / sigma for v in cell.values() if not math.isnan(v[1])]
    return interval(values) if values else None


# --- printing -------------------------------------------------------------------------------------

def show(x):
    return "–" if math.isnan(x) else "%.2g" % x if x < 0.0995 else "%.2f" % x


def show_ratio(r):
    return "–" if math.isnan(r[0]) else "%.2f (%s–%s)" % (r[0], show(r[1]), show(r[2]))


def print_table(head, lines):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()


def common(rows, setting):
    """The studies that every contestant of a setting has."""
    return set.intersection(*(set(rows.cell(*setting, c)) for c in rows.contestants(*setting)))


def print_summary(rows):
    """Geometric-mean regret of every contestant in every setting, all on the same studies."""
    settings = rows.settings()
    studies = {s: common(rows, s) for s in settings}
    names = list(dict.fromkeys(c for s in settings for c in rows.contestants(*s)))
    lines = [["studies"] + [str(len(studies[s])) for s in settings]]
    for name in names:
        cells = [{k: v for k, v in rows.cell(*s, name).items() if k in studies[s]} for s in settings]
        lines.append([name] + [show(geometric(cell)) for cell in cells])
    print_table(["σ, runs"] + ["%s, %d" % (s[0].replace("x", " × "), s[1]) for s in settings], lines)


def best_peer(rows, noise, budget, fair):
    peers = [c for c in rows.contestants(noise, budget)
             if c.startswith("optuna") and c.endswith(":fair") == fair]
    return min(peers, key=lambda c: geometric(rows.cell(noise, budget, c)), default=None)


def print_against(rows):
    """Ours against the best of Optuna's and against the forerunner's rule."""
    lines = []
    for noise, budget in rows.settings():
        peer = best_peer(rows, noise, budget, noise != "0")
        for name in (OURS, JUDGED):
            cell = rows.cell(noise, budget, name)
            if not cell:
                continue
            bias = excess_in_sigma(cell, float(noise.split("x")[0])) if noise != "0" else None
            lines.append([noise.replace("x", " × "), str(budget), str(len(cell)), name, peer or "–",
                          show_ratio(ratio(cell, rows.cell(noise, budget, peer))),
                          show_ratio(ratio(cell, rows.cell(noise, budget, "forerunner"))),
                          "–" if bias is None else "%+.2f ± %.2f" % bias])
    print_table(["σ", "runs", "studies", "ours", "best of Optuna's", "regret / its", "regret / forerunner's",
                 "bias of the claim [σ]"], lines)


def print_problems(rows, noise, budget):
    """Every problem; the least regret of a row in bold."""
    names = [c for c in COLUMNS + [p + (":fair" if noise != "0" else "") for p in PEER_COLUMNS]
             if rows.cell(noise, budget, c)]
    lines = []
    for problem in rows.problems:
        values = [geometric({k: v for k, v in rows.cell(noise, budget, c).items() if k[0] == problem})
                  for c in names]
        known = [v for v in values if not math.isnan(v)]
        lines.append([problem] + ["**%s**" % show(v) if known and v == min(known) else show(v)
                                  for v in values])
    print("σ = %s, %d runs:\n" % (noise.replace("x", " × "), budget))
    print_table([""] + names, lines)


def print_lost(rows):
    lines = []
    for noise, budget in rows.settings():
        for name in rows.contestants(noise, budget):
            lost = [v[2] for k, v in rows.cell(noise, budget, name).items() if k[0].startswith("crash")]
            if lost and not name.endswith((":fair", ":head")):
                share = 100 * sum(lost) / (len(lost) * (budget - 20))
                lines.append((noise, budget, name, share))
    settings = list(dict.fromkeys(line[:2] for line in lines))
    names = list(dict.fromkeys(line[2] for line in lines))
    shares = {line[:3]: line[3] for line in lines}
    print_table(["runs lost after the first 20 [%]"] + ["σ %s, %d" % s for s in settings],
                [[name] + ["%.1f" % shares[s + (name,)] if s + (name,) in shares else "–"
                           for s in settings] for name in names])


# --- the chart ------------------------------------------------------------------------------------

CHART = [(OURS, "auto, alone"), (JUDGED, "auto, judged"), ("forerunner", "the forerunner's rule"),
         ("optuna-random", "Optuna random"), ("optuna-tpe", "Optuna TPE"),
         ("optuna-cmaes", "Optuna CMA-ES"), ("optuna-gp", "Optuna GP")]
COLOURS = ["#6a1b9a", "#00897b", "#1e88e5", "#9e9e9e", "#ef6c00", "#c62828", "#5d4037"]


def chart(rows, path):
    """Regret by runs without noise and with it, all on the same studies; of Optuna's the fair
    variant under noise."""
    lines = ["set terminal svg size 900,420 font 'sans-serif,12'", "set output '%s'" % path,
             "set multiplot layout 1,2", "set logscale xy", "set xlabel 'runs of the trainer'",
             "set xtics (50, 100, 300)", "set xrange [45:330]", "set format y '%g'", "set grid",
             "set key top right samplen 2", "set ylabel 'regret (1: random search after 20 runs)'"]
    for noise, title in ("0", "no noise"), ("1", "noise as large as the gap (σ = 1)"):
        budgets = [b for n, b in rows.settings() if n == noise]
        plots, data = [], []
        names = [name + (":fair" if noise != "0" and name.startswith("optuna") else "")
                 for name, _ in CHART]
        cells = [rows.cell(noise, b, name) for name in names for b in budgets]
        studies = set.intersection(*(set(c) for c in cells if c)) if any(cells) else set()
        for i, (_, label) in enumerate(CHART):
            points = []
            for b in budgets:
                cell = rows.cell(noise, b, names[i])
                points.append((b, geometric({k: v for k, v in cell.items() if k in studies})))
            points = [p for p in points if not math.isnan(p[1])]
            if points:
                plots.append("'-' with linespoints pt %d lw 2 lc rgb '%s' title \"%s\""
                             % (i + 1, COLOURS[i], label))
                data += ["%d %g" % p for p in points] + ["e"]
        if plots:
            lines += ["set title '%s'" % title, "plot " + ", ".join(plots)] + data
    subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows")
    parser.add_argument("--chart")
    arguments = parser.parse_args()
    rows = Rows(arguments.rows)
    print("%d problems\n" % len(rows.problems))
    print_summary(rows)
    print_against(rows)
    for noise, budget in ("0", 100), ("1", 100), ("0", 300), ("1", 300):
        if rows.contestants(noise, budget):
            print_problems(rows, noise, budget)
    print_lost(rows)
    if arguments.chart:
        chart(rows, arguments.chart)


if __name__ == "__main__":
    main()
