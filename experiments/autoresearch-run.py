#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an unmodified train.py of karpathy/autoresearch with other constants and another seed.

usage: autoresearch-run.py [--python PROGRAM] REPO DIR SEED --NAME=VALUE...

train.py takes no arguments: its settings are constants at the top of the file (DEPTH = 8).  This
copies it to DIR, gives each constant NAME its VALUE and every manual_seed() the SEED, and becomes
`uv run --project REPO python DIR/train.py` (or PROGRAM DIR/train.py).  REPO itself is only read.
A constant that is not there, or is there twice, is an error: it must not look like a result.
"""

import os
import re
import sys


def stop(message):
    sys.exit(f"autoresearch-run: {message}")


def literal(value):
    """A parameter's value as Python writes it."""
    if value in ("true", "false"):
        return value.capitalize()
    try:
        float(value)
        return value
    except ValueError:
        return repr(value)


def set_constant(source, name, value):
    line = re.compile(rf"^{re.escape(name)}[ \t]*=(?!=)[^#\n]*", re.MULTILINE)
    found = len(line.findall(source))
    if found != 1:
        stop(f"train.py sets the constant '{name}' {found} times, not once")
    return line.sub(lambda _: f"{name} = {literal(value)} ", source)


def set_seed(source, seed):
    source, found = re.subn(r"\bmanual_seed\(\s*\d+\s*\)", f"manual_seed({seed})", source)
    if found == 0:
        stop("train.py sets no seed with manual_seed(NUMBER)")
    return source


def parse(argv):
    python = None
    if argv[:1] == ["--python"] and len(argv) > 1:
        python, argv = argv[1], argv[2:]
    if len(argv) < 3 or not argv[2].isdigit():
        stop("usage: [--python PROGRAM] REPO DIR SEED --NAME=VALUE...")
    constants = {}
    for word in argv[3:]:
        match = re.fullmatch(r"--([A-Za-z_][A-Za-z0-9_]*)=(.*)", word, re.DOTALL)
        if match is None:
            stop(f"'{word}' is not --NAME=VALUE")
        constants[match[1]] = match[2]
    return python, os.path.abspath(argv[0]), os.path.abspath(argv[1]), argv[2], constants


def main():
    python, repo, folder, seed, constants = parse(sys.argv[1:])
    try:
        with open(os.path.join(repo, "train.py"), encoding="utf-8") as file:
            source = file.read()
    except OSError as error:
        stop(error)
    for name, value in constants.items():
        source = set_constant(source, name, value)
    source = set_seed(source, seed)
    copy = os.path.join(folder, "train.py")
    with open(copy, "w", encoding="utf-8") as file:
        file.write(source)
    # train.py imports prepare.py, which stays where it is.
    os.environ["PYTHONPATH"] = repo
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ["PYTHONUNBUFFERED"] = "1"
    command = [python, copy] if python else ["uv", "run", "--project", repo, "python", copy]
    try:
        os.execvp(command[0], command)
    except OSError as error:
        stop(f"cannot run '{command[0]}': {error.strerror}")


if __name__ == "__main__":
    main()
