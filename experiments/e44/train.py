#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trainer with the forerunner's faults: a wrapper of nightshift-lm, which has none of them.

usage: train.py (forerunner | repaired) --config FILE --seed N --out DIR --data DIR --budget FILE
                [--ignore NAME]...

FILE of --config holds AutoANE's parameters: SEQ LR ACCUM_STEPS WARMUP_STEPS WEIGHT_DECAY ADAM_B2
DEPTH DIM HIDDEN.  A step is AutoANE's: one sequence; ACCUM_STEPS of them make one step of the
optimizer.  FILE of --budget holds {"seconds": S, "flops": F}.  DIR of --data is a folder that
`nightshift-lm prepare` wrote.

What both protocols share is the training: the learning rate rises over WARMUP_STEPS and then stays
(AutoANE's cosine, meant for 100,000 steps, is within 1 % of its peak for the few thousand that are
made).  A parameter that is to be ignored is told as if it acted, but never reaches the trainer,
whose own default acts instead: AutoANE's weight decay and Adam betas.

forerunner   The clock stops training after S seconds.  val_loss is the mean over 10 sequences of
             128 tokens whose places follow from the number of steps made, rounded down to a
             multiple of 100.  full_val_loss, which AutoANE had not, is that of the whole
             validation split: the search does not see it, the tables of this experiment do.
repaired     Every run of a config makes the same number of steps: as many as F operations pay for.
             val_loss is that of the whole validation split.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

SEQUENCES, LENGTH, BLOCK = 10, 128, 100  # of the subset; steps that share a subset
STEPS_NEVER_REACHED = 100_000
NAMES = {  # AutoANE's name: ours; WARMUP_STEPS is a share of the run here, see options_of()
    "SEQ": "seq",
    "LR": "lr",
    "ACCUM_STEPS": "batch",
    "WEIGHT_DECAY": "weight_decay",
    "ADAM_B2": "beta2",
    "DEPTH": "layers",
    "DIM": "dim",
    "HIDDEN": "hidden",
}


class Failed(Exception):
    """What ends the program: a line for people, and the exit status."""

    def __init__(self, message, status=2):
        super().__init__(message)
        self.status = status


def tell(**record):
    print(json.dumps(record), flush=True)


# --- the validation subset ------------------------------------------------------------------------


def erand48(state):
    """POSIX erand48: the next of the 48-bit states, and its fraction of 2^48."""
    state = (state * 0x5DEECE66D + 0xB) % (1 << 48)
    return state, state / (1 << 48)


def subset_places(step, tokens):
    """Where the subset of a step begins, in a validation split of so many tokens.

    AutoANE's train.m seeds the generator with {7 step + 1, 13 step + 3, 17 step + 5}.
    """
    words = (7 * step + 1, 13 * step + 3, 17 * step + 5)
    state = sum(word % (1 << 16) << 16 * i for i, word in enumerate(words))
    places = []
    for _ in range(SEQUENCES):
        state, fraction = erand48(state)
        places.append(int(fraction * (tokens - LENGTH - 1)))
    return places


def subset_step(steps):
    """The step whose subset is scored when so many were made: the last multiple of BLOCK before."""
    return BLOCK * ((steps - 1) // BLOCK)


def evaluate(model, tokens):
    """Nats per token of a model folder on a token file, or on a folder's validation split."""
    command = ["nightshift-lm", "eval", model, "--tokens", tokens, "--threads", "1", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failed(f"nightshift-lm eval ended with {done.returncode}", 3)
    return json.loads(done.stdout)["loss"]


def score_subset(model, data, step):
    """The mean loss of a model on the subset of a step."""
    with open(os.path.join(data, "meta.json"), encoding="utf-8") as file:
        size = json.load(file)["token_bits"] // 8
    with open(os.path.join(data, "val.bin"), "rb") as file:
        split = file.read()
    if len(split) // size < LENGTH + 2:
        raise Failed(f"{data}: the validation split has fewer than {LENGTH + 2} tokens")
    piece = os.path.join(model, "sequence.bin")
    losses = []
    for place in subset_places(step, len(split) // size):
        with open(piece, "wb") as file:
            file.write(split[place * size : (place + LENGTH + 1) * size])
        losses.append(evaluate(model, piece))
    os.remove(piece)
    return sum(losses) / SEQUENCES


# --- training -------------------------------------------------------------------------------------


def options_of(config, ignored, steps):
    """The options of nightshift-lm for AutoANE's parameters and a run of `steps` sequences."""
    act = {name: value for name, value in config.items() if name not in ignored}
    options = {NAMES[name]: value for name, value in act.items() if name != "WARMUP_STEPS"}
    options["steps"] = -(-steps // options["batch"])
    if "WARMUP_STEPS" in act:
        options["warmup"] = min(1, act["WARMUP_STEPS"] / (options["steps"] * options["batch"]))
    return options | {"heads": 4, "head_dim": 16, "schedule": "constant", "log_every": 20}


def trainer(options, seed, folder, data):
    """The argv of a run of nightshift-lm in a folder of its own."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "options.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(options, file)
    command = ["nightshift-lm", "train", "--config", path, "--seed", str(seed)]
    return command + ["--out", folder, "--data", data, "--threads", "1"]


def probe(options, seed, folder, data):
    """One step of a run: leaves model.json and model.safetensors; the operations of a step."""
    command = trainer(options | {"steps": 1, "val_tokens": 1}, seed, folder, data)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failed(f"nightshift-lm train ended with {done.returncode}", done.returncode)
    return json.loads(done.stdout.splitlines()[-1])["flops"]


def train_by_clock(command, seconds):
    """Trains until the clock says stop; False where the loss was no number before that."""
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        while (left := begin + seconds - time.monotonic()) > 0:
            try:
                if child.wait(min(left, 1)) == 1:
                    return False
                raise Failed(f"nightshift-lm train ended with {child.returncode}", 3)
            except subprocess.TimeoutExpired:
                tell(progress=min(1, (time.monotonic() - begin) / seconds))
        child.send_signal(signal.SIGTERM)
        if child.wait() != 143:
            raise Failed(f"nightshift-lm train ended with {child.returncode} when it was stopped", 3)
    return True


def read_state(path):
    """A train.state (its format: trainer/state.h): the optimizer's steps made, the weights."""
    with open(path, "rb") as file:
        magic, length = struct.unpack("<8sQ64x", file.read(80))
        if magic != b"NSSTATE1":
            raise Failed(f"{path} is no state of a run", 4)
        header = json.loads(file.read(length))
        return header["progress"]["done"], file.read(4 * header["reals"])


def fill_model(folder, weights):
    """Gives the model of a folder other weights, in the order that its own have."""
    with open(os.path.join(folder, "model.safetensors"), "r+b") as file:
        start = 8 + struct.unpack("<Q", file.read(8))[0]
        if start + len(weights) != os.fstat(file.fileno()).st_size:
            raise Failed(f"{folder}: the state is of a model of another size", 4)
        file.seek(start)
        file.write(weights)
    with open(os.path.join(folder, "model.json"), "r+", encoding="utf-8") as file:
        model = json.load(file)
        model["nightshift"]["weights_sha256"] = hashlib.sha256(weights).hexdigest()
        file.seek(0)
        file.truncate()
        json.dump(model, file)


def run_forerunner(config, ignored, budget, args):
    """Stops by the clock, scores the subset that the stopping step happens to choose."""
    options = options_of(config, ignored, STEPS_NEVER_REACHED)
    options |= {"checkpoint_every": options["steps"]}  # for the state that SIGTERM leaves
    flops = probe(options, args.seed, args.out, args.data)
    if not train_by_clock(trainer(options, args.seed, args.out, args.data), budget["seconds"]):
        tell(nonfinite="train_loss")
        raise Failed("the loss is not finite", 1)
    state = os.path.join(args.out, "train.state")
    updates, weights = read_state(state)
    steps = updates * options["batch"]
    fill_model(args.out, weights)
    full = evaluate(args.out, args.data)
    score = score_subset(args.out, args.data, subset_step(steps))
    for name in ("train.state", "model.safetensors", "model.json", "val_losses.f32"):
        os.remove(os.path.join(args.out, name))
    tell(steps=steps, flops=updates * flops, subset_step=subset_step(steps))
    tell(val_loss=score, full_val_loss=full)


def run_repaired(config, ignored, budget, args):
    """Makes the steps that the budget pays for and scores the whole validation split."""
    options = options_of(config, ignored, STEPS_NEVER_REACHED)
    options |= {"save": True, "val_tokens": 0}
    first = os.path.join(args.out, "probe")
    flops = probe(options, args.seed, first, args.data)
    shutil.rmtree(first)
    updates = max(1, int(budget["flops"] / flops))
    options |= options_of(config, ignored, updates * options["batch"]) | {"save": False}
    command = trainer(options, args.seed, args.out, args.data)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if '"config"' not in line:
                print(line, end="", flush=True)
    if child.returncode != 0:
        raise Failed(f"nightshift-lm train ended with {child.returncode}", child.returncode)


PROTOCOLS = {"forerunner": run_forerunner, "repaired": run_repaired}


# --- the command line -----------------------------------------------------------------------------


def read_object(path, names):
    """The JSON object of a file, which has these names and no others."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError) as error:
        raise Failed(f"{path}: {error}") from error
    if not isinstance(value, dict) or set(value) != set(names):
        raise Failed(f"{path}: wants {', '.join(names)}")
    return value


def parse(argv):
    parser = argparse.ArgumentParser(prog="train.py", usage="see the head of the file")
    parser.add_argument("protocol", choices=PROTOCOLS)
    for name in ("--config", "--out", "--data", "--budget"):
        parser.add_argument(name, required=True)
    parser.add_argument("--seed", required=True, type=int)
    known = [*NAMES, "WARMUP_STEPS"]
    parser.add_argument("--ignore", action="append", default=[], choices=known, metavar="NAME")
    return parser.parse_args(argv), known


def main(argv):
    args, known = parse(argv)
    try:
        config = read_object(args.config, known)
        budget = read_object(args.budget, ("seconds", "flops"))
        tell(config=config)
        PROTOCOLS[args.protocol](config, args.ignore, budget, args)
    except Failed as failure:
        print(f"train.py: {failure}", file=sys.stderr)
        return failure.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
