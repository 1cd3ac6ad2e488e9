# SPDX-License-Identifier: GPL-3.0-or-later
# shared_study.sh - for tests of a queue, behind tap.sh: a laboratory in git whose trainer is built from
# its source and judged by a program of its own, with the runs' folders on a file system that others see.

export GIT_AUTHOR_DATE='946684800 +0000' GIT_COMMITTER_DATE='946684800 +0000' # twins are equal

lab() # DIR EXECUTOR…: the lines below `executor:`
{
    lab=$1
    shift
    mkdir -p "$lab/trainer" "$lab/data" shared && git init -q "$lab" || return 1
    cat >"$lab/trainer/train.sh" <<'END'
#!/bin/sh
# train.sh X SEED DIR: a note of the source takes 0.4 off x, the best model is 0.3
echo "$1 NOTES" | awk '{ printf "%.17g\n", $1 - 0.4 * $2 }' >"$3/model"
sleep "0.$(($2 % 3))"
echo '{"train_loss": 5}'
END
    cat >"$lab/judge.sh" <<'END'
awk -v seed="$3" -v truth="$(cat "$2/val")" '{
    d = $1 - truth
    printf "{\"val_loss\": %.17g}\n", 1 + d * d + seed % 97 / 1e6
}' "$1/model"
END
    cat >"$lab/build.sh" <<'END'
mkdir -p build && sed "s/NOTES/$(ls trainer | grep -c note)/" trainer/train.sh >build/train && chmod +x build/train
END
    cat >"$lab/agent.sh" <<'END'
#!/bin/sh
# Adds a note to the trainer, numbered by what it is told of.
n=$(tr ',{' '\n\n' | grep -c '"id":')
printf 'diff --git a/trainer/note.%d b/trainer/note.%d\nnew file mode 100644\n--- /dev/null\n+++ b/trainer/note.%d\n@@ -0,0 +1 @@\n+note\n' $n $n $n >a.diff
echo '{"patch": "a.diff", "message": "another note"}'
END
    echo 0.3 >"$lab/data/val"
    chmod +x "$lab/trainer/train.sh" "$lab/agent.sh"
    git -C "$lab" -c user.email=a@b -c user.name=a add . &&
        git -C "$lab" -c user.email=a@b -c user.name=a commit -qm 'the trainer'
    cat >"$lab/lab.yaml" <<END
name: lab
decision: {procedure: paired, max_seeds: 3}
metric: {name: val_loss, goal: minimize}
trainer: {command: [./trainer/train.sh, "{x}", "{seed}", "{dir}"], timeout: 30s}
parameters: {x: {distribution: uniform, min: -2, max: 2, start: 1.5}}
search: {strategy: exec, command: [./agent.sh], timeout: 20s}
source: {build: [sh, build.sh], binary: build/train, allow: ["trainer/**"], timeout: 30s}
evaluate: [sh, ./judge.sh, "{dir}", "{study_dir}/data", "{seed}"]
files: [data]
lookahead: 3
run_cap: 5
executor:
  shared: $work/shared
END
    printf '  %s\n' "$@" >>"$lab/lab.yaml"
}
lab_decisions() { nightshift log --decisions --json "$1/lab.yaml"; }
# Runs and builds lie in the shared folder, to which the study's own has a link.
lab_is_shared() # DIR
{
    target=$(readlink "$1/runs/lab/runs") || return 1
    case $target in "$work"/shared/lab-*/runs) ;; *) return 1 ;; esac
    [ -e "$target/1" ] && [ -d "${target%/runs}/source" ] && [ ! -e "$1/runs/lab/source" ] &&
        [ -z "$(find shared -name 'queue-*')" ]
}
