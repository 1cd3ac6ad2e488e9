#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Optuna's samplers on one instance of a problem of the search benchmark.

    optuna_search.py --problem P --noise S --instance I [--budgets 50,100,300] [--samplers tpe,…]
    optuna_search.py --which              which samplers run here, and which do not and why

Standard output and input are tied to `build/tests/search_bench serve`, which answers every run
(tests/bench_serve.h), so that nothing of a problem is written twice.  Rows, those of `search_bench
night`, go to file descriptor 3.

Each sampler has one study, with Optuna's defaults and the start as its first trial; a failed run is
a failed trial.  Of its first so many trials two recommendations are made:

  naive   best_trial: the least value seen; that is the claim too
  fair    the last fifth of the budget is not searched with, but runs the five best again, in turns;
          recommended is the least mean of all runs of a config, claimed the mean of its new runs
"""
import argparse
import os
import sys
import time
import warnings

FIRST_RUNS = 20
TOP = 5

try:
    import optuna
except ImportError as why:
    optuna = None
    missing = why


# --- samplers -------------------------------------------------------------------------------------

def random_sampler(seed):
    return optuna.samplers.RandomSampler(seed=seed)


def tpe(seed):
    return optuna.samplers.TPESampler(seed=seed)


def tpe_multivariate(seed):
    return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)


def cmaes(seed):
    return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


def gp(seed):
    return optuna.samplers.GPSampler(seed=seed)


SAMPLERS = {"random": random_sampler, "tpe": tpe, "tpe-multivariate": tpe_multivariate,
            "cmaes": cmaes, "gp": gp}


def why_not(name):
    """None where the sampler can be made here."""
    if optuna is None:
        return str(missing)
    try:
        SAMPLERS[name](1)
    except Exception as why:  # whatever a package that is missing raises
        return str(why)
    return None


# --- the problem ----------------------------------------------------------------------------------

class Parameter:
    def __init__(self, words):
        self.kind, self.name = words[0], words[1]
        self.parent = None
        if self.kind == "number":
            self.distribution = words[2]
            self.low, self.high, self.step = map(float, words[3:6])
            self.start = float(words[6])
            if self.distribution not in ("uniform", "log_uniform_values"):
                self.low, self.high, self.start = int(self.low), int(self.high), int(self.start)
        else:
            self.start = words[2]

    def suggest(self, trial):
        if self.kind == "choice":
            return trial.suggest_categorical(self.name, self.values)
        if self.distribution in ("uniform", "log_uniform_values"):
            return trial.suggest_float(self.name, self.low, self.high,
                                       log=self.distribution != "uniform")
        if self.distribution == "int_log_uniform_values":
            return trial.suggest_int(self.name, self.low, self.high, log=True)
        step = int(self.step) if self.distribution == "q_uniform" else 1
        return trial.suggest_int(self.name, self.low, self.high, step=step)


class Problem:
    """One instance, behind a pipe."""

    def __init__(self):
        self.parameters = []
        # A way of our own: libraries print on standard output too (UCX does, under PyTorch).
        self.way = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        print("space", file=self.way, flush=True)
        while (words := sys.stdin.readline().split()) != ["end"]:
            self._read(words)

    def _read(self, words):
        if not words:
            raise SystemExit("optuna_search: the problem said nothing")
        if words[0] == "values":
            self.parameters[-1].values = words[2:]
        elif words[0] == "when":
            self.parameters[-1].parent = (words[2], words[3:])
        else:
            self.parameters.append(Parameter(words))

    def _ask(self, verb, config):
        settings = ["%s=%s" % (name, value if isinstance(value, str) else repr(value))
                    for name, value in config.items()]
        print(verb, *settings, file=self.way, flush=True)
        answer = sys.stdin.readline().strip()
        return None if answer == "failed" else float(answer)  # an error is no number

    def run(self, config, seed):
        return self._ask("run %d" % seed, config)

    def truth(self, config):
        return self._ask("truth", config)

    def build(self, value_of):
        """The config of the active parameters, each value by value_of(parameter)."""
        config = {}
        for parameter in self.parameters:
            if parameter.parent and config.get(parameter.parent[0]) not in parameter.parent[1]:
                continue
            config[parameter.name] = value_of(parameter)
        return config


# --- a study --------------------------------------------------------------------------------------

class Trial:
    def __init__(self, config, value):
        self.config, self.value = config, value


def search(problem, sampler, runs):
    """The trials of a study, and the milliseconds of processor time up to each of them."""
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial(problem.build(lambda parameter: parameter.start))
    trials, spent, total = [], [], 0.0
    for _ in range(runs):
        before = time.process_time()
        trial = study.ask()
        config = problem.build(lambda parameter: parameter.suggest(trial))
        value = problem.run(config, 0)
        if value is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, value)
        total += 1e3 * (time.process_time() - before)
        trials.append(Trial(config, value))
        spent.append(total)
    return trials, spent


def best_of(trials):
    return sorted((t for t in trials if t.value is not None), key=lambda t: t.value)


def naive(problem, trials, budget):
    best = best_of(trials[:budget])[0]
    return best.config, best.value


def fair(problem, trials, budget):
    again = budget // 5
    top = best_of(trials[:budget - again])[:TOP]
    new = [[] for _ in top]
    for i in range(again):
        new[i % len(top)].append(problem.run(top[i % len(top)].config, 1 + i // len(top)))
    means = [(t.value + sum(n)) / (1 + len(n)) for t, n in zip(top, new)]
    best = means.index(min(means))
    return top[best].config, sum(new[best]) / len(new[best]) if new[best] else top[best].value


def print_rows(out, arguments, problem, name, trials, spent):
    for budget in arguments.budgets:
        lost = sum(t.value is None for t in trials[FIRST_RUNS:budget])
        for part, recommend in ("", naive), (":fair", fair):
            config, claim = recommend(problem, trials, budget)
            regret = problem.truth(config)
            print("\t".join([arguments.problem, arguments.noise, str(budget), "optuna-" + name + part,
                             str(arguments.instance), "%.6g" % regret, "%.6g" % (regret - claim),
                             str(lost), "%.4g" % (spent[budget - 1] / budget)]), file=out)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--which", action="store_true")
    parser.add_argument("--problem")
    parser.add_argument("--noise")
    parser.add_argument("--instance", type=int, default=1)
    parser.add_argument("--budgets", default="50,100,300",
                        type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--samplers", default="random,tpe,cmaes")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    if arguments.which:
        for name in SAMPLERS:
            why = why_not(name)
            print(name if why is None else "%s is left out: %s" % (name, why.split("\n")[0]))
        return
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    problem = Problem()
    with open(3, "w") as out:
        for name in arguments.samplers.split(","):
            trials, spent = search(problem, SAMPLERS[name](arguments.instance), max(arguments.budgets))
            print_rows(out, arguments, problem, name, trials, spent)


if __name__ == "__main__":
    main()
