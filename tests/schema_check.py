#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of study files beside the parser's own tables, and studies beside the schema.
schema_check.py ROOT STUDY… -- BAD…: prints what does not fit."""

import json
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
cut = sys.argv.index("--")
good, bad = sys.argv[2:cut], sys.argv[cut + 1 :]
schema = json.load(open(root / "share/schema/study.json", encoding="utf-8"))
wrong = []


def properties(node):
    """All names of properties, anywhere in the schema."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield from node["properties"]
        for child in node.values():
            yield from properties(child)
    elif isinstance(node, list):
        for child in node:
            yield from properties(child)


# Keys: what the tables of the parser have, without those that it only refuses.
TABLE = re.compile(r"static const struct yaml_key \w+\[\] = \{(.*?)\n\s*\};", re.S)
ROW = re.compile(r'\{"(\w+)", (true|false), (\w+)\}')
known, top = set(), set()
for path in sorted((root / "experiments").glob("study*.c")):
    for table in TABLE.findall(path.read_text(encoding="utf-8")):
        rows = [name for name, _, read in ROW.findall(table) if not read.startswith("refuse_")]
        known.update(rows)
        if "metric" in rows and "trainer" in rows:
            top.update(rows)
said = set(properties(schema))
if len(known) < 40 or len(top) < 20:
    wrong.append(f"only {len(known)} keys were found in the parser's tables")
for name in sorted(known - said):
    wrong.append(f"the parser knows '{name}', the schema does not")
for name in sorted(said - known):
    wrong.append(f"the schema has '{name}', the parser does not know it")
for name in sorted(top ^ set(schema["properties"])):
    wrong.append(f"'{name}' stands at the top of one of them only")


# Words: what the program lists.
def listed(what):
    out = subprocess.run(["nightshift", "list", what], capture_output=True, text=True, check=True)
    return {line.split()[0] for line in out.stdout.splitlines()}


search = schema["properties"]["search"]["properties"]["strategy"]["enum"]
decision = schema["properties"]["decision"]["properties"]["procedure"]["enum"]
if set(search) - {"none"} != listed("strategies") - {"none"}:
    wrong.append(f"strategies: {sorted(set(search) ^ listed('strategies'))}")
if set(decision) != listed("procedures"):
    wrong.append(f"procedures: {sorted(set(decision) ^ listed('procedures'))}")
executor = set()
for shape in schema["properties"]["executor"]["anyOf"]:
    executor.update(shape.get("enum", []) or shape["properties"]["kind"]["enum"])
if executor != listed("executors"):
    wrong.append(f"executors: {sorted(executor ^ listed('executors'))}")
text = (root / "search/distribution.c").read_text(encoding="utf-8")
ranges = schema["$defs"]["parameter"]["anyOf"][2]["properties"]["distribution"]["enum"]
names = set(re.findall(r'\.name = "(\w+)"', text))
if set(ranges) != names:
    wrong.append(f"distributions: {sorted(set(ranges) ^ names)}")

# Studies.
try:
    import jsonschema
    import yaml
except ImportError as error:
    print("\n".join(wrong) or f"SKIP {error.name}")
    sys.exit(bool(wrong))


class Loader(yaml.SafeLoader):
    """YAML 1.2: numbers with an exponent are numbers, on and off are texts."""


Loader.yaml_implicit_resolvers = {
    key: [(tag, regexp) for tag, regexp in rows if not tag.endswith((":float", ":bool", ":int"))]
    for key, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf")
)
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789")
)
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)
Loader.add_constructor(
    "tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node))
)
Loader.add_constructor(
    "tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node))
)
validator = jsonschema.Draft202012Validator(schema)
jsonschema.Draft202012Validator.check_schema(schema)
for path in good + bad:
    study = yaml.load(open(path, encoding="utf-8"), Loader=Loader)
    errors = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in validator.iter_errors(study)]
    if path in good and errors:
        wrong.append(f"{path}: {errors[0]}")
    if path in bad and not errors:
        wrong.append(f"{path}: it is wrong, and the schema takes it")
print("\n".join(wrong))
sys.exit(bool(wrong))
