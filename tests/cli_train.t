#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `nightshift-lm train` from outside, on tokens that this test makes itself.

. tests/tap.sh

perl -e 'my $t = 0; my $r = 1;
    for (1 .. 9000) { $r = ($r * 1103515245 + 12345) % 2147483648;
        $t = $r % 1024 < 256 ? int($r / 1024) % 97 : (3 * $t + 1) % 97; print pack("v", $t) }' >tokens.bin
config() { printf '{"dim": 16, "layers": 2, "heads": 2, "kv_heads": 1, "seq": 16, "batch": 8,
    "micro_batch": 1, "vocab": 97, "data": "tokens.bin", "log_every": 5%s}\n' "$1"; }
config ', "steps": 20' >c.json
train="nightshift-lm train --config c.json"

$train --seed 7 --out a >out 2>err
ok $? "a run ends with 0"
head -n 1 out | grep -q '^{"config":{.*"dim":16.*}}$'
ok $? "the first record is the effective config"
[ "$(grep -c '"train_loss":' out)" -eq 4 ]
ok $? "a record every log_every steps"
tail -n 1 out | grep -q '"val_loss":[0-9.]*' && tail -n 1 out | grep -q '"test_loss":[0-9.]*'
ok $? "the last record has the losses"
[ ! -s err ]
ok $? "standard error is empty"
[ -s a/model.safetensors ] && [ -s a/model.json ] && [ -s a/val_losses.f32 ]
ok $? "weights, shape and losses lie in the folder"
[ "$(ls a | wc -l)" -eq 3 ]
ok $? "and nothing else does"

# --- exactness
grep train_loss out >curve.a
for threads in 1 2 4; do
    $train --seed 7 --out "b$threads" --threads $threads >out 2>err
    grep train_loss out | cmp -s - curve.a && cmp -s a/model.safetensors "b$threads/model.safetensors" &&
        cmp -s a/val_losses.f32 "b$threads/val_losses.f32"
    ok $? "curve, weights and losses are the same with $threads threads"
done
$train --seed 8 --out b >out 2>err
! cmp -s a/model.safetensors b/model.safetensors
ok $? "another seed gives other weights"
LC_ALL=de_DE.UTF-8 $train --seed 7 --out l >out 2>err
grep train_loss out | cmp -s - curve.a
ok $? "the locale changes nothing"

# --- budgets
$train --seed 7 --out s --steps 5 >out 2>err && tail -n 1 out | grep -q '"steps":5,'
ok $? "--steps stands in for the budget"
grep -q '"config":{.*"steps":20,' out
ok $? "and the echo still has what the config asked for"
config ', "seconds": 0.2' >seconds.json
nightshift-lm train --config seconds.json --out t >out 2>err && grep -q '^{"calibrated_steps":[0-9]*}$' out
ok $? "seconds become a number of steps that is told"
nightshift-lm train --config seconds.json --out t --steps 4 >out 2>err && ! grep -q calibrated out
ok $? "no calibration where the number of steps is given"
config ', "steps": 5, "save": false' >nosave.json
nightshift-lm train --config nosave.json --out w >out 2>err && [ ! -e w/model.safetensors ]
ok $? "save: false leaves no weights"

# --- a loss that is no number
config ', "steps": 500, "lr": 100, "init_std": 10, "clip": 0, "weight_decay": 100' >nan.json
nightshift-lm train --config nan.json --out nan >out 2>err
[ $? -eq 1 ] && grep -q '^{"nonfinite":"' out && tail -n 1 out | grep -qx 'val_loss: nan'
ok $? "a loss that is not finite ends the run with 1 and says so"

# --- bad input: one line, exit 2, before anything is trained
config ', "steps": 5, "warmpu": 0.1' >bad.json
refused 2 "did you mean 'warmup'" "a misspelt option is refused with a suggestion" nightshift-lm train --config bad.json --out x
config '' >bad.json
refused 2 "no budget" "a config without a budget is refused" nightshift-lm train --config bad.json --out x
config ', "steps": 5, "tokens": 5' >bad.json
refused 2 "2 budgets" "a config with two budgets is refused" nightshift-lm train --config bad.json --out x
config ', "steps": 5' | sed 's/"heads": 2/"heads": 3/' >bad.json
refused 2 "divisible" "a dim that heads do not divide is refused" nightshift-lm train --config bad.json --out x
config ', "steps": 5' | sed 's/"dim": 16, "layers": 2/"dim": 65536, "layers": 1000/' >bad.json
refused 2 "GiB" "a model larger than the machine is refused with the number" nightshift-lm train --config bad.json --out x
echo '{"dim": 16' >bad.json
refused 2 "bad.json:" "broken JSON is refused with its place" nightshift-lm train --config bad.json --out x
refused 2 "seed" "a seed that is no number is refused" $train --seed seven --out x
refused 2 "wants --out" "a missing --out is named" $train
refused 2 "did you mean '--seed'" "a misspelt argument is refused with a suggestion" $train --sede 1 --out x
refused 2 "one argument too many" "an operand is refused" $train --out x more
refused 2 "did you mean 'train'" "a misspelt command is refused with a suggestion" nightshift-lm trian
refused 2 "no such data" "missing data is refused" $train --out x --data nowhere
printf 'abc' >odd.bin
refused 2 "no whole number of tokens" "a file of odd size is refused" $train --out x --data odd.bin
printf '\377\377' | cat tokens.bin - >beyond.bin
refused 2 "token 65535 at position 9000" "a token beyond the vocabulary is refused with its place" $train --out x --data beyond.bin
head -c 30 tokens.bin >short.bin
refused 2 "less than one sequence" "data shorter than a sequence is refused" $train --out x --data short.bin
: >empty.bin
refused 2 "empty" "an empty file is refused" $train --out x --data empty.bin
mkfifo fifo.bin
refused 2 "not a regular file" "a FIFO is refused without waiting" timeout 10 $train --out x --data fifo.bin
[ ! -e x ]
ok $? "bad input leaves nothing behind"
: >file
refused 3 "file" "an output folder that cannot be is an error of the environment" $train --out file/x

# --- SIGTERM
config ', "steps": 100000000' >long.json
nightshift-lm train --config long.json --out term >out 2>err &
pid=$!
await 100 grep -q train_loss out
kill -TERM $pid
wait $pid
[ $? -eq 143 ] && [ -z "$(ls term)" ]
ok $? "SIGTERM ends the run with 143 and no file half written"

# --- stopping and going on: the same bits as without a stop
long() { config ", \"steps\": 1000, \"ema\": 0.9, \"checkpoint_every\": 7$1" | sed 's/"log_every": 5/"log_every": 1/'; }
long '' >resume.json
resume="nightshift-lm train --config resume.json --seed 3"
$resume --out whole >out 2>err
ok $? "a run that keeps its state ends with 0"
[ "$(ls whole | wc -l)" -eq 3 ]
ok $? "and takes the state away at its end"
grep train_loss out >curve.whole
# goes_on NAME: what is in the folder `parts` goes on as if it had never stopped.
goes_on() {
    $resume --out parts --resume >out 2>err && grep train_loss out >rest && [ -s rest ] &&
        tail -n "$(wc -l <rest)" curve.whole | cmp -s - rest &&
        [ "$(wc -l <rest)" -lt "$(wc -l <curve.whole)" ] &&
        for file in model.safetensors model.json val_losses.f32; do
            cmp -s parts/$file whole/$file || echo $file; done >differ && [ ! -s differ ] &&
        [ "$(ls parts | wc -l)" -eq 3 ]
    ok $? "$1"
}
# The records of 1000 steps are more than a pipe holds, so the run waits for a reader before its end.
mkfifo records
for signal in KILL TERM; do
    rm -rf parts stopped
    $resume --out parts --threads 1 >records 2>err &
    pid=$!
    exec 3<records
    await 600 [ -e parts/train.state ]
    kill -$signal $pid
    cat <&3 >out
    exec 3<&-
    wait $pid 2>/dev/null
    [ -e parts/train.state ] && [ ! -e parts/model.json ]
    ok $? "SIG$signal leaves the state"
    cp -r parts stopped
    goes_on "after SIG$signal a run goes on with the same curve, weights and losses"
done
# Calibration is not done again: the steps that it found are in the state.
config ', "seconds": 1, "checkpoint_every": 50' >seconds.json
nightshift-lm train --config seconds.json --out timed >out 2>err &
pid=$!
await 300 [ -e timed/train.state ]
kill -TERM $pid
wait $pid
steps=$(sed -n 's/^{"calibrated_steps":\([0-9]*\)}$/\1/p' out)
nightshift-lm train --config seconds.json --out timed --resume >out 2>err &&
    grep -qx "{\"calibrated_steps\":$steps}" out && tail -n 1 out | grep -q "\"steps\":$steps," &&
    nightshift-lm train --config seconds.json --out told --steps "$steps" >out 2>err &&
    cmp -s timed/model.safetensors told/model.safetensors
ok $? "a calibrated run goes on with the steps that it had found"
rm -rf parts && cp -r stopped parts
long ', "lr": 0.5' >other.json
refused 2 "lr is 0.001 there and 0.5 here" "a state of another config is refused with the difference" nightshift-lm train --config other.json --seed 3 --out parts --resume
refused 2 "seed is 3 there and 4 here" "and one of another seed" $resume --seed 4 --out parts --resume
mv tokens.bin usual.bin
perl -0777 -pe 'substr($_, 0, 2) = pack("v", (unpack("v", $_) + 1) % 97)' usual.bin >tokens.bin
refused 2 "train_sha256 is" "and one of other data" $resume --out parts --resume
mv usual.bin tokens.bin
refused 2 "no state to resume" "--resume without a state is refused" $resume --out none --resume
cp parts/train.state kept
(ulimit -f 8; $resume --out parts --resume) >/dev/null 2>err
[ $? -eq 3 ] && grep -q "cannot write .parts/train.state" err && cmp -s kept parts/train.state && [ ! -e parts/train.state.part ]
ok $? "a full disk ends the run with one line and leaves the old state whole"
goes_on "from which it goes on"

# --- what became of the model
nightshift-lm info a >out 2>err && grep -q '^layers *2$' out
ok $? "info tells the shape"
nightshift-lm info a --json >out 2>err && grep -q '"layers":2,.*"parameters":[0-9]*' out
ok $? "info --json is one object"
nightshift-lm eval a --tokens tokens.bin --json >out 2>err && grep -q '"loss":[0-9.]*,' out
ok $? "eval tells the loss"
mkdir data && head -c 12000 tokens.bin >data/train.bin && tail -c 6000 tokens.bin >data/val.bin
printf '{"vocab": 97, "bytes_per_token": {"val": 2}}' >data/meta.json
nightshift-lm train --config c.json --out d --data data >out 2>err
# five digits: sequences are grouped differently, which changes the rounding
loss=$(tail -n 1 out | sed 's/.*"val_loss":\([0-9]\.[0-9]\{5\}\).*/\1/')
bpb=$(tail -n 1 out | sed 's/.*"val_bpb":\([0-9]\.[0-9]\{5\}\).*/\1/')
nightshift-lm eval d --tokens data --json >out 2>err
grep -qF "\"loss\":$loss" out && grep -qF "\"bits_per_byte\":$bpb" out
ok $? "eval of a run's model on its validation split gives the run's own val_loss and val_bpb"
refused 2 "wants --tokens" "eval without tokens is refused" nightshift-lm eval a
refused 2 "not both" "eval of two things at once is refused" nightshift-lm eval a --tokens data --text c.json
refused 2 "give --tokenizer" "eval of text without a tokenizer is refused" nightshift-lm eval a --text c.json
for option in seq threads; do
    refused 2 "--$option 0" "eval refuses --$option 0" nightshift-lm eval a --tokens tokens.bin --$option 0
done

# --- text
perl -e 'my $r = 1; for (1 .. 4000) { $r = ($r * 1103515245 + 12345) % 2147483648;
    print((qw(night shift and day after))[int($r / 65536) % 5], $_ % 9 ? " " : "\n") }' >words.txt
nightshift-lm prepare --text words.txt --vocab 270 --documents files --val 0.3 --out words >out 2>err &&
    config ', "steps": 10' | sed 's/"vocab": 97, "data": "tokens.bin"/"data": "words"/' >words.json &&
    nightshift-lm train --config words.json --out w >out 2>err
ok $? "a run on prepared text"
nightshift-lm eval w --text words.txt --json >found 2>err
nightshift-lm eval w --text words.txt --tokenizer words --json >out 2>err && cmp -s found out
ok $? "eval --text finds the tokenizer of the model's data"
# Bits per byte of a text that is one document: the loss over all its tokens, by its bytes.
perl -e 'my ($l, $b, $n) = <STDIN> =~ /^{"bits_per_byte":(.*),"loss":(.*),"tokens":(.*)}$/ ? ($2, $1, $3) : die;
    my $size = -s "words.txt"; # fewer targets than windows may be left out, each of 16 bytes at most
    my $off = abs($b / ($l * $n / log(2) / $size) - 1); exit !($n > 2048 && $off < 16 * 8 / $size)' <found
ok $? "nats per token and bits per byte agree over the whole text"
cp -r w other && cp words/tokenizer.json other && mv words gone
nightshift-lm eval other --text words.txt --json >out 2>err && cmp -s found out
ok $? "a tokenizer beside the model is found too"
refused 2 "give --tokenizer" "a tokenizer that is gone is said" nightshift-lm eval w --text words.txt
refused 2 "more than the model's 97" "a tokenizer larger than the model is refused" nightshift-lm eval a --text words.txt --tokenizer gone
: >nothing
refused 2 "too few" "an empty text is refused" nightshift-lm eval other --text nothing
nightshift-lm info other >out 2>err && grep -q '^tokenizer *270 tokens$' out && grep -q '^trained *seed 1, 10 steps, data words, val_loss [0-9.]*$' out
ok $? "info tells the tokenizer and where the weights come from"
nightshift-lm info a --json >out 2>err && grep -q '"provenance":{"config":{.*"seed":7,"steps":20,.*"tokenizer_tokens":null' out
ok $? "and an unknown tokenizer is null"
refused 2 "holds no model" "a folder without a model is refused" nightshift-lm info data
cp -r a cut && head -c 2000 a/model.safetensors >cut/model.safetensors
refused 2 "cut/model.safetensors" "weights cut short are refused" nightshift-lm eval cut --tokens tokens.bin
nightshift-lm bench --preset small --sequences 2 --steps 2 --threads 1 --json >out 2>err &&
    grep -q '"seconds_by_operator":{.*"share_of_gemm":.*"tokens_per_s":' out
ok $? "bench --json tells speed and where the time goes"
# In turn with the steps: their own products, AdamW beside its traffic, and the formula of memory.
# small, two micro-batches of 128 tokens: weights, gradients of the step and of the thread, and two
# moments are 5 * 902016 reals; a token has 3 * (4 * 128 + 4 * 128 + 3 * 384) + 2 * 128 activations;
# a tile holds all 128 rows of logits.
perl -e 'my %b = <STDIN> =~ /"([a-z_]+)":([0-9.e+-]+)[,}]/g; my $n = 902016;
    my $close = sub { my ($a, $b) = @_; abs($a / $b - 1) < 1e-9 };
    my $model = 4 * (5 * $n + 128 * (3 * (8 * 128 + 3 * 384) + 2 * 128) + 128 * 2048) / 2**20;
    exit !($b{parameters} == $n && $b{step_tokens} == 256 && $close->($b{memory_model_mib}, $model) &&
        $close->($b{peak_of_model}, $b{peak_mib} / $b{memory_model_mib}) &&
        $close->($b{tokens_per_s}, 256 / $b{step_s}) &&
        $close->($b{share_of_products}, $b{products_s} / $b{step_s}) &&
        $close->($b{adamw_of_traffic}, $b{adamw_s} * $b{traffic_gb_per_s} * 1e9 / 28 / $n) &&
        $b{first_step_s} > 0 && $b{start_s} > 0)' <out
ok $? "its ratios follow from what it measured, and the formula of memory from the shape"
refused 2 "preset 'huge'" "an unknown preset is refused" nightshift-lm bench --preset huge

# --- the lists
nightshift-lm options >out 2>err && grep -q '^warmup ' out
ok $? "options lists every option for people"
nightshift-lm options --json >out 2>err && [ "$(wc -l <out)" -eq 1 ] && grep -q '^{"options":\[{.*"name":"warmup".*}\]}$' out
ok $? "options --json is one object"
nightshift-lm train --help >out 2>err && grep -q -e '--config FILE' out && [ ! -s err ]
ok $? "train --help teaches"
nightshift-lm --help >out 2>err && grep -q '^  train ' out
ok $? "--help lists the commands"
fails_quietly() { nightshift-lm >out 2>err; [ $? -eq 2 ]; }
fails_quietly
ok $? "no command at all is wrong usage"


refused 2 "no such config" "a config that is not there is refused" nightshift-lm train --config gone.json --out x
config ', "steps": 1, "optimizer": 3' >bad.json
refused 2 "optimizer is not a text" "a choice that is a number is refused" nightshift-lm train --config bad.json --out x
: >err
for words in --help --version 'prepare --help' 'train --help' 'eval --help' 'info --help' 'bench --help' \
    'options --help' options 'options --json' 'info a' 'info a --json'; do
    nightshift-lm $words >/dev/full 2>said
    [ $? -eq 3 ] && grep -q 'standard output' said || echo "$words" >>err
done
[ ! -s err ]
ok $? "output that cannot be written is an error of the environment"

# The manual page knows every command and every option.
: >err
commands=$(nightshift-lm --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
for command in $commands; do
    sed -n "/^## $command\$/,/^## /p; /^# SYNOPSIS/,/^# DESC/{/^\*nightshift-lm $command/p}" \
        "$tests/../share/man/nightshift-lm.1.scd" >page
    grep -q "^## $command\$" page || echo "$command: manual" >>err
    for option in $(nightshift-lm "$command" --help | sed -n 's/^  --\([a-z-]*\) .*/\1/p'); do
        [ "$option" = help ] || grep -q -e "\*--$option\*" page || echo "$command --$option: manual" >>err
    done
done
[ "$(echo "$commands" | wc -l)" -ge 6 ] && [ ! -s err ]
ok $? "the manual page names every command and option"

done_testing
