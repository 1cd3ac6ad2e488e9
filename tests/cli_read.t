#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The commands that look at a study, from outside.

. tests/tap.sh
unset NO_COLOR

# look STATUS COMMAND...: runs nightshift; true where it ends with STATUS.
look()
{
    want=$1
    shift
    timeout 60 nightshift "$@" >out 2>err </dev/null
    [ $? -eq "$want" ]
}

says() { grep -qF -- "$1" out; }

# A study whose parameter `mode` makes the trainer fail now and then; test_loss must never be seen.
cat >trainer.sh <<'END'
#!/bin/sh
# trainer.sh SEED LAYERS MODE
echo "{\"test_loss\": 0.123456789}"
[ "$3" = bad ] && echo "out of cheese | <b>" >&2 && exit 3
awk -v seed="$1" -v layers="$2" \
    'BEGIN { print "val_loss: " 3 - 0.5 * layers + seed % 97 / 9700 }'
END
chmod +x trainer.sh
cat >night.yaml <<'END'
name: night
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [./trainer.sh, "{seed}", "{layers}", "{mode}"], timeout: 20s}
parameters:
  layers: {distribution: int_uniform, min: 1, max: 4, start: 1}
  mode: {values: [good, bad], start: good}
search: {strategy: grid}
jobs: 2
run_cap: 8
END

refused 2 "no study has been run" 'without a study there is nothing to look at' nightshift log
refused 2 "has not been run yet" 'a study that was never run says how to begin' nightshift log night.yaml
look 0 run night.yaml -q
ok $? 'the study runs'

look 0 log && [ "$(wc -l <out)" -ge 5 ] && head -1 out | grep -q '^id  decision' &&
    grep -q '^ 1  + keep' out && grep -q 'x failed' out
ok $? 'log: one line an experiment, keeps and failures marked'
awk 'NR == 1 { at = index($0, "change") } NR > 1 && substr($0, at - 1, 1) != " " { bad = 1 }
     END { exit bad || NR < 5 }' out 2>>err
ok $? 'log: columns line up'
grep -q "$(printf '\033')" out
[ $? -eq 1 ]
ok $? 'log: no colour where output is no terminal'

look 0 log --json night.yaml -n 1 && [ "$(wc -l <out)" -eq 1 ]
ok $? 'log -n 1: the last one; options may follow operands'
look 0 log --json && says '"id":1,' && says '"purpose":"baseline"' && says '"decision":"failed"' &&
    says '"values":[null]' && ! grep -qiE '[:,[]-?(nan|inf)' out
ok $? 'log --json: failed runs are null'
for key in id params purpose seeds values decision verified reason effect commit; do
    [ "$(grep -c "\"$key\":" out)" -eq "$(wc -l <out)" ] || echo "$key" >>err
done
[ ! -s err ]
ok $? 'log --json: every line has every key of the contract'
look 0 log --decisions --json && head -1 out | grep -q '"number":1,.*"verdict":"keep"'
ok $? 'log --decisions --json: oldest first'
for key in number kind experiment against verdict alpha n effect commit test head incumbent reason; do
    [ "$(grep -c "\"$key\":" out)" -eq "$(wc -l <out)" ] || echo "$key" >>err
done
[ ! -s err ]
ok $? 'log --decisions --json: every line has every key of the contract'
look 0 log --decisions && head -1 out | grep -q 'kind .* verdict  *level  *n  effect'
ok $? 'log --decisions: a table with the level of each test'
columns() { LC_ALL=C.UTF-8 wc -L <out; }
unset COLUMNS
look 0 note 2 a remark that is much longer than a line of eighty columns would ever have room for &&
    look 0 log && [ "$(columns)" -le 80 ] && look 0 log --decisions && [ "$(columns)" -le 80 ]
ok $? 'log fits 80 columns in a pipe, remarks and all'
COLUMNS=150 nightshift log >out 2>err && [ "$(columns)" -le 150 ] && [ "$(columns)" -gt 100 ] &&
    says 'commit' && says 'every one of 3'
ok $? 'COLUMNS makes a pipe wider: reasons and commits are there'
look 0 note 2 ""

look 0 best && says 'verified' && look 0 best --json && says '"verified":true' && says '"value":'
ok $? 'best: the verified incumbent'
look 0 best --head --json && says '"id":'
ok $? 'best --head'
best=$(sed 's/.*"id":\([0-9]*\).*/\1/' out)

look 0 show "$best" && says 'effect' && says 'pairs (a positive difference is better)' &&
    says "nightshift reproduce" && says "/runs/$best/"
ok $? 'show: pairs, effect and the command that runs it again'
look 0 show night.yaml "$best" --json && says '"runs":[{' && says '"metrics":{' && says '"pairs":[{'
ok $? 'show --json: runs with metrics, pairs'
look 0 diff "$best" 1 && says 'layers' && says 'val_loss'
ok $? 'diff: parameters and means'
look 0 diff night.yaml 1 "$best" --json && says '"params":{"layers":[1,' && says '"tested":'
ok $? 'diff --json with a study and two experiments'

look 0 status && says 'night: not running' && says 'failed: exit'
ok $? 'status: counts and failures by cause'
look 0 status --oneline && [ "$(wc -l <out)" -eq 1 ] && says 'night idle '
ok $? 'status --oneline: one line'
look 0 status --json && says '"state":"idle"' && says '"failures":{"exit":'
ok $? 'status --json'
look 0 watch && says 'night: not running'
ok $? 'watch prints once where there is no terminal'
look 0 watch --json && says '"state":"idle"' && [ "$(wc -l <out)" -eq 1 ]
ok $? 'watch --json: one object'
look 0 note 1 a remark of words && look 0 show 1 && says 'a remark of words' && look 0 note night.yaml 1 '' &&
    look 2 note 1 && look 2 note night.yaml 1
ok $? 'note: STUDY may be left out, words need no quotes, but there must be some'
refused 2 'is not UTF-8' 'note: odd bytes are refused' nightshift note night.yaml 1 "$(printf 'a\377b')"
look 2 note night.yaml 99 text && grep -q 'there is no experiment 99' err
ok $? 'note: an unknown experiment is refused'

look 0 list strategies && says 'perturb' && look 0 list executors && says 'local' &&
    look 0 list sections && says 'found' && look 0 list studies && says 'runs/night'
ok $? 'list: strategies, executors, sections, studies'
mkdir runs/night/runs/night && cp runs/night/study.db runs/night/runs/night/
look 0 list studies && [ "$(wc -l <out)" -eq 1 ] && look 0 status && says 'night: not running'
ok $? 'a study is not looked for among the runs of another'
rm -r runs/night/runs/night
refused 2 "did you mean 'strategies'" 'list: a misspelt kind is suggested' nightshift list strategy

look 0 export --format tsv && [ "$(head -1 out)" = \
    "$(printf 'commit\tval_loss\tmemory_gb\tstatus\tdescription')" ] &&
    awk -F '\t' 'NF != 5 || (NR > 1 && $4 !~ /^(keep|discard|crash)$/) { exit 1 }' out
ok $? 'export tsv: five columns of autoresearch'
look 0 export -f csv && awk -F , 'NR == 1 { n = NF } NF != n { exit 1 }' out
ok $? 'export csv: every row as wide as its head'
look 0 export --format=jsonl && says '"class":"exit"'
ok $? 'export jsonl'
refused 2 "did you mean 'optuna'" 'a misspelt format is suggested' nightshift export --format optunna
refused 2 '--format is needed' 'export wants a format' nightshift export

look 0 report -o "$work/there" && [ "$(cat out)" = "$work/there/REPORT.md" ] &&
    cp "$work/there/REPORT.md" "$work/first" && look 0 report -o "$work/there" &&
    cmp "$work/there/REPORT.md" "$work/first" &&
    cmp "$work/there/REPORT.md" runs/night/report/REPORT.md
ok $? 'report: the same record gives the same bytes, as after the run'
cmp "$work/there/report.html" runs/night/report/report.html &&
    cmp "$work/there/figures/history.svg" runs/night/report/figures/history.svg &&
    grep -q '<img src="data:image/svg+xml;base64,' "$work/there/report.html" &&
    ! sed '/^<script>/,$d' "$work/there/report.html" | # up to the charts' own script
        grep -Eq '<script>|<script [^t]|<a href="[^#]|src="http|url\(' &&
    grep -q '](figures/history.svg)' "$work/there/REPORT.md" &&
    [ "$(wc -l <"$work/there/data/history.csv")" -gt 5 ]
ok $? 'report: one page with its figures, which asks nobody for anything'
cp "$work/first" out
says '## What was found?' && says 'better by ' && says 'out of cheese \| \<b\>' &&
    says 'nightshift reproduce runs/night 1'
ok $? 'report: found, failures with their last words, commands'

refused 2 'there is no experiment 99' 'an unknown experiment is refused' nightshift show 99
refused 2 "no experiment's number" 'a word is no experiment' nightshift show first
refused 2 'it takes [STUDY] ID' 'show wants an experiment' nightshift show
refused 2 'too many' 'too many words are refused' nightshift log night.yaml 3
refused 2 'nope.yaml' 'a missing study file is named' nightshift status nope.yaml

: >out
for command in log 'log --json' "show $best" "show $best --json" 'export --format csv' status best; do
    # shellcheck disable=SC2086 # words on purpose
    nightshift $command >>out 2>&1
done
cat "$work/first" >>out
says val_loss && says layers && ! says test_loss && ! says 0.123456789
ok $? 'the test loss is shown by no command'

nightshift log --json 2>err >/dev/full
[ $? -eq 3 ] && grep -q 'standard output' err
ok $? 'a full disk is noticed'

before=$(find runs -type f -exec cksum {} + | sort)
chmod -R a-w runs
look 0 log && look 0 status && look 0 show 1
ok $? 'a record in a folder that may not be written can be read'
chmod -R u+w runs
[ -n "$before" ] && [ "$before" = "$(find runs -type f -exec cksum {} + | sort)" ]
ok $? 'looking changes no file'

# While a run goes on: its first runs wait until they were looked at.
cat >slow.sh <<'END'
#!/bin/sh
i=0
while [ ! -e "$2/seen" ] && [ $i -lt 300 ]; do sleep 0.05; i=$((i + 1)); done
echo "val_loss: 1.$1"
END
chmod +x slow.sh
cat >slow.yaml <<END
name: slow
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [./slow.sh, "{seed}", $work], timeout: 60s}
parameters:
  layers: {distribution: int_uniform, min: 1, max: 4, start: 1}
run_cap: 1
END
timeout 60 nightshift run slow.yaml -q >/dev/null 2>&1 </dev/null &
under_way() { look 0 status slow.yaml && says 'running (process' && says 'under way'; }
await 100 under_way && says 'best so far  none: the baseline (experiment 1) has no value yet' &&
    look 0 log slow.yaml && says '. pending' && look 0 best slow.yaml && says 'val_loss none yet' &&
    look 0 best slow.yaml --json && says '"value":null' && says '"verified":false'
ok $? 'while a run goes on: who runs it, what is under way, a baseline without a value'
touch "$work/seen"
wait
look 0 status slow.yaml && says 'slow: not running' && look 0 best slow.yaml --json &&
    says '"id":1,' && says '"verified":false'
ok $? 'before there is a keep, best is the baseline, not verified, exit 0'
look 2 log && grep -qF '2 studies' err
ok $? 'with two studies one must be named'

# A study of failures only.
mkdir only && cp trainer.sh only/
sed 's/^name:.*/name: broken/; s/start: good/start: bad/' night.yaml >only/broken.yaml
look 1 run only/broken.yaml -q && look 0 status only/broken.yaml &&
    says 'best so far  none: the baseline (experiment 1) failed' && ! says 'val_loss -' &&
    look 0 best only/broken.yaml && says 'not verified: val_loss none, it failed'
ok $? 'of a study of failures only nothing is the best'
look 2 diff only/broken.yaml 1 && grep -qF 'experiment 1 is the one it would be compared with' err &&
    look 2 diff only/broken.yaml 1 1 && grep -qF 'experiment 1 twice' err
ok $? 'an experiment is not compared with itself'
look 1 noise only/broken.yaml && grep -q 'the baseline (experiment 2) failed .*mend the trainer' err &&
    look 0 diff only/broken.yaml 1 2 && says 'nothing to compare: experiment 1 failed'
ok $? 'its noise is asked of another baseline, which fails too'
look 0 hypotheses only/broken.yaml && [ ! "$(grep -vc 'id  study' out)" -gt 0 ] && grep -q 'no study here states a hypothesis' err
ok $? 'where nothing is claimed that is said'

look 2 --versoin && grep -qF "unknown option '--versoin' (did you mean '--version'?)" err &&
    look 2 --nonsense && grep -qF 'see `nightshift help`' err
ok $? 'a misspelt option in place of a command is suggested too'

done_testing
