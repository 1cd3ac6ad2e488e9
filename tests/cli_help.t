#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Help, topics, manual pages, versions, and what shells complete.

. tests/tap.sh
share=$tests/../share

# skip NAME WHY: a test that this machine cannot run.
skip()
{
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP $2"
}

# --- help ----------------------------------------------------------------------------------------

run 0 'help lists commands and topics' nightshift help
commands=$(sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p' out)
topics=$(sed -n '/^Topics/,/^$/s/^  \([a-z-]*\) .*/\1/p' out)
[ "$(echo "$commands" | wc -l)" -ge 20 ] && [ "$(echo "$topics" | wc -l)" -ge 10 ] &&
    ! echo "$commands" | grep -q '^complete$'
ok $? 'many of each, but not the one for shells'
for file in "$tests"/../harness/command_*.c; do
    file=${file##*/command_}
    [ "${file%.c}" = complete ] || nightshift help "${file%.c}" >page 2>>err || echo "$file"
done >out
[ ! -s out ]
ok $? 'every file of a command has help, from which its manual page is made'
[ -z "$(printf '%s\n' $commands $topics | sort | uniq -d)" ]
ok $? 'no topic has the name of a command'
for topic in $topics; do
    nightshift help "$topic" >page 2>>err && [ "$(wc -l <page)" -ge 10 ] || echo "$topic"
    # every word of the docs page is there
    tr -cs 'A-Za-z0-9' '\n' <"$tests/../docs/$topic.md" | sort -u >want
    tr -cs 'A-Za-z0-9' '\n' <page | sort -u | comm -23 want - | grep -cE '^.{6,}$' >lost
    [ "$(cat lost)" -le 12 ] || echo "$topic: $(cat lost) words lost"
done >out
[ ! -s out ]
ok $? 'every topic is the page of docs/, whole'
run 0 'a topic' env COLUMNS=60 nightshift help exit-codes
[ "$(LC_ALL=C.UTF-8 wc -L <out)" -le 60 ] && ! grep -q '`' out && grep -q '^  130, 143$' out
ok $? 'fits its terminal, without the marks of Markdown'
refused 2 "did you mean 'statistics'" 'a misspelt topic is suggested' nightshift help statistic
refused 2 'too many' 'one at a time' nightshift help study run

run 0 'nightshift --version' nightshift --version
head -n 1 out | grep -Eq '^nightshift [0-9]+\.[0-9]+\.[0-9]+$' && grep -q '^  sqlite *3\.' out &&
    grep -q '^  libgit2 *[01]\.' out && grep -q '^  gsl *2\.' out && grep -q '^  openblas *OpenBLAS' out &&
    grep -q '^  ncurses *[0-9]' out && grep -q '^  libmicrohttpd *[0-9]' out
ok $? 'tells the libraries that it runs with'
run 0 'nightshift-lm --version' nightshift-lm --version
head -n 1 out | grep -Eq '^nightshift-lm [0-9]+\.[0-9]+\.[0-9]+$' && grep -q '^  pcre2 *10\.' out
ok $? 'likewise'

# --- manual pages --------------------------------------------------------------------------------

page()
{
    nightshift help --scdoc "$1" >page.scd && scdoc <page.scd >page.man
}
if command -v scdoc >/dev/null; then
    for name in $commands $topics; do
        page "$name" 2>>err || echo "$name: no page"
        for option in $(nightshift "$name" --help 2>/dev/null | sed -n 's/^  .\{4\}--\([a-z-]*\) .*/\1/p'); do
            [ "$option" = help ] || grep -q -e "--$option" page.scd || echo "$name: --$option"
        done
        command -v mandoc >/dev/null && mandoc -Tlint -Wwarning page.man | grep -v 'paragraph macro: PP'
    done >out
    [ ! -s out ]
    ok $? 'every command and topic has a manual page with all its options'
    nightshift help --scdoc >list && for name in $commands; do
        grep -q "^\*nightshift-$name\*(1)\$" list || echo "$name"
    done >out
    [ ! -s out ] && scdoc <"$share/man/nightshift-lm.1.scd" >/dev/null 2>err &&
        sed '/^@commands@$/d' "$share/man/nightshift.1.scd" | scdoc >/dev/null 2>>err
    ok $? 'the two programs have theirs; nightshift(1) lists the commands'
else
    skip 'every command and topic has a manual page' 'scdoc is not installed'
    skip 'the two programs have theirs' 'scdoc is not installed'
fi

# --- completion ----------------------------------------------------------------------------------

cat >night.yaml <<'END'
name: night
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, -c, "echo val_loss: {layers}", x], timeout: 20s}
parameters:
  lr: {min: 0.1, max: 1, start: 0.5}
  layers: {distribution: int_uniform, min: 1, max: 4, start: 4}
  optimizer: {values: [adamw, muon], start: adamw}
  constant: {value: 7}
run_cap: 12
END
touch other.txt && mkdir -p data
nightshift run night.yaml -q >out 2>err </dev/null

# offers WORDS…: what may follow, without descriptions, on one line.
offers() { nightshift complete -- "$@" 2>&1 | sed 's/	.*//' | tr '\n' ' '; }
# table of cases: words | offers
while IFS='|' read -r words want; do
    # shellcheck disable=SC2086 # words on purpose; a trailing _ is an empty one
    got=$(eval "offers $words")
    [ "$got" = "$want" ] || echo "$words: '$got', not '$want'"
done >out <<'END'
ex|export 
export --f|--format 
export --format ts|tsv 
export --format=js|--format=jsonl 
export -f optuna-|optuna-journal 
doctor --repair l|locks 
report -o ""|:folders 
show 1|12 11 10 1 
show n|night :studies 
enqueue ""|lr= layers= optimizer= night :studies 
show night.yaml 12|12 
show night 1|12 11 10 1 
show nobody 1|
diff 3 11|11 
apply 1|12 11 10 1 :files 
enqueue l|lr= layers= 
enqueue op|optimizer= 
enqueue lr=0.5 lay|layers= 
enqueue optimizer=|optimizer=adamw optimizer=muon 
enqueue optimizer=m|optimizer=muon 
list st|strategies studies 
help exi|exit-codes 
help ex|export exit-codes 
log ""|night :studies 
log night.yaml ""|
nosuch ""|
--v|--version 
END
[ ! -s out ]
ok $? 'commands, options, their values, ids, parameters and choices'
for command in $commands; do
    nightshift complete -- "$command" -- | cut -f 1 >have
    for option in $(nightshift "$command" --help | sed -n 's/^  .\{4\}--\([a-z-]*\) .*/\1/p'); do
        grep -qx -e "--$option" have || echo "$command: --$option"
    done
done >out
[ ! -s out ]
ok $? 'every option of every command'

cat >bash.sh <<'END'
shopt -s extglob
. "$1/completion/nightshift.bash"
. "$1/completion/nightshift-lm.bash"
try()
{
    COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    "_${1//-/_}"; echo "${COMPREPLY[*]}"
}
try nightshift ex
try nightshift show 1
try nightshift export --format = ts
try nightshift export --format =
try nightshift enqueue optimizer =
try nightshift enqueue optimizer = mu
try nightshift run n
try nightshift-lm conv
try nightshift-lm train --res
try nightshift-lm convert a b --type q8
END
if command -v bash >/dev/null; then
    bash --norc bash.sh "$share" >out 2>err
    cat >want <<'END'
export
12 11 10 1
tsv
tsv jsonl csv optuna optuna4 optuna-journal tensorboard
adamw muon
muon
night night.yaml
convert
--residual --resume
q8_0
END
    diff want out >>err && [ ! -s err ]
    ok $? 'bash'
else
    skip bash 'bash is not installed'
fi
if command -v zsh >/dev/null; then
    cat >zsh.sh <<'END'
compadd() { local -a a; while [[ $1 != -- ]]; do shift; done; shift; print -r -- "$@"; }
_files() { print -r -- files "$@"; }
try() { words=("$@"); CURRENT=$#words; if [[ $1 == nightshift ]]; then _nightshift; else _nightshift-lm; fi; }
share=$1
words=(nightshift); CURRENT=2
source $share/completion/_nightshift >/dev/null
source $share/completion/_nightshift-lm >/dev/null
try nightshift ex
try nightshift show 1
try nightshift enqueue lr=1 la
try nightshift export --format=ts
try nightshift report -o ''
try nightshift-lm conv
try nightshift-lm train --
END
    zsh -f zsh.sh "$share" >out 2>err
    cat >want <<'END'
export
12 11 10 1
layers=
--format=tsv
files -/
END
    head -n 5 out | diff want - >>err && sed -n 6p out | grep -q '\<convert\>' && sed -n 7p out | grep -q -e '--resume' && [ ! -s err ]
    ok $? 'zsh'
else
    skip zsh 'zsh is not installed'
fi
if command -v fish >/dev/null; then
    cat >fish.fish <<'END'
source $argv[1]/completion/nightshift.fish
source $argv[1]/completion/nightshift-lm.fish
complete -C 'nightshift expo'
complete -C 'nightshift show 1'
complete -C 'nightshift enqueue lr=1 la'
complete -C 'nightshift log night.y'
complete -C 'nightshift-lm conv'
complete -C 'nightshift-lm train --resu'
END
    HOME=$work fish --no-config fish.fish "$share" >out 2>err
    sed 's/	.*//' out | tr '\n' ' ' >got
    [ "$(cat got)" = 'export 1 10 11 12 layers= night.yaml convert --resume ' ]
    ok $? 'fish'
    cat got >>err
else
    skip fish 'fish is not installed'
fi
done_testing
