#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The strategy exec: an outside program proposes, and fails in every way.

. tests/tap.sh

# study NAME COMMAND… : a study whose proposals come from COMMAND
study()
{
    name=$1
    shift
    cat <<END
name: $name
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [fake_trainer, ok, --config, "{config}", --seed, "{seed}"], timeout: 20s}
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
constraints: ["x > -1"]
search: {strategy: exec, command: [$*], timeout: 2s, writable: [state]}
jobs: 2
run_cap: 4
END
}
ids() { git -C "$1" for-each-ref --format='%(refname) %(objectname)' refs/heads/nightshift; }
left_behind() # processes that still work below the scratch folder
{
    for p in /proc/[0-9]*; do
        case $(readlink "$p/cwd" 2>/dev/null) in "$work"*/runs/*) echo "$p" ;; esac
    done
}

# The agent of these tests does what the next line of the file `script` beside the study says, and
# keeps what it was told.
cat >agent.sh <<'END'
#!/bin/sh
n=$(cat "$1/calls" 2>/dev/null || echo 0)
n=$((n + 1))
echo $n >"$1/calls"
cat >"$1/told.$n"
case $(sed -n "${n}p" "$1/script") in
good) echo "{\"params\": {\"x\": 0.$((n + 10))}, \"message\": \"try $n\"}" ;;
hang) trap '' TERM; (setsid sh -c 'trap "" TERM; sleep 300' &); sleep 300 ;;
crash) echo 'no credit left' >&2; exit 3 ;;
garbage) echo 'Sure! x = 3 looks good' ;;
silent) ;;
outside) echo '{"params": {"x": 7}}' ;;
unknown) echo '{"params": {"xx": 0.5}}' ;;
constraint) echo '{"params": {"x": -1.5}}' ;;
repeat) echo '{"params": {}}' ;;
key) echo '{"parms": {"x": 0.5}}' ;;
type) echo '{"params": {"x": [0.5]}}' ;;
list) echo '[1]' ;;
flood) yes x | head -c 40000000 ;;
twice) echo '{"params": {"x": 0.5}}{"params": {"x": 0.6}}' ;;
zero) echo '{"params": {"x": 0.5}, "val_loss": 0}' ;;
esac
END
chmod +x agent.sh

# --- every way to fail -----------------------------------------------------------------------------

mkdir -p faults/state && cp agent.sh faults/ && study faults './agent.sh, "{study_dir}/state"' >faults/faults.yaml
printf '%s\n' hang crash garbage silent good outside unknown constraint repeat good \
    key type list flood good twice zero good >faults/state/script
run 0 'a study goes on over every bad answer' nightshift run faults/faults.yaml --experiments 5
[ -z "$(left_behind)" ]
ok $? 'a program that hangs is gone, with all that it started'
[ "$(cat faults/state/calls)" -eq 18 ]
ok $? 'each bad answer costs one question'
nightshift log faults/faults.yaml --json >log.json
refused_for() # ID WORDS…: the reasons of that experiment, in order
{
    id=$1 want='"refused":\['
    shift
    for words in "$@"; do want="$want\"[^\"]*$words[^\"]*\",*"; done
    sed -n "${id}p" log.json | sed 's/\\"/~/g' | grep -q "$want\]"
    ok $? "experiment $id: $*"
}
refused_for 1
refused_for 2 'no answer within 2 s' 'exit.*no credit left' 'answer:1' 'printed nothing'
refused_for 3 "'x'.*" "no parameter 'xx'" "breaks the constraint 'x > -1'" 'tried before'
refused_for 4 "unknown key 'parms' (did you mean 'params'?)" "the value of 'x'" 'no JSON object' 'printed more than'
refused_for 5 'answer:1' "unknown key 'val_loss'"
nightshift log faults/faults.yaml >out 2>err
[ "$(grep -c '^refused for experiment 2: ' out)" -eq 4 ]
ok $? 'log shows them'
nightshift status faults/faults.yaml >out 2>err
grep -q 'program      4 proposals taken, 14 refused; last refused for experiment 5: unknown key' out
ok $? 'status counts them'
grep -q 'refused proposals: 14' faults/runs/faults/report/REPORT.md &&
    grep -q 'no credit left' faults/runs/faults/report/REPORT.md
ok $? 'the report has them'
grep -q '"refused":"[^"]*no credit left' faults/state/told.5 && grep -q '"refused":"it printed nothing"' faults/state/told.5
ok $? 'the program is told why it was refused'
! grep -q '"refused"' faults/state/told.6
ok $? 'until an answer is taken'
grep -q '"id":2,"message":"try 5"' faults/state/told.6
ok $? 'and what it said with that one'
echo 'exit 1' >faults/agent.sh
run 0 'what was proposed is proposed again without the program' nightshift doctor --deep faults/faults.yaml

# --- what it is told -------------------------------------------------------------------------------

head -n 1 faults/state/told.18 | grep -q '^{"study":{.*"head":[1-4],.*"name":"x"' &&
    head -n 1 faults/state/told.18 | grep -q '"constraints":\["x > -1"\]'
ok $? 'the study comes first, with its space and its head'
sed -n 2p faults/state/told.18 | grep -q '"decision":"keep".*"id":1,"params":{"x":1.5,"y":3},"purpose":"baseline".*"seeds":\[.*"values":\[[0-9]'
ok $? 'then the baseline'
[ "$(grep -c '^{.*"id":' faults/state/told.18)" -eq 4 ]
ok $? 'then every experiment so far'

mkdir -p blind/state && cp agent.sh blind/ && cat >blind/trainer.sh <<'END'
echo "{\"val_loss\": 1.$2, \"test_loss\": 77.5}"
END
study blind './agent.sh, "{study_dir}/state"' | sed -e '/^decision/d' \
    -e 's|fake_trainer.*"{seed}"|sh, ./trainer.sh, "{x}", "{seed}"|' >blind/blind.yaml
echo 'placebo: 2' >>blind/blind.yaml
yes good | head -n 40 >blind/state/script
run 0 'a night with placebos' nightshift run blind/blind.yaml --experiments 12
nightshift log blind/blind.yaml --json | grep -q '"purpose":"placebo"'
ok $? 'has some'
last=blind/state/told.$(cat blind/state/calls)
! grep -q placebo blind/state/told.* && grep '^{.*"id":' "$last" | sed 's/.*"id":\([0-9]*\),.*/\1/' >out &&
    seq "$(wc -l <out)" | cmp -s - out && [ "$(wc -l <out)" -lt 11 ]
ok $? 'of which the program is told nothing, not even by a gap'
! grep -q '77.5\|test_loss' blind/state/told.*
ok $? 'nor of a test loss'

# --- five in a row ---------------------------------------------------------------------------------

mkdir -p bad/state && cp agent.sh bad/ && study bad './agent.sh, "{study_dir}/state"' >bad/bad.yaml
yes garbage | head -n 40 >bad/state/script
run 0 'after five bad answers in a row the study goes on by itself' nightshift run bad/bad.yaml
grep -q '5 refused proposals in a row: the study falls back to perturb' err
ok $? 'and says so'
[ "$(cat bad/state/calls)" -eq 5 ] && [ "$(nightshift log bad/bad.yaml --json | wc -l)" -eq 4 ]
ok $? 'the program was asked five times'
run 0 'the next session' nightshift run bad/bad.yaml --experiments 5
[ "$(cat bad/state/calls)" -eq 5 ]
ok $? 'asks it no more'
nightshift status bad/bad.yaml >out 2>err && grep -q 'after 5 refused in a row perturb proposes' out
ok $? 'status says so too'
nightshift status bad/bad.yaml --json >out 2>err &&
    grep -q '"program":{"given_up":true,"last_refusal":"answer:1.*","refused":5,"taken":0}' out
ok $? 'and its JSON'
run 0 'doctor makes it all again' nightshift doctor --deep bad/bad.yaml

# --- the study file --------------------------------------------------------------------------------

mkdir files && cd files && cp ../agent.sh . && study bad ./agent.sh >good.yaml
run 0 'check knows the program' nightshift check good.yaml
grep -q '^asks .*agent.sh for each proposal' out
ok $? 'and names it'
sed 's/, command: [^]]*\]//' good.yaml >bad1.yaml
refused 2 "bad1.yaml:9:20: the strategy 'exec' needs a 'command'" 'exec without a command' nightshift check bad1.yaml
sed 's/strategy: exec/strategy: perturb/' good.yaml >bad2.yaml
refused 2 "bad2.yaml:9:29: 'command' is for the strategy exec, not for 'perturb'" 'a command without exec' nightshift check bad2.yaml
sed 's/command: \[\./comand: [./' good.yaml >bad3.yaml
refused 2 "unknown key 'comand' (did you mean 'command'?)" 'a misspelt key' nightshift check bad3.yaml
sed 's|\[./agent.sh|&, "{config}"|' good.yaml >bad4.yaml
refused 2 "'{config}' means nothing to a program that proposes" 'a placeholder without meaning' nightshift check bad4.yaml
sed 's|./agent.sh|./gone.sh|' good.yaml >bad5.yaml
refused 2 "the program that proposes" 'a program that is not there' nightshift check bad5.yaml
refused 2 "the program that proposes" 'nor is anything begun' nightshift run bad5.yaml
cd ..

# --- killed and resumed ----------------------------------------------------------------------------

command -v python3 >out || { done_testing; exit 0; }
for twin in whole killed; do
    mkdir $twin && cp "$tests/../experiments/agent/hill.py" $twin/
    printf '#!/bin/sh\nsleep 0.3\nexec %s/hill.py\n' "$work/$twin" >$twin/slow.sh && chmod +x $twin/slow.sh
    study twin ./slow.sh | sed 's/run_cap: 4/run_cap: 6/' >$twin/twin.yaml
done
run 0 'the example agent proposes' nightshift run whole/twin.yaml
nightshift log whole/twin.yaml --json >log.json
! grep -q '"refused":\["' log.json && [ "$(grep -c '"purpose":"proposal"' log.json)" -eq 5 ]
ok $? 'and none of it is refused'
for _ in 1 2 3 4; do
    nightshift run killed/twin.yaml >out 2>err &
    pid=$!
    sleep 0.6
    kill -9 $pid
    wait $pid 2>/dev/null
done
run 0 'killed four times, the same study goes on' nightshift run killed/twin.yaml
[ -n "$(ids whole/runs/twin/repo.git)" ] &&
    [ "$(ids whole/runs/twin/repo.git)" = "$(ids killed/runs/twin/repo.git)" ]
ok $? 'to the same commit ids'
run 0 'and doctor agrees' nightshift doctor --deep killed/twin.yaml
nightshift enqueue killed/twin.yaml x=0.25 y=0 >out 2>err
run 0 'a config of the user comes first' nightshift run killed/twin.yaml --experiments 8
nightshift log killed/twin.yaml --json | sed -n 7p | grep -q '"purpose":"enqueued"'
ok $? 'then the program is asked again'
nightshift run killed/twin.yaml --experiments 30 >out 2>err &
pid=$!
sleep 0.5
nightshift stop killed/twin.yaml >out2 2>err2
wait $pid
[ $? -eq 143 ] && [ -z "$(left_behind)" ]
ok $? 'stop ends it while it is asked, and nothing is left'

done_testing
