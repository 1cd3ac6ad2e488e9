#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A study that states hypotheses: they are tested first, or are the whole night; what is decided
# does not depend on -j, nor on being killed; and each can be made again from the record.

. tests/tap.sh

# The truth: val_loss is 1 + (x - 0.3)^2 + (y - 0.3)^2, and noise of SD 0.2.
study() # DIR [LINES]
{
    mkdir "$1" && cat >"$1/night.yaml" <<END
name: night
metric: {name: val_loss, goal: minimize}
trainer:
  command: [fake_trainer, ok, --mode-from-config, --config, "{config}", --seed, "{seed}", --noise, 0.2]
  timeout: 10s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
  mode: {values: [ok, crash, slow], start: ok}
hypotheses:
  - {id: H1, claim: "val_loss(x=0.3) < val_loss(x=1.5)"}
  - {id: H2, claim: "val_loss(y=2) > val_loss(y=-3)", given: {x: 0.3}}
  - {id: H3, claim: "val_loss(x=0.25) < val_loss(x=0.35)"}
  - {id: H4, claim: "val_loss(mode=crash) < val_loss()"}
${2:-search: {strategy: none\}}
END
}
ids() { git -C "$1/runs/night/repo.git" for-each-ref --format='%(refname) %(objectname)' refs/heads; }
decisions() { nightshift log --decisions --json "$1/night.yaml"; }
kinds() { decisions "$1" | grep -c "\"kind\":\"$2\""; }

study one
run 0 'a study without a search tests what it claims' nightshift run one/night.yaml -j 1
grep -q 'the study is done' err
ok $? 'and is done'
decisions one >one.decisions
[ "$(kinds one hypothesis)" -eq 4 ] && [ "$(kinds one head)" -eq 1 ]
ok $? 'each hypothesis has one decision, behind the baseline'
grep -q '"reason":"H1 is verified: ' one.decisions
ok $? 'what is true is verified'
grep -q '"reason":"H2 is disproved: ' one.decisions
ok $? 'whose opposite is true is disproved'
grep -q '"reason":"H3 is inconclusive: .*used up' one.decisions
ok $? 'what makes no difference is inconclusive when the seeds are used up'
grep -q '"reason":"H4 is inconclusive: experiment [0-9]* failed on seed [0-9]*: exit 3' one.decisions
ok $? 'and so is what fails'
[ "$(grep -c '"verified":true' one.decisions)" -eq 0 ]
ok $? 'the incumbent does not move'
[ "$(nightshift log --json one/night.yaml | grep -c '"purpose":"hypothesis"')" -ge 5 ]
ok $? 'the sides are experiments of their own'
run 0 'all of it can be made again from the record' nightshift doctor --deep one/night.yaml
run 0 'the same call does nothing more' nightshift run one/night.yaml -j 1
decisions one | cmp -s - one.decisions
ok $? 'and changes nothing'

study two
run 0 'the same study, three runs at a time' nightshift run two/night.yaml -j 3
decisions two | cmp -s - one.decisions && [ "$(ids one)" = "$(ids two)" ]
ok $? 'ends with the same decisions and commit ids'

# Killed, again and again, somewhere in the middle.
study killed
sed -i 's/"{seed}", /"{seed}", --sleep-ms, 20, /' killed/night.yaml
kills=0
for pause in 0.15 0.3 0.2 0.4 0.25; do
    nightshift run killed/night.yaml -j 2 >out 2>err &
    sleep $pause
    kill -9 $! 2>>err && kills=$((kills + 1))
    wait $! 2>>err
done
[ $kills -ge 3 ]
ok $? 'a study is killed several times on its way'
run 0 'the same call goes on' nightshift run killed/night.yaml -j 2
decisions killed | sed 's/"commit":"[0-9a-f]*"/C/' >killed.decisions
sed 's/"commit":"[0-9a-f]*"/C/' one.decisions | cmp -s - killed.decisions
ok $? 'to the same decisions'
run 0 'and nothing is amiss' nightshift doctor --deep killed/night.yaml

# Before a search.
study search 'run_cap: 6'
run 0 'with a search the hypotheses come first' nightshift run search/night.yaml -j 2
decisions search >search.decisions
head -5 search.decisions | grep -c '"kind":"hypothesis"' | grep -qx 4
ok $? 'right behind the baseline'
[ "$(nightshift log --json search/night.yaml | grep -c '"purpose":"\(baseline\|proposal\|placebo\)"')" -eq 6 ]
ok $? 'run_cap counts proposals and not what is claimed of'
run 0 'the search can be made again too' nightshift doctor --deep search/night.yaml

# The registry: what the records say, and nothing beside them.
run 0 'the claims of a study are listed' nightshift hypotheses one/night.yaml
grep -q '^H1 .*verified' out && grep -q '^H2 .*disproved' out && grep -q '^H3 .*inconclusive' out
ok $? 'with what became of them'
run 0 'as JSON too' nightshift hypotheses one/night.yaml --json
[ "$(wc -l <out)" -eq 4 ] && grep -q '"experiments":\[2,1\],.*"status":"verified"' out
ok $? 'one object a claim, with its evidence'
mkdir wide && study wide/one && study wide/other 'search: {strategy: none, seed: 2}'
nightshift run -q wide/one/night.yaml >/dev/null && cd wide
run 0 'before a claim is tested again' nightshift hypotheses --json
grep -q '"id":"H1".*"status":"verified"' out
ok $? 'it has the status of its test'
nightshift run -q other/night.yaml >/dev/null
run 0 'another study on other seeds' nightshift hypotheses --json
[ "$(wc -l <out)" -eq 4 ] && grep -q '"id":"H1".*"stands":"verified","status":"retested"' out
ok $? 'makes it retested'
run 0 'findings of both' nightshift report --findings found
grep -q '^### F1\. val' found/FINDINGS.md && grep -q '^## night (seed 2)' found/EXPERIMENTS.md
ok $? 'are written down'
cp -r found before
run 0 'once more' nightshift report --findings found other/night.yaml one/night.yaml
cmp -s found/FINDINGS.md before/FINDINGS.md && cmp -s found/EXPERIMENTS.md before/EXPERIMENTS.md
ok $? 'the same bytes, in whatever order they are named'
cd ..
run 0 'the report says what was claimed' nightshift report -o written one/night.yaml
grep -q '^Verified: experiment 2 against experiment 1' written/REPORT.md
ok $? 'and what came of it'
mkdir empty && cd empty
refused 2 'no study has been run below' 'no study, no claims' nightshift hypotheses
cd ..
refused 2 "no-such.yaml" 'a study that is not there is named' nightshift hypotheses no-such.yaml

run 0 'check says what they cost' nightshift check one/night.yaml
grep -q '^4 hypotheses take 16 to 64 runs' out
ok $? 'in runs'
sed -i 's/id: H4/id: H5/' one/night.yaml
run 2 'a study does not go on with other hypotheses' nightshift run one/night.yaml
grep -q 'hypotheses.H4: taken away' err
ok $? 'and says which'

done_testing
