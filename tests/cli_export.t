#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What other tools make of an exported record: Optuna, TensorBoard's formats, autoresearch's table.

. tests/tap.sh
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# skip NAME WHY: a test that this machine cannot run.
skip()
{
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP $2"
}
python=/usr/bin/python3 # Debian's, which has Debian's modules
[ -x $python ] || python=python3
has() { $python -c "import $1" 2>/dev/null; }

cat >trainer.sh <<'END'
#!/bin/sh
# trainer.sh SEED CONFIG: a loss at two steps, or a failure.
grep -q '"mode":"bad"' "$2" && exit 3
awk -v seed="$1" -v lr="$(sed 's/.*"lr":\([^,}]*\).*/\1/' "$2")" 'BEGIN {
    d = log(lr) + 4; v = 1 + d * d / 8 + seed % 97 / 970
    printf "{\"step\": 100, \"val_loss\": %.9g, \"train_loss\": 3}\n", v + 1
    printf "{\"step\": 200, \"val_loss\": %.9g, \"test_loss\": 0.123456789}\n", v }'
END
chmod +x trainer.sh
cat >night.yaml <<'END'
name: night
metric: {name: val_loss, goal: minimize}
trainer: {command: [./trainer.sh, "{seed}", "{config}"], timeout: 20s}
parameters:
  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-1, start: 6e-4}
  wd: {min: 0.0, max: 0.5, start: 0.1}
  drop: {distribution: q_uniform, q: 0.1, min: 0, max: 0.35, start: 0.1}
  dim: {distribution: q_uniform, q: 64, min: 60, max: 200, start: 128}
  layers: {distribution: int_uniform, min: 1, max: 4, start: 1}
  heads: {distribution: int_log_uniform_values, min: 1, max: 8, start: 2}
  warm: {distribution: q_log_uniform_values, q: 10, min: 10, max: 100, start: 20, when: {layers: [1, 2]}}
  batch: {distribution: power_of_two, min: 4, max: 16, start: 8}
  mode: {values: [good, bad, "ugly's \""], start: good}
  flag: {values: [true, 1.5, one], start: true}
  constant: {value: 7}
decision: {confirm: off}
search: {strategy: random, seed: 3}
jobs: 2
run_cap: 12
END
run 0 'the study runs' nightshift run night.yaml -q
nightshift export night.yaml --format jsonl >runs.jsonl && nightshift log night.yaml --json >log.jsonl
[ -s runs.jsonl ] && grep -q '"decision":"failed"' log.jsonl && grep -q '"purpose":"proposal"' log.jsonl
ok $? 'it has failures too'

# --- Optuna --------------------------------------------------------------------------------------

run 0 'export optuna to a file' nightshift export night.yaml --format optuna -o optuna.db
nightshift export night.yaml --format optuna >piped.db && cmp optuna.db piped.db
ok $? 'and the same bytes to standard output'
run 0 'export optuna-journal' nightshift export night.yaml --format optuna-journal -o journal.log
[ "$(wc -l <journal.log)" -eq $(($(wc -l <log.jsonl) + 5)) ]
ok $? 'the journal has a line a trial, one for the study and one for each of its attributes'
run 0 'export optuna4' nightshift export night.yaml --format optuna4 -o optuna4.db
if has optuna; then
    cp optuna.db read.db && cp journal.log read.log
    run 0 'Optuna loads the storage: values, params, states, ranges, curves, best; and goes on' \
        $python "$tests/optuna_reads.py" read.db runs.jsonl log.jsonl
    run 0 'Optuna loads the journal, the same' \
        $python "$tests/optuna_reads.py" read.log runs.jsonl log.jsonl
else
    skip 'Optuna loads the storage' 'python3-optuna is not installed'
    skip 'Optuna loads the journal' 'python3-optuna is not installed'
fi
$python - <<'END' >out 2>err
import sqlite3
old, new = sqlite3.connect("optuna.db"), sqlite3.connect("optuna4.db")
assert old.execute("PRAGMA integrity_check").fetchone() == ("ok",)
assert old.execute("PRAGMA foreign_key_check").fetchall() == []
shape = lambda db: set(db.execute("SELECT name, sql FROM sqlite_master"))
assert {name for name, _ in shape(new) - shape(old)} == {"trials_study_id_key"}, shape(new) - shape(old)
assert old.execute("SELECT version_num FROM alembic_version").fetchone() == ("v3.0.0.d",)
assert new.execute("SELECT version_num FROM alembic_version").fetchone() == ("v3.2.0.a",)
for table in ("trials", "trial_params", "trial_values", "trial_intermediate_values"):
    rows = [db.execute(f"SELECT * FROM {table}").fetchall() for db in (old, new)]
    assert rows[0] == rows[1] and rows[0], table
END
ok $? 'the later schema differs by its number and one index'

# --- TensorBoard ---------------------------------------------------------------------------------

run 0 'export tensorboard' nightshift export night.yaml --format tensorboard -o logs
refused 2 'name one with -o' 'a folder cannot be piped' nightshift export night.yaml --format tensorboard
$python "$tests/events_read.py" logs >events.jsonl 2>err && $python - <<'END' >out 2>>err
import json
runs = {}
for line in open("runs.jsonl"):
    row = json.loads(line)
    name = str(row["seed"]) + ("" if row["variant"] == "own" else "-" + row["variant"])
    runs[f'logs/{row["experiment"]}/{name}'] = row
files = {f["file"].rsplit("/", 1)[0]: f for f in map(json.loads, open("events.jsonl"))}
assert set(files) == set(runs) and len(files) > 20, set(files) ^ set(runs)
for name, row in runs.items():
    file = files[name]
    assert file["hparams"] == row["params"], (name, file["hparams"], row["params"])
    assert file["group"] == f'experiment {row["experiment"]}', name
    assert file["status"] == (1 if row["class"] == "ok" else 2), name
    curve = [(step, value) for tag, step, value in file["scalars"] if tag == "val_loss"]
    assert not any(tag == "test_loss" for tag, _, _ in file["scalars"]), name
    if row["class"] == "ok":
        assert [step for step, _ in curve] == [100, 200], (name, curve)
        assert abs(curve[1][1] - row["value"]) < 1e-6 * row["value"], (name, curve)
        assert ["train_loss", 100, 3.0] in file["scalars"], name
    else:
        assert curve == [], name
END
ok $? 'an independent reader finds every run: checksums, curves, params, groups, states; no test loss'
if has tensorboard; then
    $python - <<'END' >out 2>err
import glob
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
for path in glob.glob("logs/1/*"):
    events = EventAccumulator(path)
    events.Reload()
    assert [e.step for e in events.Scalars("val_loss")] == [100, 200]
END
    ok $? 'TensorBoard reads them'
else
    skip 'TensorBoard reads them' 'tensorboard is not installed'
fi
before=$(find logs -type f -exec cksum {} + | sort)
nightshift export night.yaml --format tensorboard -o logs && [ "$before" = "$(find logs -type f -exec cksum {} + | sort)" ]
ok $? 'the same record gives the same files'

# --- autoresearch's results.tsv ------------------------------------------------------------------

nightshift export night.yaml --format tsv >out 2>err && $python - <<'END' >>err 2>&1
import re
rows = open("out", encoding="utf-8", newline="").read()
assert rows.endswith("\n") and "\r" not in rows
head, *rows = rows[:-1].split("\n")
assert head == "commit\tval_loss\tmemory_gb\tstatus\tdescription"
form = re.compile(r"[0-9a-f]{7}\t\d+\.\d{6}\t\d+\.\d\t(keep|discard|crash)\t[^\t]+")
assert rows and all(form.fullmatch(row) for row in rows), rows
assert any(row.split("\t")[1:4] == ["0.000000", row.split("\t")[2], "crash"] for row in rows)
END
ok $? 'tsv: every byte in the form of results.tsv'

! grep -rl 'test_loss\|0\.12345' optuna.db journal.log logs out >err
ok $? 'no export tells the test loss'
refused 3 'nowhere' 'a folder that is not there is named' \
    nightshift export night.yaml --format csv -o nowhere/runs.csv
done_testing
