#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `reproduce` says of a repetition: the level, and what differs first; and the run that every
# night repeats by itself.

. tests/tap.sh

mkdir a && cat >a/night.yaml <<'END'
name: night
metric: {name: val_loss, goal: minimize}
decision: {procedure: paired}
trainer: {command: [./trainer, "{x}", "{seed}"]}
files: [data.txt]
parameters: {x: {distribution: uniform, min: 0, max: 1, start: 0.5}}
run_cap: 4
END
# A trainer of three steps; with a file `mood` beside it, it is another machine's.
cat >a/trainer <<'END'
#!/bin/sh
study=${0%/*}
awk -v x="$1" -v seed="$2" -v mood="$(cat "$study/mood" 2>/dev/null)" 'BEGIN {
    srand(seed); noise = rand() / 100
    for (s = 1; s <= 3; s++)
        printf "{\"step\": %d, \"train_loss\": %.6f}\n", 100 * s, 3 / s + noise + (s > 1 ? mood : 0)
    printf "val_loss: %.6f\n", 1 + x * x + noise + mood
}'
END
chmod +x a/trainer && echo 1 2 3 >a/data.txt

run 0 'a study' nightshift run a/night.yaml
grep -q '1 run was repeated at the end of a night: bit for bit the same' a/runs/night/report/REPORT.md
ok $? 'its report says that a run was repeated'
run 0 'the same call again' nightshift run a/night.yaml
grep -q '1 run was repeated' a/runs/night/report/REPORT.md
ok $? 'repeats none, since none is new'
run 0 'a run again, here and with the same program' nightshift reproduce a/night.yaml 2
tail -n 1 out | grep -q '^bit-identical: [0-9]* runs* (L1: same machine, same program)$'
ok $? 'is bit-identical at level 1'
run 0 'the same for a script' nightshift reproduce --json a/night.yaml 2
python3 -c '
import json
o = json.load(open("out"))
assert o["experiment"] == 2 and o["holds"] and o["level"] == 1 and o["fact"] is None and o["kept"] is None
assert o["verdict"].startswith("bit-identical: ") and o["runs"]
assert all(r["identical"] and r["value"] == r["recorded"] for r in o["runs"])' 2>err
ok $? 'is one object'

cp a/trainer trainer.kept && echo '# built anew' >>a/trainer
run 0 'with another build of the trainer' nightshift reproduce a/night.yaml 2
tail -n 1 out | grep -q "^bit-identical: .*(L2: another build.*; input './trainer' has changed: sha256"
ok $? 'it is level 2, and the program is named'
echo 0.5 >a/mood
run 1 'a build that gives something else' nightshift reproduce a/night.yaml 2
grep -q 'the records part at step 200, number 2' out
ok $? 'is told by its first step'
tail -n 1 out | grep -q '^the repetitions are kept' && grep -q "^differs: .*(L2.*'./trainer' has changed" out
ok $? 'and by the program'
run 1 'and for a script' nightshift reproduce --json a/night.yaml 2
python3 -c '
import json, os
o = json.load(open("out"))
assert not o["holds"] and o["level"] == 2 and "./trainer" in o["fact"] and os.path.isdir(o["kept"])
assert all(not r["identical"] and r["value"] != r["recorded"] and "step 200" in r["said"] for r in o["runs"])' 2>err
ok $? 'the same, and where the repetitions lie'
cp trainer.kept a/trainer
run 1 'the same program that gives something else' nightshift reproduce a/night.yaml 2
grep -q '^differs: .*(L1.*); no recorded fact differs, so the trainer itself does not repeat' out
ok $? 'does not repeat'
rm a/mood

# As if it had been recorded on another processor.
python3 - a/runs/night/study.db <<'END'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for row, text in db.execute("SELECT id, environment FROM session").fetchall():
    there = json.loads(text)
    there["cpu"] = "Abacus 3"
    db.execute("UPDATE session SET environment = ? WHERE id = ?", (json.dumps(there), row))
db.commit()
END
run 0 'bits from another processor' nightshift reproduce a/night.yaml 2
tail -n 1 out | grep -q "^bit-identical: .*(L3: another processor); the CPU is '.*', recorded 'Abacus 3'"
ok $? 'may be equal too'
echo 0.001 >a/mood
run 0 'or a little off' nightshift reproduce a/night.yaml 2
grep -q "^agrees: the mean of .* is off by 0.001, where 2 SE are .*(L3.*recorded 'Abacus 3'" out
ok $? 'within two standard errors'
echo 0.5 >a/mood
run 1 'but not far off' nightshift reproduce a/night.yaml 2
grep -q "^differs: the mean of .* is off by 0.5, where 2 SE are .*(L3" out
ok $? 'beyond them'
rm a/mood
echo 1 2 4 >a/data.txt
run 1 'with other data' nightshift reproduce a/night.yaml 2
grep -q "^differs before anything is run: input 'data.txt' has changed: sha256" out && [ "$(wc -l <out)" -eq 1 ]
ok $? 'nothing is run'
run 1 'with other data, for a script' nightshift reproduce --json a/night.yaml 2
python3 -c '
import json
o = json.load(open("out"))
assert not o["holds"] and o["level"] is None and "data.txt" in o["fact"] and o["runs"] == []' 2>err
ok $? 'likewise'

# A night whose trainer changes its mind, though nobody knows of it.
mkdir b && cp a/night.yaml b/ && cp trainer.kept b/trainer && echo 1 2 3 >b/data.txt
sed -i 's/^study=.*/study=${0%\/*}; [ -d "$study\/runs\/night\/runs\/4" ] \&\& echo 0.25 >"$study\/mood"/' b/trainer
run 0 'a night whose trainer does not repeat' nightshift run b/night.yaml
grep -q 'came out otherwise: ALARM: experiment' err
ok $? 'warns of it'
grep -q '\*\*Alarm: of 1 run that was repeated at the end of a night, 1 came out otherwise' b/runs/night/report/REPORT.md
ok $? 'and its report says so'

done_testing
