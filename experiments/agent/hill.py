#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent of a few lines: it changes one value of the head by a random step.

    search: {strategy: exec, command: [hill.py]}

Standard input is the history, standard output the next config (docs/agents.md).
"""
import json
import math
import random
import sys


def step(param, value):
    """Another value of one parameter, near this one."""
    if "values" in param:
        return random.choice(param["values"])
    low, high, log = param["min"], param["max"], "log" in param["distribution"]
    scale = math.log if log else float
    moved = scale(value) + random.gauss(0, 0.15) * (scale(high) - scale(low))
    moved = math.exp(moved) if log else moved
    grid = param.get("q", 1 if "int" in param["distribution"] else None)
    if grid is not None:
        moved = grid * min(max(round(moved / grid), math.ceil(low / grid)), math.floor(high / grid))
    return min(max(moved, low), high)


first, *lines = [json.loads(line) for line in sys.stdin]
study, past = first["study"], [line for line in lines if "id" in line]
random.seed(study["seed"])
head = past[study["head"] - 1]
searched = [p for p in study["parameters"]
            if p["name"] in head["params"] and len(p.get("values", [0, 0])) > 1]
tried = [experiment["params"] for experiment in past]

for _ in range(1000):
    param = random.choice(searched)
    value = step(param, head["params"][param["name"]])
    if {**head["params"], param["name"]: value} not in tried:
        break
json.dump({"params": {param["name"]: value},
           "message": f"{param['name']} from {head['params'][param['name']]}"}, sys.stdout)
