#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A config goes into the user's own file, and nothing else of that file changes.

. tests/tap.sh

cat >night.yaml <<'END'
name: night
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, -c, "echo val_loss: {layers}", x], timeout: 20s}
parameters:
  lr: {distribution: log_uniform_values, min: 1e-6, max: 1, start: 1e-5}
  layers: {distribution: int_uniform, min: 1, max: 4, start: 4}
  wd: {min: 0.0, max: 1.0, start: 0.5}
  optimizer: {values: [adamw, "it's \"x\"", "on"], start: adamw}
  nesterov: {values: [true, false], start: true}
  muon_lr: {min: 0.1, max: 0.9, start: 0.5, when: {optimizer: "on"}}
  constant: {value: 7}
search: {strategy: random, enqueue: [{layers: 1, lr: 3e-5, wd: 1, optimizer: "it's \"x\"", nesterov: false},
                                     {layers: 2, lr: 2e-5, wd: 0.25, optimizer: "on", muon_lr: 0.75}]}
run_cap: 3
END
run 0 'the study runs' nightshift run night.yaml -q

cat >config.yaml <<'END'
# what we train with
model: &shape
    layers:   4        # deep
    width: 128
optimizer:  adamw      # ä: two bytes
train: {lr: 1.0e-5, "wd": 0.5,nesterov: true}
other: [1, {x: 2}]
copy: *shape
END
chmod 640 config.yaml
cp config.yaml before.yaml
ln -s config.yaml link.yaml
sed -e 's/layers:   4 /layers:   1 /' -e "s/optimizer:  adamw /optimizer:  \"it's \\\\\"x\\\\\"\" /" \
    -e 's/lr: 1.0e-5, "wd": 0.5,nesterov: true/lr: 3.0e-5, "wd": 1.0,nesterov: false/' \
    before.yaml >want.yaml
run 0 'a dry run' nightshift apply night.yaml 2 config.yaml --dry-run
cmp config.yaml before.yaml && grep -q '^+    layers:   1        # deep$' out &&
    grep -q '^-    layers:   4        # deep$' out && grep -q 'would apply experiment 2: 5 values' err
ok $? 'shows the diff and changes nothing'
cp out dry
{ cp config.yaml patched.yaml && patch -s patched.yaml dry && cmp patched.yaml want.yaml; } >out 2>err
ok $? 'the diff is one that patch takes'
run 0 'apply' nightshift apply 2 link.yaml
cmp config.yaml want.yaml && [ -L link.yaml ] && [ "$(stat -c %a config.yaml)" = 640 ]
ok $? 'values alone change: comments, spacing and permissions stay; a link stays one'
grep -q 'no key in link.yaml for: constant' err
ok $? 'parameters without a key are told'
run 0 'once more' nightshift apply 2 config.yaml
cmp config.yaml want.yaml && [ ! -s out ] && grep -q '0 values of config.yaml differ' err
ok $? 'changes nothing'
run 0 'the verified incumbent, where no experiment is named' nightshift apply config.yaml -n
id=$(nightshift best --json | sed 's/.*"id":\([0-9]*\).*/\1/')
grep -q "experiment $id:" err
ok $? 'is the one that best shows'
python=/usr/bin/python3
if $python -c 'import yaml' 2>/dev/null; then
    $python - <<'END' >out 2>err
import yaml
config = yaml.safe_load(open("config.yaml"))
assert config["train"] == {"lr": 3e-5, "wd": 1.0, "nesterov": False}, config
assert type(config["train"]["wd"]) is float and config["optimizer"] == "it's \"x\"", config
END
    ok $? 'PyYAML (YAML 1.1) reads the same values and types'
else
    tap_n=$((tap_n + 1)) && echo "ok $tap_n - PyYAML reads the same # SKIP python3-yaml is not installed"
fi
printf "a: {optimizer: 'adamw'}\nlayers: \"3\"\nmuon_lr: .5\n" >quoted.yaml
run 0 'another experiment, other quotes' nightshift apply 3 quoted.yaml
printf "a: {optimizer: 'on'}\nlayers: 2\nmuon_lr: 0.75\n" | cmp - quoted.yaml
ok $? 'quotes stay quotes, a number in quotes becomes a number'
printf 'optimizer: adamw\nlr: 0.5\n' >plain.yaml
run 0 'words that YAML 1.1 takes for booleans' nightshift apply 3 plain.yaml
printf 'optimizer: "on"\nlr: 2.0e-5\n' | cmp - plain.yaml
ok $? 'are quoted'
printf '{"a": {"lr": 1, "optimizer": "adamw"},\n "nesterov": true, "n": [1, 2]}' >config.json
run 0 'JSON' nightshift apply 2 config.json
python3 - <<'END' >out 2>err
import json
text = open("config.json").read()
assert text == '{"a": {"lr": 3.0e-5, "optimizer": "it\'s \\"x\\""},\n "nesterov": false, "n": [1, 2]}', text
json.loads(text)
END
ok $? 'stays JSON, to the byte'

# bad TEXT WORDS NAME: a file that is refused.
bad()
{
    printf '%b' "$1" >bad.yaml
    cp bad.yaml bad.before
    refused 2 "$2" "$3" nightshift apply 2 bad.yaml
    cmp -s bad.yaml bad.before || echo '# it was changed'
}
bad 'a: {lr: 1}\nb: {lr: 2}\n' "bad.yaml:2:9: 'lr' may be 'a.lr' in line 1 or 'b.lr' here" 'two keys of the name'
bad 'x: &a 1\nlr: *a\n' "bad.yaml:2:5: 'lr' is an alias" 'an alias'
bad 'lr: &a 1\nx: *a\n' "'lr' has an anchor" 'an anchor'
bad 'lr: !!float 1\n' "'lr' has a tag" 'a tag'
bad 'lr: [1, 2]\n' "bad.yaml:1:5: 'lr' is a list" 'a list'
bad 'lr:\n' "'lr' has no value" 'no value'
bad 'optimizer: |\n  adamw\n' 'is a block of text' 'a block of text'
bad 'optimizer: adam\n  w\n' 'goes over several lines' 'a value over two lines'
bad 'width: 3\n' 'none of its keys is a parameter' 'no parameter at all'
bad 'lr: {\n' 'bad.yaml:' 'no YAML'
bad 'lr: 1\nx: \0377\n' 'bad.yaml:2: byte 0xff is not UTF-8' 'bytes that are no text'
refused 2 'nope.yaml' 'a missing file' nightshift apply 2 nope.yaml
refused 2 'there is no experiment 9' 'a missing experiment' nightshift apply 9 config.yaml
refused 2 'it takes [STUDY] [ID] FILE' 'no file at all' nightshift apply
mkdir closed && printf 'lr: 1\n' >closed/c.yaml && chmod 500 closed
if [ "$(id -u)" != 0 ]; then
    refused 3 'closed/c.yaml' 'a folder that may not be written' nightshift apply 2 closed/c.yaml
fi
chmod 700 closed
done_testing
