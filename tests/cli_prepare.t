#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `nightshift-lm prepare` from outside.

. tests/tap.sh

# Forty documents with words that repeat, blank lines between them.
awk 'BEGIN { for (d = 1; d <= 40; d++) { for (i = 1; i <= 30; i++)
    printf "%s%s", (i * d % 7 ? "shepherd " : "lamb "), (i % 10 ? "" : "\n"); print "" } }' >text
touch before after out err empty
mkdir folder foreign && echo mine >foreign/notes
mkfifo fifo

nightshift-lm prepare --help >out 2>err && grep -q -- '--documents HOW' out && grep -q 'example' out &&
    [ ! -s err ]
ok $? 'help goes to standard output and shows an example'

nightshift-lm prepare --text text --vocab 270 --out data >out 2>err && [ ! -s out ] &&
    [ "$(ls -A data | tr '\n' ' ')" = 'meta.json test.bin tokenizer.json train.bin val.bin ' ]
ok $? 'prepare writes five files'

grep -q '^tokenizer: 270 tokens learned from .* MB .* in .* s$' err &&
    grep -q '^encoded .* MB/s)$' err
ok $? 'it says how fast it was'

! grep -q "$work" data/* && ! grep -q '"text"' data/meta.json
ok $? 'no path stands in what it writes'

mkdir elsewhere && cp text elsewhere/other-name
nightshift-lm prepare --out elsewhere/data --vocab=270 elsewhere/other-name >out 2>err &&
    diff -r data elsewhere/data >>err
ok $? 'the same text gives the same bytes under another name, and an operand is a text'

nightshift-lm prepare --text text --vocab 265 --out data >out 2>err && grep -q '"vocab": 265' data/meta.json &&
    [ "$(ls -d data* | wc -l)" -eq 1 ]
ok $? 'prepared data is replaced whole'

mkdir void && ln -s void link && nightshift-lm prepare --text text --vocab 270 --out link/ >out 2>err &&
    [ -L link ] && [ -f void/meta.json ]
ok $? 'a link to an empty folder is followed'

LC_ALL=C TZ=UTC-9 nightshift-lm prepare --text text text --vocab 270 --out several --documents files \
    --val 0.5 --test 0 >out 2>err && grep -q '"documents": {"train": 1, "val": 1, "test": 0}' several/meta.json &&
    grep -q '"test": null' several/meta.json && [ ! -e several/test.bin ]
ok $? 'a share of 0 gives no file, and its bytes per token are unknown'

tr -d '\n' <text | fold -w 50 >lines
nightshift-lm prepare --text lines --vocab 270 --out lined --documents files >out 2>err &&
    grep -q 'split at line ends' err && grep -q '"split_at": "lines"' lined/meta.json
ok $? 'too few documents are split at line ends, and it says so'

refused 2 "no text file 'absent'" 'a missing text is refused' nightshift-lm prepare --text absent --out new
refused 2 "'empty' is empty" 'an empty text is refused' nightshift-lm prepare --text empty --out new
refused 2 "'folder' is a folder" 'a folder is no text' nightshift-lm prepare --text folder --out new
refused 2 "'fifo' is not a regular file" 'a FIFO is refused, never waited for' \
    nightshift-lm prepare --text fifo --out new
refused 2 "'/dev/zero' is not a regular file" 'a device is refused' \
    nightshift-lm prepare --text /dev/zero --out new
refused 2 "--vocab '256'" 'a vocabulary below the bytes is refused' \
    nightshift-lm prepare --text text --vocab 256 --out new
refused 2 "--vocab '1000001'" 'a vocabulary above a million is refused' \
    nightshift-lm prepare --text text --vocab 1000001 --out new
refused 2 "--vocab '2e3'" 'a vocabulary that is no whole number is refused' \
    nightshift-lm prepare --text text --vocab 2e3 --out new
refused 2 'too short for a vocabulary of 2048' 'a text that is too short is refused' \
    nightshift-lm prepare --text text --out new
refused 2 "--val '1.5'" 'a share above one half is refused' \
    nightshift-lm prepare --text text --val 1.5 --out new
refused 2 "--test 'nan'" 'a share that is no number is refused' \
    nightshift-lm prepare --text text --test nan --out new
refused 2 "did you mean 'blank-lines'" 'a misspelt way to end documents gets a suggestion' \
    nightshift-lm prepare --text text --documents blank-line --out new
refused 2 "did you mean '--vocab'" 'a misspelt option gets a suggestion' \
    nightshift-lm prepare --text text --vocap 300 --out new
refused 2 "needs an argument" 'an option without its argument is refused' \
    nightshift-lm prepare --text text --out
refused 2 'give --text' 'no text is refused' nightshift-lm prepare --out new
refused 2 'give --out' 'no output is refused' nightshift-lm prepare --text text
refused 2 'looks behind' 'a pattern that looks behind is refused' \
    nightshift-lm prepare --text text --pattern '(?<=a)b' --out new
refused 2 'is wrong at character' 'a broken pattern is refused' \
    nightshift-lm prepare --text text --pattern '(' --out new
refused 2 "'foreign' holds 'notes'" 'a folder with other things in it is not touched' \
    nightshift-lm prepare --text text --vocab 270 --out foreign
refused 2 "'text' is there already" 'a file is not replaced by a folder' \
    nightshift-lm prepare --text text --vocab 270 --out text

nightshift-lm prepare --text text --vocab 270 --out /proc/nightshift >out 2>err
[ $? -eq 3 ] && tail -n 1 err | grep -q "cannot make a folder beside '/proc/nightshift'"
ok $? 'a place that cannot be written to is an error of the machine'

# A signal while it encodes, which takes seconds: forty times the same three megabytes.
awk 'BEGIN { srand(1); for (i = 0; i < 500000; i++)
    printf "%c%c%c%s", 97 + 26 * rand(), 97 + 26 * rand(), 97 + 26 * rand(), (i % 12 ? " " : "\n\n") }' >long
ls -A >before
set -- long long long long long long long long
nightshift-lm prepare --text "$@" "$@" "$@" "$@" "$@" --vocab 1000 --out new >out 2>err &
pid=$!
while kill -0 $pid 2>out && ! ls -d new.part-* >out 2>&1; do sleep 0.05; done
kill -TERM $pid
wait $pid
[ $? -eq 143 ] && ls -A >after && cmp -s before after
ok $? 'a signal ends it and leaves nothing behind'

done_testing
