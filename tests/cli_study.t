#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `nightshift init` and `nightshift check` from outside.

. tests/tap.sh
set -u

# status EXPECTED COMMAND…: runs it; stdout to out, stderr to err.
status() {
    want=$1
    shift
    "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$want" ] || { echo "# exit $got, expected $want: $*"; sed 's/^/# /' out err; return 1; }
}

one_line() {
    [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ]
}

study() {
    cat >"$1" <<EOF
name: ${1%.yaml}
decision: {procedure: paired}
metric: {name: val_bpb}
trainer: {command: [sh, -c, "echo val_bpb: 1", "{args}", "{seed}"], timeout: 5s}
parameters:
  $2
run_cap: 3
EOF
}

# --- init -----------------------------------------------------------------------------------------

mkdir data
status 0 nightshift init && [ ! -s out ] && grep -q 'wrote study.yaml' err
ok $? "init writes study.yaml and says so on standard error"
status 0 nightshift check study.yaml && grep -q '^lr  *log_uniform_values' out && ! grep -q '^note' out
ok $? "what init writes for the built-in trainer passes check without a note"

cp study.yaml before
status 2 nightshift init study.yaml && one_line && grep -q 'study.yaml' err && cmp -s before study.yaml
ok $? "init never overwrites a file"
ln -s nowhere dangling.yaml
status 2 nightshift init dangling.yaml && one_line && [ -h dangling.yaml ] && [ ! -e nowhere ]
ok $? "init leaves a dangling link alone"

printf 'x' >train.py
status 0 nightshift init "My Study.yaml" --metric val_bpb --command sh train.py '--lr={lr}' '--seed={seed}' '{depth}' &&
    status 0 nightshift check "My Study.yaml" && grep -q '^study my-study ' out && grep -q 'minimize val_bpb' out &&
    grep -q '^lr ' out && grep -q '^depth ' out && ! grep -q '^note' out
ok $? "init takes a command of one's own, whose {names} become parameters"
status 0 nightshift init plain.yaml --command -- sh -c 'echo "val_loss: 1"; exit 0' && status 0 nightshift check plain.yaml &&
    status 0 nightshift check plain.yaml --json && grep -q '"{args}"' out
ok $? "a command without placeholders gets {args}, whatever its characters"

status 2 nightshift init bad.yaml --metric 'val loss' && one_line && [ ! -e bad.yaml ]
ok $? "init refuses a metric that no trainer can print, and writes nothing"
status 2 nightshift init bad.yaml --command '{dir}/x' && one_line && [ ! -e bad.yaml ]
ok $? "init refuses a command that no study can have, and writes nothing"
status 2 nightshift init a.yaml b.yaml && one_line && [ ! -e a.yaml ]
ok $? "init takes one file"
status 3 nightshift init no/such/folder.yaml && one_line
ok $? "init into a folder that is not there is an error of the environment"

# --- check ----------------------------------------------------------------------------------------

study good.yaml 'p: {values: [1, 2, 3], start: 1}'
status 0 nightshift check good.yaml && grep -q 'at most 3 different configs' out && grep -q '1, 2, 3' out
ok $? "check says what the study means"
status 0 nightshift check good.yaml --json && [ "$(wc -l <out)" -eq 1 ] &&
    grep -q '"cells":3' out && grep -q '"notes":\[\]' out && grep -q '"name":"good"' out
ok $? "check --json prints one object"
cp good.yaml again.yaml
sed -i 's/run_cap: 3/run_cap: 99  # more/' again.yaml
nightshift check good.yaml --json | grep -o '"sha256":"[^"]*"' >a
nightshift check again.yaml --json | grep -o '"sha256":"[^"]*"' >b
[ -s a ] && cmp -s a b
ok $? "how far to go is no part of a study's identity"

study bad.yaml 'lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2, strat: 1e-3}'
status 2 nightshift check bad.yaml && one_line &&
    [ "$(cat err)" = "nightshift: bad.yaml:6:64: unknown key 'strat' (did you mean 'start'?)" ]
ok $? "a mistake is one line with file, line, column and a suggestion"
status 2 nightshift run bad.yaml && one_line && [ ! -e runs ]
ok $? "run refuses the same file and creates nothing"
status 2 nightshift check nope.yaml && one_line && grep -q "nope.yaml" err
ok $? "a missing study file is named"
status 2 nightshift check . && one_line
ok $? "a folder is no study file"
printf 'name: a\0b\n' >nul.yaml
status 2 nightshift check nul.yaml && one_line && grep -q 'nul.yaml:1:8: control character U+0000' err
ok $? "a NUL byte is found where it stands"
head -c 2000000 /dev/zero | tr '\0' '#' >large.yaml
status 2 nightshift check large.yaml && one_line && grep -q large.yaml err
ok $? "a study file larger than 1 MiB is refused"
mkfifo pipe.yaml
status 2 timeout 10 nightshift check pipe.yaml && one_line
ok $? "a FIFO is refused, not waited for"

sed 's/\[sh, -c/[no-such-trainer, -c/' good.yaml >none.yaml
status 2 nightshift check none.yaml && one_line && grep -q no-such-trainer err
ok $? "a trainer that is not there is found before any run"
sed 's/^run_cap: 3/files: [data, missing.bin]/' good.yaml >inputs.yaml
status 2 nightshift check inputs.yaml && one_line && grep -q "missing.bin" err
ok $? "an input that is not there is named"
sed 's/, "{args}", "{seed}"//; s/, timeout: 5s//; /run_cap/d' good.yaml >notes.yaml
status 0 nightshift check notes.yaml && [ "$(grep -c '^note: ' out)" -eq 4 ]
ok $? "what may not be meant is a note"
status 2 nightshift check good.yaml bad.yaml && one_line
ok $? "check takes one study"
status 2 nightshift check good.yaml --jsno && one_line && grep -q "did you mean '--json'" err
ok $? "a misspelt option gets a suggestion"
status 0 env LC_ALL=de_DE.UTF-8 TZ=Asia/Kathmandu nightshift check good.yaml --json && mv out foreign &&
    status 0 nightshift check good.yaml --json && cmp -s out foreign
ok $? "locale and time zone change nothing"

# --- the studies that we ship ---------------------------------------------------------------------

mkdir shipped
cp "$tests"/../experiments/*.yaml "$tests"/../experiments/script.sh "$tests"/../experiments/autoresearch-run.py shipped
mkdir -p shipped/data/kjv shipped/data/new shipped/base
status 0 nightshift check shipped/kjv.yaml && ! grep -q '^note' out
ok $? "kjv.yaml passes check"
for name in finetune finetune-mezo; do
    status 0 nightshift check shipped/$name.yaml && ! grep -q '^note' out
    ok $? "$name.yaml passes check"
done
for name in arch-grid lr-sweep; do
    status 0 nightshift check shipped/$name.yaml && ! grep -q '^note' out && grep -q '^strategy grid$' out
    ok $? "$name.yaml passes check"
done
for name in steps-vs-params depth lr-scaling seq-length; do
    status 0 nightshift check shipped/$name.yaml && ! grep -q '^note' out && grep -q '^strategy none$' out
    ok $? "$name.yaml passes check"
done
status 0 nightshift check shipped/script.yaml && ! grep -q '^note' out
ok $? "script.yaml passes check"
a=$(sh shipped/script.sh 0.003 8 7) && b=$(sh shipped/script.sh 0.003 8 7) && c=$(sh shipped/script.sh 0.05 2 7) &&
    [ "$a" = "$b" ] && [ "$a" != "$c" ] && echo "$a" | grep -Eq '^val_bpb: 0\.9[0-9]+$'
ok $? "script.sh prints the metric, the same for the same config and seed"

# A train.py of the same shape as autoresearch's: constants, a seed, an import from beside it.
if command -v python3 >/dev/null 2>&1; then
    cat >shipped/train.py <<'EOF'
from prepare import BASE, torch
DEPTH = 8               # number of transformer layers
MATRIX_LR = 0.04        # learning rate
WINDOW_PATTERN = "SSSL" # attention
torch.manual_seed(42)
print(f"val_bpb:          {BASE + DEPTH / 100 + MATRIX_LR:.6f} ")
print(f"pattern {WINDOW_PATTERN} seed {torch.seed}")
EOF
    cat >shipped/prepare.py <<'EOF'
class torch:
    seed = None
    @classmethod
    def manual_seed(cls, n):
        cls.seed = n
BASE = 0.5
EOF
    : >shipped/pyproject.toml
    mkdir rundir
    run="shipped/autoresearch-run.py --python python3 shipped rundir"
    status 0 nightshift check shipped/autoresearch.yaml && ! grep -q '^note' out
    ok $? "autoresearch.yaml passes check beside a train.py"
    cp shipped/train.py kept.py
    status 0 python3 $run 77 --DEPTH=12 --MATRIX_LR=0.1 --WINDOW_PATTERN=SL && grep -q '^val_bpb:  *0.720000' out &&
        grep -q '^pattern SL seed 77$' out && cmp -s kept.py shipped/train.py
    ok $? "autoresearch-run.py sets constants and seed in a copy, and leaves train.py alone"
    status 1 python3 $run 77 --DEPHT=12 && one_line && grep -q "'DEPHT' 0 times" err
    ok $? "autoresearch-run.py refuses a constant that train.py does not have"
    status 1 python3 $run x --DEPTH=12 && one_line
    ok $? "autoresearch-run.py refuses a seed that is no number"
else
    for name in "autoresearch.yaml" "constants" "unknown constant" "bad seed"; do
        ok 0 "$name # SKIP python3 is not there"
    done
fi

[ ! -e runs ] && [ ! -e shipped/runs ]
ok $? "init and check leave no run directory behind"
done_testing
