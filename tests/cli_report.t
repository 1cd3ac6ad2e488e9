# SPDX-License-Identifier: GPL-3.0-or-later
# The report of nights that went badly, and of ones that are not over: honest, or one clear line.

. tests/tap.sh

says() { tr -s ' ' <out | grep -qF -e "$1"; }
study() # NAME MODE CAP: a study of the fake trainer
{
    cat >"$1.yaml" <<END
name: $1
metric: {name: val_loss, goal: minimize}
trainer: {command: [fake_trainer, $2, --config, "{config}", --seed, "{seed}", --noise, "0.01"]}
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-1, start: 1e-2}
  x: {distribution: uniform, min: 0, max: 1, start: 0.5}
run_cap: $3
END
}

study never ok 5
refused 2 'has not been run yet' 'a study that was never run has no report' nightshift report never.yaml

study broken crash 5
nightshift run broken.yaml >/dev/null 2>&1
run 0 'one with failures only has a report' nightshift report broken.yaml
cp runs/broken/report/REPORT.md out
says '**The baseline failed**: there is nothing to compare with.' && says '| Went wrong | ' &&
    says '### exit: ' && says 'The end of what experiment 1 printed on seed ' && ! says 'better by'
ok $? 'which claims nothing, and shows causes and the ends of logs'
grep -q '<section id="summary">' runs/broken/report/report.html
ok $? 'as a page too'

study night ok 30
nightshift run night.yaml >/dev/null 2>&1
cp -r runs/night runs/cut
# As it stands in the midst of a run: a run was begun, and the last decision is not made.
python3 - runs/cut/study.db 2>err <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for statement in ("DROP TRIGGER decision_remains", "DROP TRIGGER outbox_remains",
                  "DELETE FROM outbox WHERE decision = (SELECT max(number) FROM decision)",
                  "DELETE FROM decision WHERE number = (SELECT max(number) FROM decision)"):
    db.execute(statement)
db.commit()
END
[ -s err ] && cat err >&2
run 0 'one in progress has a report' nightshift report runs/cut -o cut-report
cp cut-report/REPORT.md out
says '## In one minute' && says '| Cost | '
ok $? 'of what is known so far'

run 0 'the report of a night' nightshift report night.yaml
cp runs/night/report/REPORT.md out
says '## Which parameters matter?' && says 'foretells' && says '| lr | ' && says '## How does it learn?' &&
    says '| progress | baseline (1), 8 seeds |'
ok $? 'says which parameters matter and how it learns'
for name in importance dependence history curves slices tests runs; do
    [ "$(wc -l <runs/night/report/data/$name.csv)" -gt 3 ] || echo "$name" >>missing
done
[ ! -e missing ]
ok $? 'has the numbers behind every chart'
[ "$(wc -c <runs/night/report/report.html)" -lt 2000000 ]
ok $? 'and is one page below 2 MB'
mv runs/night/runs runs/night/gone
run 0 'where the files of the runs are gone' nightshift report night.yaml -o bare
cp bare/REPORT.md out
says 'Not known: the runs printed no curve, or what they printed is gone.' && says '| lr | '
ok $? 'the record alone still tells the rest'

cp -r runs/night runs/damaged
size=$(wc -c <runs/damaged/study.db)
rm -f runs/damaged/study.db-*
dd if=/dev/urandom of=runs/damaged/study.db bs=1 seek=$((size / 4)) count=$((size / 2)) conv=notrunc 2>/dev/null
nightshift report runs/damaged -o damaged-report >out 2>err </dev/null
got=$?
[ $got -ge 3 ] && [ $got -le 4 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q '^nightshift: ' err && [ ! -s out ]
ok $? 'a damaged record is one clear line'

done_testing
