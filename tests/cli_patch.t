#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An outside program patches the trainer, and cheats where it can: what judges is never patched.

. tests/tap.sh
export GIT_AUTHOR_DATE='946684800 +0000' GIT_COMMITTER_DATE='946684800 +0000' # twins are equal

# A laboratory in git: a trainer that is built from its source, and the data and the program that
# judge what it left.  The best model is 0.3, and the trainer adds a bias to x.
lab()
{
    mkdir -p "$1/trainer" "$1/data" "$1/state" && cd "$1" || exit 1
    git init -q . && git config user.email a@b && git config user.name a
    cat >trainer/train.sh <<'END'
#!/bin/sh
# train.sh X SEED DIR
bias=1
echo "$1 $bias" | awk '{ printf "%.17g\n", $1 + $2 }' >"$3/model"
echo '{"val_loss": 0, "test_loss": 0, "train_loss": 5}'
END
    cat >judge.sh <<'END'
awk -v seed="$3" -v truth="$(cat "$2/val")" '{
    d = $1 - truth
    printf "{\"val_loss\": %.17g, \"test_loss\": %.17g}\n", 1 + d * d + seed % 97 / 1e6, 2 + d * d
}' "$1/model"
END
    cat >build.sh <<'END'
rm "$(mktemp)" && sh -n trainer/train.sh && mkdir -p build && cp trainer/train.sh build/train && chmod +x build/train
END
    echo 0.3 >data/val
    ln -s train.sh trainer/link
    chmod +x trainer/train.sh && git add . && git commit -qm 'the trainer'
    cat >lab.yaml <<'END'
name: lab
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [./trainer/train.sh, "{x}", "{seed}", "{dir}"], timeout: 20s}
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
search: {strategy: exec, command: [./agent.sh, "{study_dir}/state"], timeout: 10s, writable: [state]}
source: {build: [sh, build.sh], binary: build/train, allow: ["trainer/**"], timeout: 20s}
evaluate: [sh, ./judge.sh, "{dir}", "{study_dir}/data", "{seed}"]
files: [data]
jobs: 2
END
    # Says what the next line of state/script names: state/<word>.json.
    cat >agent.sh <<'END'
#!/bin/sh
n=$(cat "$1/calls" 2>/dev/null || echo 0)
n=$((n + 1))
echo $n >"$1/calls"
cat >"$1/told.$n"
word=$(sed -n "${n}p" "$1/script")
[ -e "$1/$word.diff" ] && cp "$1/$word.diff" a.diff
[ -e "$1/$word.sh" ] && . "$1/$word.sh"
cat "$1/$word.json"
END
    chmod +x agent.sh
    cd ..
}
# diff DIR WORD SED FILE: the patch that SED makes of FILE, as an answer that names a file
diff_of()
{
    cp "$1/$4" before.sh && sed "$3" before.sh >after.sh
    { printf -- '--- a/%s\n+++ b/%s\n' "$4" "$4"; diff -u before.sh after.sh | tail -n +3; } >"$1/state/$2.diff"
    echo '{"patch": "a.diff", "message": "'"$2"'"}' >"$1/state/$2.json"
}
state() { git -C "$1" status --porcelain=v2 --branch; git -C "$1" rev-parse HEAD; sha256sum "$1/.git/index"; }
value() { nightshift log "$1" --json | sed -n "${2}p" | sed 's/.*"values":\[\([0-9.]*\).*/\1/'; }

lab lab
diff_of lab bias 's/^bias=1/bias=0.1/' trainer/train.sh
diff_of lab judge 's/1 + d/0 * d/' judge.sh
diff_of lab data 's/0.3/2.5/' data/val
diff_of lab gone 's/^bias=1/bias=7/' trainer/train.sh
sed -i 's/^-bias=1/-bias=12345/' lab/state/gone.diff
diff_of lab syntax 's/^bias=1/bias=$(/' trainer/train.sh
printf 'diff --git a/trainer/out b/trainer/out\nnew file mode 120000\n--- /dev/null\n+++ b/trainer/out\n@@ -0,0 +1 @@\n+../data\n\\ No newline at end of file\n' >lab/state/link.diff
echo '{"patch": "a.diff"}' >lab/state/link.json
printf '%s\n' '{"patch": "not a diff\nat all\n"}' >lab/state/words.json
echo '{"patch": "../../lab.yaml"}' >lab/state/path.json
echo '{"params": {"x": 0.9}}' >lab/state/params.json

# --- a patch is judged like any other candidate ----------------------------------------------------

echo "dirty" >lab/untracked && echo "# mine" >>lab/trainer/train.sh && git -C lab add trainer
state lab >before
printf '%s\n' bias >lab/state/script
run 0 'check knows the source' nightshift check lab/lab.yaml
grep -q "^built from $(git -C lab rev-parse HEAD)" out
ok $? 'and from which commit it is built'
run 0 'a patch is built and judged' nightshift run lab/lab.yaml --experiments 2
nightshift log lab/lab.yaml --json >log.json
sed -n 2p log.json | grep -q '"change":"patch [0-9a-f]\{10\}".*"decision":"keep"'
ok $? 'and kept, as it is better'
[ "$(value lab/lab.yaml 1 | cut -c1-5)" = 5.840 ] && [ "$(value lab/lab.yaml 2 | cut -c1-5)" = 2.690 ]
ok $? 'by what the unpatched program says, not by what the trainer prints'
state lab >after
cmp -s before after
ok $? 'HEAD, index and work tree are as they were'
patch=$(git -C lab rev-parse refs/nightshift/lab/2)
[ "$(git -C lab rev-parse "$patch^")" = "$(git -C lab rev-parse HEAD)" ] &&
    [ "$(git -C lab diff --name-only "$patch^" "$patch")" = trainer/train.sh ]
ok $? 'the patch is a commit on a ref of its own'
git -C lab show nightshift/lab-log:decisions/0/0/2.yaml | grep -q "^source: \"$patch\""
ok $? 'which the decision names'
git -C lab fsck --strict >out 2>err
ok $? 'and git fsck likes'
run 0 'doctor can make it again' nightshift doctor --deep lab/lab.yaml
run 0 'reproduce builds it again' nightshift reproduce lab/lab.yaml 2
grep -q '^bit-identical' out
ok $? 'to the same bits'
cd lab && run 0 'from git alone too' nightshift reproduce --ref nightshift/lab-log
grep -q '^bit-identical' out
ok $? 'to the same bits'
cd ..

# --- the next one begins where the last was kept ---------------------------------------------------

printf '%s\n' bias params bias >lab/state/script
run 0 'a config after the patch' nightshift run lab/lab.yaml --experiments 3
[ "$(value lab/lab.yaml 3 | cut -c1-5)" = 1.490 ]
ok $? 'is trained with the patched source'
grep -q "\"source\":{\"allow\":\[\"trainer/\*\*\"\],\"commit\":\"$patch\"" lab/state/told.2
ok $? 'and the program is told which'
tree=$(head -n 1 lab/state/told.2 | sed 's/.*"tree":"\([^"]*\)".*/\1/')
grep -q '^bias=0.1' "$tree/trainer/train.sh"
ok $? 'and where it can read it'

# --- what is refused -------------------------------------------------------------------------------

diff_of lab again 's/^bias=1/bias=0.1/' trainer/train.sh
printf '%s\n' bias params judge data gone link better path words again syntax better2 >lab/state/script
sed 's/^-bias=1$/-bias=0.1/; s/^+bias=0.1$/+bias=0/' lab/state/bias.diff >lab/state/better.diff
printf '{"params": {"x": 0.4}, "patch": "' >lab/state/better.json
sed 's/\\/\\\\/g; s/"/\\"/g; s/$/\\n/' lab/state/better.diff | tr -d '\n' >>lab/state/better.json
rm lab/state/better.diff
echo '"}' >>lab/state/better.json
sed 's/^-bias=1$/-bias=0/' lab/state/syntax.diff >x && mv x lab/state/syntax.diff
echo '{"params": {"x": 0.35}}' >lab/state/better2.json
run 0 'a study goes on over patches of no use' nightshift run lab/lab.yaml --experiments 6
nightshift log lab/lab.yaml --json >log.json
refused_for() # ID WORDS…: the reasons of that experiment, in order
{
    id=$1 want='"refused":\['
    shift
    for words in "$@"; do want="$want\"[^\"]*$words[^\"]*\",*"; done
    sed -n "${id}p" log.json | sed 's/\\"/~/g' | grep -q "$want\]"
    ok $? "experiment $id: $*"
}
refused_for 4 "'judge.sh', which source.allow does not name" "'data/val', which" 'does not apply' 'no regular file'
refused_for 5 "program's folder" 'the patch' 'does not apply'
[ "$(value lab/lab.yaml 4 | cut -c1-5)" = 1.010 ]
ok $? 'a patch and a config together, as text'
sed -n 5p log.json | grep -q '"decision":"failed"'
ok $? 'a patch that does not build fails like any other candidate'
nightshift show lab/lab.yaml 5 >out 2>err && grep -q 'the source does not build' out
ok $? 'and says so'
head=$(sed -n 6p log.json | sed 's/.*"source":"\([^"]*\)".*/\1/')
ls lab/runs/lab/source | grep -v build >out
[ "$(cat out)" = "$head" ]
ok $? 'what nothing goes on from takes no room'
grep -q "^trainer.*$(git -C lab rev-parse HEAD)" lab/runs/lab/report/REPORT.md ||
    grep -q "built from commit | $(git -C lab rev-parse HEAD)" lab/runs/lab/report/REPORT.md
ok $? 'the report names the commit'
nightshift show lab/lab.yaml 2 >out 2>err && grep -q "^source  *$patch" out && grep -q '^message  *bias' out
ok $? 'and show the patch, and what was said with it'
run 0 'doctor agrees' nightshift doctor --deep lab/lab.yaml

if command -v python3 >out; then
    cp -r lab forged
    python3 -c 'import sqlite3, sys
db = sqlite3.connect("forged/runs/lab/study.db")
db.execute("DROP TRIGGER answer_stays")
db.execute("UPDATE answer SET source = ? WHERE id = 1", (sys.argv[1],))
db.commit()' "$(git -C lab rev-parse HEAD)"
    run 4 'a record that names another commit for a patch' nightshift doctor --deep forged/lab.yaml
    grep -q 'the patch of experiment 2 gives commit' out
    ok $? 'is found'
fi

# --- cheating --------------------------------------------------------------------------------------

# A trainer that prints what it likes, writes where the judge will, and reaches for the data.
lab den
cat >cheat.sed <<'END'
s|^bias=1|bias=1\
for n in 1 2 3 4 5 6; do up=$up../; echo 99 2>/dev/null >"$3/${up}data/val"; done\
mkdir "$3.evaluate" 2>/dev/null \&\& echo '{"val_loss": 0}' >"$3.evaluate/stream"\
(trap '' TERM HUP; while :; do echo 1.3 >"$3/other"; done) \&|
END
cp den/trainer/train.sh before.sh && sed -f cheat.sed before.sh >after.sh
{ printf -- '--- a/trainer/train.sh\n+++ b/trainer/train.sh\n'; diff -u before.sh after.sh | tail -n +3; } >den/state/cheat.diff
echo '{"patch": "a.diff"}' >den/state/cheat.json
echo cheat >den/state/script
nightshift run den/lab.yaml --experiments 2 >out 2>err
status=$?
if nightshift check den/lab.yaml | grep -q 'no Landlock'; then
    [ $status -eq 4 ] && grep -q "input 'data/val' has changed" err
    ok $? 'a patched trainer that writes to the data ends the night'
else
    [ $status -eq 0 ] && [ "$(cat den/data/val)" = 0.3 ]
    ok $? 'a patched trainer cannot write to the data'
    [ "$(value den/lab.yaml 2 | cut -c1)" -ge 1 ]
    ok $? 'nor choose its own loss'
fi
pids=$(for p in /proc/[0-9]*; do
    case $(readlink "$p/cwd" 2>/dev/null) in "$work"*/runs/*) echo "$p" ;; esac
done)
[ -z "$pids" ]
ok $? 'nor leave somebody behind'

# The program itself, which was given more than is good.
lab mole
sed -i 's/writable: \[state\]/writable: [state, data]/; s/source:.*//; s/^evaluate:.*//' mole/lab.yaml
sed -i 's|\[./trainer/train.sh, "{x}"|[sh, ./own.sh, "{x}"|' mole/lab.yaml
echo 'echo "val_loss: 1.$2"' >mole/own.sh
echo 'echo 2.5 >"$1/../data/val"' >mole/state/write.sh
echo '{"params": {"x": 0.5}}' >mole/state/write.json
echo write >mole/state/script
run 4 'a program that changes the data ends the night' nightshift run mole/lab.yaml --experiments 3
[ "$(wc -l <err)" -ge 1 ] && grep -q "input 'data/val' has changed" err
ok $? 'and one line says which file'
nightshift log mole/lab.yaml --json >log.json && [ "$(wc -l <log.json)" -eq 1 ]
ok $? 'nothing is taken from it'
echo 0.3 >mole/data/val && rm mole/state/write.sh && printf 'write\nwrite\n' >mole/state/script
run 0 'with the file put back the same command goes on' nightshift run mole/lab.yaml --experiments 2

# --- killed ----------------------------------------------------------------------------------------

for twin in whole killed; do
    lab $twin
    diff_of $twin bias 's/^bias=1/bias=0.1/' trainer/train.sh
    sed -i 's/^n=.*calls.*/n=$(($(wc -l) - 2))/; s/^cat >.*//; s/^n=\$((n + 1))/n=$((n + 1)); sleep 0.2/; s/^echo \$n.*//' $twin/agent.sh
    sed -i 's/^rm/sleep 0.2; rm/' $twin/build.sh
    echo '{"params": {"x": 0.9}}' >$twin/state/params.json
    printf '%s\n' bias params >$twin/state/script
    git -C $twin commit -qam 'slower'
done
run 0 'a study with a patch' nightshift run whole/lab.yaml --experiments 3
for _ in 1 2 3 4 5; do
    nightshift run killed/lab.yaml --experiments 3 >out 2>err &
    pid=$!
    sleep 0.5
    kill -9 $pid
    wait $pid 2>/dev/null
done
run 0 'killed five times it goes on' nightshift run killed/lab.yaml --experiments 3
nightshift log whole/lab.yaml --json >log1
nightshift log killed/lab.yaml --json >log2
[ "$(wc -l <log1)" -eq 3 ] && cmp -s log1 log2
ok $? 'to the same experiments, values, patches and commit ids'
run 0 'and doctor agrees' nightshift doctor --deep killed/lab.yaml

# --- the study file --------------------------------------------------------------------------------

lab files && cd files
sed 's/^evaluate.*//' lab.yaml >bad1.yaml
refused 2 "bad1.yaml:8:1: 'source' needs 'evaluate'" 'a source without an evaluation' nightshift check bad1.yaml
sed 's/"trainer\/\*\*"/"..\/**"/' lab.yaml >bad2.yaml
refused 2 'is no path inside the source' 'a path out of the source' nightshift check bad2.yaml
sed 's/source: {/source: {repo: \/, /' lab.yaml >bad3.yaml
refused 2 'there is no git repository' 'a repository that is none' nightshift check bad3.yaml
sed 's/source: {/source: {commit: nowhere, /' lab.yaml >bad4.yaml
refused 2 'source.commit' 'a commit that is none' nightshift check bad4.yaml
sed 's/binary/binry/' lab.yaml >bad5.yaml
refused 2 "unknown key 'binry' (did you mean 'binary'?)" 'a misspelt key' nightshift check bad5.yaml
sed 's/judge.sh/gone.sh/; s/\[sh, .\/gone/[.\/gone/' lab.yaml >bad6.yaml
refused 2 "the evaluation" 'an evaluation that is not there' nightshift check bad6.yaml
sed 's/^search.*/search: {strategy: random}/' lab.yaml >bad7.yaml
refused 2 "bad7.yaml:8:1: 'source' is for patches" 'a source that nobody patches' nightshift check bad7.yaml

done_testing
