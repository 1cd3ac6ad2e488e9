#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Models that come out: converted, told about, evaluated, and written on with.

. tests/tap.sh

lm=nightshift-lm
golden=$tests/golden

# same NAME COMMAND…: prints what the last one printed, which is kept in `want`.
same()
{
    name=$1
    shift
    timeout 60 "$@" >out 2>err </dev/null && cmp -s out want
    ok $? "$name"
}

# --- ids ---------------------------------------------------------------------------------------------

for model in llama-gqa llama-tied-mha qwen2-bias qwen3-qknorm; do
    python3 -c 'import json, sys
ids = json.load(open(sys.argv[1]))["greedy_ids"]
print(",".join(map(str, ids[:8])))
print(*ids[8:])' "$golden/$model/case.json" >ids
    prompt=$(head -n 1 ids)
    tail -n 1 ids >want
    same "$model writes the reference's ids" \
        $lm generate "$golden/$model" --prompt-ids "$prompt" --tokens 24 --ids
    [ ! -s err ]
    ok $? 'and says nothing else'
    $lm convert "$golden/$model" $model.gguf >out 2>err
    same 'so does a GGUF of it' $lm generate $model.gguf --prompt-ids "$prompt" --tokens 24 --ids
    same 'on one thread too' $lm generate $model.gguf --prompt-ids "$prompt" --tokens 24 --ids --threads 1
    python3 "$tests/gguf_reference.py" $model.gguf "$golden/$model/case.json" >out 2>err
    perl -e 'exit !(<> < 1e-5)' out
    ok $? "which a reader of its own runs to the reference's logits"
    $lm convert $model.gguf $model-folder >out 2>err
    same 'and a folder of that' $lm generate $model-folder --prompt-ids "$prompt" --tokens 24 --ids
done

model=$golden/llama-gqa
for type in f32 f16 bf16 q8_0 q4_0; do
    run 0 "a GGUF of $type is written" $lm convert "$model" m-$type.gguf --type $type
    $lm info m-$type.gguf --json >out 2>err && grep -q "\"format\":\"gguf\".*\"layers\":2" out
    ok $? 'and told about'
done
$lm info m-q8_0.gguf >out 2>err && grep -q 'parameters  0.158 M' out && grep -q 'gguf, q8_0' out
ok $? 'its numbers are mostly of that type'
run 0 'a file of its own needs no folder' sh -c "$lm convert m-bf16.gguf b.safetensors && $lm info b.safetensors"
grep -q 'safetensors, bf16' out
ok $? 'and keeps the numbers that it had'

# --- text --------------------------------------------------------------------------------------------

perl -e 'for (1 .. 3000) { print $_ % 3 ? "the cat sat on the mat.\n" : "a dog ran in 12 fogs.\n" }' >text
$lm prepare --text text --vocab 275 --out data >out 2>err
echo '{"dim": 32, "layers": 2, "heads": 2, "seq": 32, "batch": 8, "data": "data", "steps": 60, "lr": 0.01}' >c.json
run 0 'a model is trained' $lm train --config c.json --out own
$lm generate own --prompt 'the cat' --tokens 12 >want 2>err
grep -q 'sat' want
ok $? 'and writes what it was taught'
run 0 'it becomes a GGUF, tokenizer and all' $lm convert own own.gguf
same 'which writes the same' $lm generate own.gguf --prompt 'the cat' --tokens 12
run 0 'and a folder' $lm convert own.gguf folder
[ -f folder/tokenizer.json ] && [ -f folder/config.json ]
ok $? 'with its tokenizer'
same 'which writes the same too' $lm generate folder --prompt 'the cat' --tokens 12
printf '%s\n' 'the cat' >line
run 0 'a file of prompts' $lm generate own --prompts line --tokens 12
python3 - <<'PY'
import json
r = json.loads(open("out").read())
assert r["text"] + "\n" == open("want").read() and r["prompt"] == "the cat" and len(r["ids"]) == 12
PY
ok $? 'gives an object for each line'
$lm eval own --text text --json >want 2>err
same 'the loss on a text is that of the GGUF' $lm eval own.gguf --text text --json
$lm generate own --prompt 'the cat' --tokens 12 --stop 'xyz' --stop ' on' >out 2>err
printf ' sat\n' | cmp -s - out
ok $? 'a text ends in front of a stop'
$lm generate own --prompt 'the' --tokens 20 --temperature 1 --seed 5 >want 2>err
same 'draws are those of their seed' $lm generate own --prompt 'the' --tokens 20 --temperature 1 --seed 5 --threads 1
$lm generate own --prompt 'the' --tokens 20 --temperature 1 --seed 6 >out 2>err
! cmp -s out want
ok $? 'and another seed draws others'
run 0 'a text does not grow beyond what the model reads' $lm generate own --prompt the --tokens 500 --ids
[ "$(wc -w <out)" -lt 32 ]
ok $? 'and says what it wrote until then'

echo '{"dim": 32, "layers": 1, "heads": 2, "seq": 32, "batch": 8, "data": "data", "steps": 5, "compact_vocab": true}' >c.json
$lm train --config c.json --out compact >out 2>err
run 0 'a model with a compact vocabulary writes text' $lm generate compact --prompt 'the' --tokens 8
refused 2 'compact vocabulary' 'but goes into no other format' $lm convert compact c.gguf
echo '{"dim": 32, "layers": 1, "heads": 2, "seq": 32, "batch": 8, "data": "data", "steps": 5, "residual_scale": "deepnet"}' >c.json
$lm train --config c.json --out deep >out 2>err
$lm convert deep deep.gguf >out 2>err
a=$($lm eval deep --text text --json | sed 's/.*"loss":\([0-9.]*\).*/\1/')
b=$($lm eval deep.gguf --text text --json | sed 's/.*"loss":\([0-9.]*\).*/\1/')
perl -e 'exit !(abs($ARGV[0] - $ARGV[1]) < 1e-5 * $ARGV[0])' "$a" "$b"
ok $? 'a residual scale is in the weights behind a conversion, once'

# --- training on -----------------------------------------------------------------------------------

loss() { sed -n 's/.*"val_loss":\([0-9.]*\).*/\1/p' "$1"; }
echo '{"data": "data", "seq": 32, "batch": 8, "steps": 2, "lr": 0, "weight_decay": 0}' >c.json
$lm train --config c.json --out on --init own.gguf >still 2>err
# near A B: the same but for the rounding of other batches.
near() { perl -e 'exit !(abs($ARGV[0] - $ARGV[1]) < 1e-6 * $ARGV[1])' "$1" "$2"; }
evaluated() { $lm eval "$1" --tokens data --seq 32 --json | sed 's/.*"loss":\([0-9.]*\).*/\1/'; }
near "$(loss still)" "$(evaluated own)"
ok $? 'a run that begins with a model and does nothing has its loss'
cmp -s on/model.safetensors own/model.safetensors
ok $? 'and its weights, bit for bit'
grep -q '"config":{.*"dim":32,.*"layers":2,' still
ok $? 'its config in effect tells the shape of the model'
echo '{"data": "data", "seq": 32, "batch": 8, "steps": 40, "lr": 0.003}' >c.json
$lm train --config c.json --out on --init own >further 2>err
perl -e 'exit !($ARGV[0] < $ARGV[1])' "$(loss further)" "$(loss still)"
ok $? 'training on makes the loss less'
near "$(loss further)" "$(evaluated on)"
ok $? 'and the loss that is told is that of the model that is kept'
perl -e 'for (1 .. 800) { print "the dog sat on 12 mats.\n" }' >other
run 0 "text becomes tokens by a model's own tokenizer" $lm prepare --text other --tokenizer own.gguf --out other-data
[ -f other-data/tokenizer.json ] && grep -q '"vocab": 275' other-data/meta.json
ok $? 'which goes along'
run 0 'and the model is trained on that' $lm train --config c.json --out on3 --init own.gguf --data other-data
refused 2 'is what --tokenizer has' 'a vocabulary beside a tokenizer' \
    $lm prepare --text other --tokenizer own --vocab 300 --out x
refused 2 'no tokenizer' 'a model without one' $lm prepare --text other --tokenizer "$model" --out x
echo '{"data": "data", "seq": 32, "batch": 8, "steps": 4, "compact_vocab": true}' >c.json
refused 2 'compact_vocab' 'a compact vocabulary for it' $lm train --config c.json --out x --init own
echo '{"data": "data", "seq": 32, "batch": 8, "steps": 6, "checkpoint_every": 3, "log_every": 1}' >c.json
$lm train --config c.json --out whole --init own >out 2>err
python3 - <<'PY'
import json
r = json.load(open("whole/model.json"))
assert r["nightshift"]["init"]["weights_sha256"] == json.load(open("own/model.json"))["nightshift"]["weights_sha256"]
PY
ok $? 'the model that is kept names the weights that it began with'

# --- talking --------------------------------------------------------------------------------------

printf 'the cat\n\nthe dog\n' >said
$lm chat own --temperature 0 --tokens 8 <said >out 2>err
ok $? 'two lines are two turns'
$lm generate own --prompt 'the cat
' --tokens 8 >want 2>>err
[ "$(wc -l <out)" -ge 2 ] && head -n "$(wc -l <want)" out | cmp -s - want && [ ! -s err ]
ok $? 'the first answer is what would be written behind the first line'
cp out want
$lm chat own --temperature 0 --tokens 8 --threads 1 <said >out 2>err && cmp -s out want
ok $? 'for any number of threads'
perl -e 'print "the cat sat on the mat\n" x 9' >said
$lm chat own --temperature 0 --tokens 4 <said >out 2>err
[ $? -eq 0 ] && [ "$(wc -l <out)" -ge 9 ] && grep -q 'begins anew' err
ok $? 'a conversation that grows too long begins anew, and says so'
run 0 'no input is no conversation' $lm chat own
[ ! -s out ]
ok $? 'and prints nothing'
refused 2 '<|im_start|>' 'a template that the vocabulary has no marks for' $lm chat own --template chatml
refused 2 'smollm2, qwen2.5' 'a template that is not known' $lm chat own --template x
refused 2 'no tokenizer' 'a model without a tokenizer' $lm chat "$model"
refused 2 'wants a MODEL' 'no model' $lm chat

# --- adapters ---------------------------------------------------------------------------------------

echo '{"data": "data", "seq": 32, "batch": 8, "steps": 30, "lr": 0.01, "lora_rank": 4, "lora_targets": "q,v,down"}' >c.json
run 0 'adapters of a model are trained' $lm train --config c.json --out ad --init own.gguf
cp out told
[ ! -e ad/model.safetensors ] && [ -f ad/adapter_model.safetensors ] && grep -q '"r":4' ad/adapter_config.json
ok $? 'and they alone are kept'
python3 - <<'PY'
import json, struct
raw = open("ad/adapter_model.safetensors", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
about = json.loads(head.pop("__metadata__")["nightshift"])
config = json.load(open("ad/adapter_config.json"))
assert len(head) == 2 * 3 * 2, len(head)
for layer in range(2):
    for path in ("self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"):
        name = f"base_model.model.model.layers.{layer}.{path}.lora_"
        wide = 128 if path == "mlp.down_proj" else 32
        assert head[name + "A.weight"]["shape"] == [4, wide], head[name + "A.weight"]
        assert head[name + "B.weight"]["shape"] == [32, 4]
assert config["peft_type"] == "LORA" and config["lora_alpha"] == 16
assert sorted(config["target_modules"]) == ["down_proj", "q_proj", "v_proj"]
assert about["base_sha256"] == json.load(open("own/model.json"))["nightshift"]["weights_sha256"]
PY
ok $? "under PEFT's names and in its words"
with() { $lm eval "$@" --tokens data --seq 32 --json | sed 's/.*"loss":\([0-9.]*\).*/\1/'; }
near "$(loss told)" "$(with own --adapter ad)"
ok $? 'the loss that is told is that of model and adapters'
perl -e 'exit !($ARGV[0] < $ARGV[1])' "$(loss told)" "$(evaluated own)"
ok $? 'which is less than without them'
run 0 'a conversion takes them in' $lm convert own merged.gguf --adapter ad
with own --adapter ad >want
with merged.gguf >out
cmp -s out want
ok $? 'and has the same loss'
$lm generate own --adapter ad --prompt 'the cat' --tokens 12 >want 2>err
same 'and writes the same' $lm generate merged.gguf --prompt 'the cat' --tokens 12
refused 2 'is not [' 'adapters of another model' $lm eval "$model" --adapter ad --tokens data
refused 2 'no such file' 'adapters that are not there' $lm eval own --adapter nowhere --tokens data
echo '{"data": "data", "steps": 1, "lora_rank": 1, "lora_targets": "q,x"}' >c.json
refused 2 "'x'" 'a matrix that is not known' $lm train --config c.json --out x --init own
perl -pi -e 's/"r":4/"r":8/' ad/adapter_config.json
refused 2 'is not [8, 32]' 'a rank that the tensors do not have' $lm eval own --adapter ad --tokens data

# --- speed -------------------------------------------------------------------------------------------

run 0 'a model is timed' $lm bench "$model" --prompt 20 --tokens 4 --json
python3 - <<'PY'
import json
r = json.load(open("out"))
keys = "prompt_tokens_per_s generate_tokens_per_s read_gb_per_s share_of_bandwidth load_s first_token_s peak_mib"
assert all(r[k] > 0 for k in keys.split()), r
assert r["parameters"] == 158016 and r["prompt_tokens"] == 20 and r["rounds"] == 7
PY
ok $? 'and every figure is told'
refused 2 'are of training' 'a preset beside a model' $lm bench "$model" --preset small
refused 2 'for a MODEL' 'a prompt without one' $lm bench --prompt 5
refused 2 'longer than the 256' 'a prompt that the model cannot read' $lm bench "$model" --prompt 300

# --- what is refused -----------------------------------------------------------------------------------

refused 2 'no such model' 'a model that is not there' $lm generate nowhere --prompt x
refused 2 'one of --prompt' 'no prompt' $lm generate own
refused 2 'one of --prompt' 'two prompts' $lm generate own --prompt x --prompt-ids 1
refused 2 "no id" 'a prompt of words where ids belong' $lm generate own --prompt-ids 1,x
refused 2 'is not below' 'an id beyond the vocabulary' $lm generate "$model" --prompt-ids 512 --ids
refused 2 'no tokenizer' 'text for a model without a tokenizer' $lm generate "$model" --prompt x
refused 2 'leaves no room' 'a prompt longer than the model reads' \
    $lm generate own --ids --prompt-ids "$(seq -s, 1 40)"
refused 2 'from 0 to 1' 'a share above 1' $lm generate own --prompt x --top-p 2
refused 2 'did you mean' 'a misspelt option' $lm generate own --prompt x --temprature 1
refused 2 'the same' 'a file into itself' $lm convert own.gguf own.gguf
refused 2 'is none that a folder keeps' 'blocks in a folder' $lm convert own out-folder --type q8_0
refused 2 'trained here' 'a conversion over a trained model' $lm convert own.gguf compact
refused 2 'is no model' 'a text as a model' $lm info text
head -c 3000 own.gguf >cut.gguf
refused 2 'cut.gguf' 'a GGUF cut short' $lm info cut.gguf
mkfifo pipe
refused 2 'neither a folder nor a regular file' 'a pipe' $lm info pipe

done_testing
