#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""inputs.py FOLDER - those inputs of the corpus that are no text: FOLDER/checkpoint, FOLDER/gguf,
FOLDER/packed.

Each is a whole file, or one with a single thing wrong, which its name tells.
"""
import json
import os
import struct
import sys


def save(target, name, data):
    folder = os.path.join(sys.argv[1], target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data)


# --- a model's folder ---------------------------------------------------------------------------

SHAPE = {"model_type": "llama", "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1,
         "num_key_value_heads": 1, "head_dim": 4, "intermediate_size": 4, "vocab_size": 5,
         "max_position_embeddings": 4, "tie_word_embeddings": True, "rope_theta": 10000.0,
         "rms_norm_eps": 1e-5}
HUGGING_FACE, SHARDED = 1, 2
WIDTH = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8, "I64": 8}


def tensors(more=()):
    layer = "model.layers.0."
    square = [layer + n + ".weight" for n in
              ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
               "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")]
    gains = [layer + "input_layernorm.weight", layer + "post_attention_layernorm.weight",
             "model.norm.weight"]
    out = {"model.embed_tokens.weight": [5, 4]}
    out.update({n: [4, 4] for n in square})
    out.update({n: [4] for n in gains})
    out.update(more)
    return out


def size(dims):
    n = 1
    for d in dims:
        n *= d
    return n


def entries(shapes, dtype="F32"):
    at, out = 0, {}
    for name, dims in shapes.items():
        n = size(dims) * WIDTH[dtype]
        out[name] = {"dtype": dtype, "shape": dims, "data_offsets": [at, at + n]}
        at += n
    return out, at


def safetensors_of(text, n):
    return struct.pack("<Q", len(text)) + text + bytes(i * 7 % 61 for i in range(n))


def safetensors(shapes=None, dtype="F32", change=None, more=0):
    header, n = entries(shapes if shapes is not None else tensors(), dtype)
    if change is not None:
        change(header)
    return safetensors_of(json.dumps(header, separators=(",", ":")).encode(), n + more)


def part(data, kind=0):
    return struct.pack("<H", len(data) | kind << 14) + data


def folder(name, shape=None, weights=None, kind=0, text=None):
    words = text if text is not None else json.dumps(shape if shape is not None else SHAPE).encode()
    save("checkpoint", name, part(words, kind) + (weights if weights is not None else safetensors()))


def other(**more):
    out = dict(SHAPE, **more)
    return {k: v for k, v in out.items() if v != "absent"}


def descriptions():
    folder("no-hash", other())
    folder("nothing", text=b"")
    folder("not-json", text=b"{\"model_type\": llama}")
    folder("type-missing", other(model_type="absent"))
    folder("bias", other(attention_bias=True))
    folder("mlp-bias", other(mlp_bias=True))
    folder("rope-scaled", other(rope_scaling={"factor": 8}))
    folder("rope-kind", other(rope_parameters={"rope_type": "yarn", "rope_theta": 1e4}))
    folder("rope-parameters", other(rope_parameters={"rope_type": "default", "rope_theta": 5e5},
                                    rope_theta="absent"))
    folder("rope-text", other(rope_theta="much"))
    folder("rope-zero", other(rope_theta=0))
    folder("epsilon", other(rms_norm_eps=-1e-5))
    folder("sliding", other(use_sliding_window=True))
    folder("usual", other(num_key_value_heads="absent", head_dim="absent",
                          max_position_embeddings="absent", rms_norm_eps="absent",
                          rope_theta="absent"))
    folder("null", other(num_key_value_heads=None, head_dim=None))
    folder("size-missing", other(hidden_size="absent"))
    folder("size-large", other(vocab_size=1 << 25))
    folder("layers-many", other(num_hidden_layers=100000))
    folder("heads-odd", other(num_attention_heads=3, num_key_value_heads=2))
    folder("width-odd", other(head_dim=3))
    folder("positions-many", other(max_position_embeddings=1 << 24, head_dim=64))
    folder("deepnet", other(model_type="deepnet-llama"))
    folder("hash-wrong", other(nightshift={"weights_sha256": "0" * 64}))
    folder("hugging-face", other(eos_token_id=[1, 2, "x", 7]), kind=HUGGING_FACE)
    folder("hugging-face-one-end", other(eos_token_id=3), kind=HUGGING_FACE)
    folder("qwen2", other(model_type="qwen2"), safetensors(tensors(
        {"model.layers.0.self_attn." + n + "_proj.bias": [4] for n in "qkv"})))
    folder("qwen3", other(model_type="qwen3", head_dim=2, tie_word_embeddings=False),
           safetensors(tensors({
               "model.layers.0.self_attn.q_norm.weight": [2],
               "model.layers.0.self_attn.k_norm.weight": [2],
               "model.layers.0.self_attn.q_proj.weight": [2, 4],
               "model.layers.0.self_attn.k_proj.weight": [2, 4],
               "model.layers.0.self_attn.v_proj.weight": [2, 4],
               "model.layers.0.self_attn.o_proj.weight": [4, 2],
               "lm_head.weight": [5, 4]})))


def vocabularies():
    def own(name, **vocabulary):
        folder("vocabulary-" + name, other(nightshift={"vocabulary": vocabulary}))

    own("rest", vocab=9, used=[[0, 2], [4, 1], [6, 1]])
    own("all", vocab=5, used=[[0, 5]])
    own("one-left", vocab=5, used=[[0, 2], [3, 2]])
    own("runs-touch", vocab=8, used=[[1, 2], [3, 2]])
    own("rows", vocab=9, used=[[0, 2]])
    own("backwards", vocab=9, used=[[4, 2], [0, 2]])
    own("beyond", vocab=9, used=[[6, 4]])
    own("empty-run", vocab=9, used=[[6, 0]])
    own("triple", vocab=9, used=[[0, 4, 4]])
    own("no-number", vocab=9, used=[["0", 4]])
    own("no-runs", vocab=9, used=[])
    own("no-vocab", used=[[0, 4]])
    own("huge", vocab=1 << 40, used=[[0, 4]])


def headers():
    """What may be wrong with the header of a safetensors file."""
    def change(name, f, more=0):
        folder("header-" + name, weights=safetensors(change=f, more=more))

    def text(name, header, n=0):
        folder("header-" + name, weights=safetensors_of(header, n))

    def put(key, **more):
        def f(header):
            header[key].update(more)
        return f

    norm, table = "model.norm.weight", "model.embed_tokens.weight"
    spare = "model.layers.0.self_attn.rotary_emb.inv_freq"
    one = b'{"dtype":"F32","shape":[1],"data_offsets":[0,4]'
    folder("f16", weights=safetensors(dtype="F16"))
    folder("f64", weights=safetensors(dtype="F64"))
    folder("spare", weights=safetensors(tensors({spare: [2], "lm_head.weight": [5, 4]})))
    folder("stranger", weights=safetensors(tensors({"x": [2]})))
    folder("row-vectors", weights=safetensors(tensors({norm: [1, 4]})))
    folder("scalar", weights=safetensors(tensors({norm: []})))
    folder("three-dimensions", weights=safetensors(tensors({table: [5, 2, 2]})))
    folder("transposed", weights=safetensors(tensors({table: [4, 5]})))
    folder("short", weights=b"abc")
    change("metadata", lambda h: h.update(__metadata__={"format": "pt"}))
    change("metadata-empty", lambda h: h.update(__metadata__={}))
    change("metadata-number", lambda h: h.update(__metadata__={"format": 1}))
    change("backwards", put(norm, data_offsets=[16, 0]))
    change("offset-huge", put(norm, data_offsets=[(1 << 64) - 2, (1 << 64) - 1]))
    change("outside", put(norm, shape=[400], data_offsets=[0, 1600]))
    change("other-size", put(norm, shape=[3]))
    change("dimensions", put(norm, shape=[1, 1, 1, 1, 4]))
    change("one-offset", put(norm, data_offsets=[0]))
    change("no-offsets", lambda h: h[norm].pop("data_offsets"))
    change("backslash", lambda h: h.update({"a\\b": h.pop(norm)}))
    change("control", lambda h: h.update({"a\x7fb": h.pop(norm)}))
    change("name-empty", lambda h: h.update({"": h.pop(norm)}))
    change("behind", lambda h: None, more=3)
    text("empty", b"{}")
    text("blanks", b'{ }  \n')
    text("no-name", b'{x:1}')
    text("no-colon", b'{"x" 1}')
    text("unprintable", b'{"x\x01": 1}')
    text("unended", b'{"x')
    text("unended-escape", b'{"x\\')
    text("list", b'{"x":[]}')
    text("no-comma", b'{"x":' + one + b'}"y"', 4)
    text("tail", b'{"x":' + one + b'}}x', 4)
    text("twice", b'{"x":' + one + b'},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8)
    text("member-twice", b'{"x":{"dtype":"F32","dtype":"F32"}}')
    text("member-unknown", b'{"x":{"size":1}}')
    text("member-number", b'{"x":{1:1}}')
    text("dtype-number", b'{"x":{"dtype":1}}')
    text("shape-number", b'{"x":{"shape":1}}')
    text("shape-minus", b'{"x":{"shape":[-1]}}')
    text("shape-zeros", b'{"x":{"shape":[01]}}')
    text("shape-large", b'{"x":{"shape":[99999999999999999999]}}')
    text("shape-open", b'{"x":{"shape":[1}}')
    text("shape-product", b'{"x":{"dtype":"F32","shape":[4294967296,4294967296],'
         b'"data_offsets":[0,4]}}', 4)
    text("shape-zero", b'{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}')
    text("metadata-list", b'{"__metadata__":[]}')
    text("metadata-key", b'{"__metadata__":{1:"a"}}')
    text("metadata-twice", b'{"__metadata__":{},"__metadata__":{}}')
    text("metadata-open", b'{"__metadata__":{"a":"b"')


def single_files():
    """The shape in the metadata of the weights' own file."""
    def own(name, words, again=False):
        def f(header):
            header["__metadata__"] = {"nightshift.config": words}
        data = safetensors(change=f)
        if again:
            data = data[8:].replace(b'"__metadata__":{', b'"__metadata__":{"nightshift.config":"",')
            data = struct.pack("<Q", len(data) - size([5, 4]) * 4 - 7 * 64 - 3 * 16) + data
        folder("single-" + name, weights=data)

    own("whole", json.dumps(dict(SHAPE, eos_token_id=2)))
    own("other", json.dumps(dict(SHAPE, hidden_size=8)))
    own("no-json", "{")
    own("twice", json.dumps(SHAPE), again=True)


def shards():
    shapes = tensors()
    names = sorted(shapes)
    half = {n: shapes[n] for n in names[:5]}, {n: shapes[n] for n in names[5:]}
    a, b = safetensors(half[0]), safetensors(half[1])
    files = {n: "a.safetensors" if n in half[0] else "b.safetensors" for n in names}

    def put(name, index, a=a, b=b, kind=SHARDED):
        words = index if isinstance(index, bytes) else json.dumps({"weight_map": index}).encode()
        save("checkpoint", "shards-" + name,
             part(json.dumps(SHAPE).encode(), kind) + part(words) + part(a) + b)

    put("whole", files)
    put("hugging-face", files, kind=SHARDED | HUGGING_FACE)
    put("no-json", b"{")
    put("no-map", b'{"metadata": {}}')
    put("map-empty", {})
    put("above", dict(files, **{names[0]: "../a.safetensors"}))
    put("hidden", dict(files, **{names[0]: ".a.safetensors"}))
    put("nameless", dict(files, **{names[0]: ""}))
    put("number", dict(files, **{names[0]: 1}))
    put("folder", dict(files, **{names[0]: "folder"}))
    put("missing", files, b=b"")
    put("not-there", dict(files, x="a.safetensors"))
    put("elsewhere", dict(files, **{names[0]: "b.safetensors"}))
    put("both", files, b=safetensors(shapes))
    put("damaged", files, b=b"\x02\0\0\0\0\0\0\0[]")


# --- GGUF ---------------------------------------------------------------------------------------

U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, ARRAY, U64, I64, F64 = range(13)
SCALAR = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<B",
          U64: "<Q", I64: "<q", F64: "<d"}
BLOCK = {0: (1, 4), 1: (1, 2), 30: (1, 2), 2: (32, 18), 8: (32, 34), 12: (256, 144),
         14: (256, 210)}  # ggml's number of a type: numbers in a block, bytes of it


def gguf_text(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack("<Q", len(data)) + data


def gguf_value(kind, value):
    if kind == TEXT:
        return gguf_text(value)
    if kind == ARRAY:
        element, items = value
        return struct.pack("<IQ", element, len(items)) + b"".join(gguf_value(element, i)
                                                                 for i in items)
    return struct.pack(SCALAR[kind], value)


def gguf_entry(key, kind, value):
    return gguf_text(key) + struct.pack("<I", kind) + gguf_value(kind, value)


def gguf(values, infos, version=3, alignment=32, counts=None, data=None, listed=b""):
    """values: {key: (kind, value)}, infos: [(name, dims outermost first, type)], `listed` more."""
    out = b"GGUF" + struct.pack("<IQQ", version, *(counts or (len(infos), len(values))))
    out += b"".join(gguf_entry(k, *v) if isinstance(v, tuple) else v for k, v in values.items())
    at = 0
    for name, dims, kind in infos:
        out += gguf_text(name) + struct.pack("<I", len(dims))
        out += b"".join(struct.pack("<Q", d) for d in reversed(dims)) + struct.pack("<IQ", kind, at)
        block, n = BLOCK.get(kind, (1, 4))
        at += -(-size(dims) // block * n // alignment) * alignment
    out += listed
    out += bytes(-len(out) % alignment)
    if data is None:
        data = bytes(i * 5 % 59 for i in range(at))
    return out + data


def gguf_shape(arch="llama", dim=4, width=4, hidden=4, **more):
    out = {"general.architecture": (TEXT, arch)}
    for key, value in (("context_length", 4), ("embedding_length", dim), ("block_count", 1),
                       ("feed_forward_length", hidden), ("attention.head_count", 1),
                       ("attention.head_count_kv", 1), ("attention.key_length", width),
                       ("attention.value_length", width), ("rope.dimension_count", width)):
        out[arch + "." + key] = (U32, value)
    out[arch + ".attention.layer_norm_rms_epsilon"] = (F32, 1e-5)
    out[arch + ".rope.freq_base"] = (F32, 10000.0)
    for key, value in more.items():
        name = key.replace("__", ".")
        if value is None:
            out.pop(name)
        else:
            out[name] = value
    return out


def gguf_tensors(dim=4, width=4, hidden=4, vocab=5, kind=0, more=()):
    rows = {"token_embd.weight": [vocab, dim], "blk.0.attn_norm.weight": [dim],
            "blk.0.attn_q.weight": [width, dim], "blk.0.attn_k.weight": [width, dim],
            "blk.0.attn_v.weight": [width, dim], "blk.0.attn_output.weight": [dim, width],
            "blk.0.ffn_norm.weight": [dim], "blk.0.ffn_gate.weight": [hidden, dim],
            "blk.0.ffn_up.weight": [hidden, dim], "blk.0.ffn_down.weight": [dim, hidden],
            "output_norm.weight": [dim]}
    rows.update(more)
    return [(n, d, kind if len(d) > 1 and d[-1] % BLOCK[kind][0] == 0 else 0)
            for n, d in rows.items() if d is not None]


def model(name, values=None, infos=None, **more):
    save("gguf", name, gguf(values if values is not None else gguf_shape(),
                            infos if infos is not None else gguf_tensors(), **more))


def gguf_models():
    model("plain")
    model("version-2", version=2)
    for name, kind in (("f16", 1), ("bf16", 30)):
        model(name, infos=gguf_tensors(kind=kind))
    for name, kind in (("q4_0", 2), ("q8_0", 8)):
        model(name, gguf_shape(dim=32, width=2, hidden=2),
              gguf_tensors(dim=32, width=2, hidden=2, kind=kind))
    for name, kind in (("q4_k", 12), ("q6_k", 14)):
        model(name, gguf_shape(dim=256, width=2, hidden=1),
              gguf_tensors(dim=256, width=2, hidden=1, kind=kind))
    model("qwen2", gguf_shape("qwen2"), gguf_tensors(
        more={"blk.0.attn_%s.bias" % n: [4] for n in "qkv"}))
    model("qwen3-untied", gguf_shape("qwen3"), gguf_tensors(
        more={"blk.0.attn_q_norm.weight": [4], "blk.0.attn_k_norm.weight": [4],
              "output.weight": [5, 4]}))
    model("alignment-64", dict(gguf_shape(), **{"general.alignment": (U32, 64)}), alignment=64)
    model("ends", gguf_shape(tokenizer__ggml__eos_token_id=(U32, 1),
                             tokenizer__ggml__eot_token_id=(U64, 2),
                             tokenizer__ggml__eom_token_id=(U8, 200)))
    model("end-text", gguf_shape(tokenizer__ggml__eos_token_id=(TEXT, "1")))
    model("numbers", gguf_shape(
        llama__context_length=(I8, 4), llama__embedding_length=(I16, 4),
        llama__block_count=(I32, 1), llama__feed_forward_length=(I64, 4),
        llama__rope__freq_base=(F64, 1e4), llama__attention__head_count=(U16, 1)))
    model("epsilon-odd", gguf_shape(llama__attention__layer_norm_rms_epsilon=(F32, 1.1754945e-38)))
    model("epsilon-double", gguf_shape(llama__attention__layer_norm_rms_epsilon=(F64, 8e-48)))
    model("many-values", gguf_shape(
        **{"x%d" % i: (kind, 1) for i, kind in enumerate(SCALAR) if kind != BOOL},
        list=(ARRAY, (U16, [1, 2, 3])), flag=(BOOL, 1), words=(ARRAY, (TEXT, ["a", "bc"]))))


def gguf_headers():
    whole = gguf(gguf_shape(), gguf_tensors())
    save("gguf", "cut-magic", b"GGU")
    save("gguf", "cut-version", whole[:6])
    save("gguf", "cut-counts", whole[:20])
    save("gguf", "cut-key", whole[:34])
    save("gguf", "cut-numbers", whole[:-700])
    save("gguf", "other-magic", b"GGML" + whole[4:])
    model("version-1", version=1)
    model("counts-values", counts=(1, 1 << 40))
    model("counts-tensors", counts=(1 << 40, 12))
    model("counts-cut", counts=(12, 12), infos=[])
    key = gguf_text("k")
    model("key-long", gguf_shape(k=gguf_text("k" * 1100)))
    model("key-empty", gguf_shape(k=gguf_text("") + struct.pack("<IB", U8, 1)))
    model("key-utf8", gguf_shape(k=gguf_text(b"\xff\xfe") + struct.pack("<IB", U8, 1)))
    model("type-unknown", gguf_shape(k=key + struct.pack("<I", 13)))
    model("element-unknown", gguf_shape(k=key + struct.pack("<IIQ", ARRAY, 77, 1)))
    model("array-of-arrays", gguf_shape(k=key + struct.pack("<IIQ", ARRAY, ARRAY, 1)))
    model("array-long", gguf_shape(k=key + struct.pack("<IIQ", ARRAY, U32, 1 << 60)))
    model("texts-many", gguf_shape(k=key + struct.pack("<IIQ", ARRAY, TEXT, 1 << 60)))
    model("texts-cut", gguf_shape(k=key + struct.pack("<IIQQ", ARRAY, TEXT, 2, 1 << 30)))
    model("text-cut", gguf_shape(k=key + struct.pack("<IQ", TEXT, 1 << 30)))
    model("twice", gguf_shape(k=gguf_entry("general.architecture", TEXT, "llama")))
    model("alignment-type", gguf_shape(general__alignment=(U64, 32)))
    model("alignment-odd", gguf_shape(general__alignment=(U32, 24)))
    model("alignment-zero", gguf_shape(general__alignment=(U32, 0)))


def gguf_lists():
    def info(name, data):
        """One more tensor, of which these are the bytes behind its name."""
        infos = gguf_tensors()
        model("tensor-" + name, counts=(len(infos) + 1, len(gguf_shape())),
              listed=gguf_text("x") + data)

    one = struct.pack("<IQ", 1, 4)
    info("no-dimension", struct.pack("<I", 0))
    info("dimensions", struct.pack("<I", 5))
    info("dimension-zero", struct.pack("<IQ", 1, 0))
    info("dimension-large", struct.pack("<IQ", 1, 1 << 40))
    info("type", one + struct.pack("<IQ", 999, 0))
    info("offset-odd", one + struct.pack("<IQ", 0, 7))
    info("beyond", one + struct.pack("<IQ", 0, (1 << 64) - 32))
    info("outside", one + struct.pack("<IQ", 0, 1 << 32))
    info("blocks", one + struct.pack("<IQ", 8, 0))
    model("tensor-cut", data=b"", infos=gguf_tensors()[:1], counts=(2, 12))
    model("tensor-twice", infos=gguf_tensors() + gguf_tensors()[-1:])
    model("tensor-missing", infos=gguf_tensors()[:-1])
    model("tensor-stranger", infos=gguf_tensors(more={"x": [4]}))
    model("tensor-shape", infos=gguf_tensors(more={"blk.0.ffn_up.weight": [3, 4]}))
    model("tied-head", infos=gguf_tensors(more={"output.weight": [4, 4]}))
    model("no-table", infos=gguf_tensors(more={"token_embd.weight": None}))
    model("table-vector", infos=gguf_tensors(more={"token_embd.weight": [20]}))


def gguf_shapes():
    def value(name, **more):
        model("value-" + name, gguf_shape(**more))

    value("no-architecture", general__architecture=None)
    value("architecture-number", general__architecture=(U32, 1))
    value("architecture-other", general__architecture=(TEXT, "mamba"))
    value("architecture-long", general__architecture=gguf_text("general.architecture") +
          struct.pack("<IQ", TEXT, (16 << 20) + 1))
    value("missing", llama__embedding_length=None)
    value("zero", llama__block_count=(U32, 0))
    value("minus", llama__block_count=(I32, -1))
    value("fraction", llama__block_count=(F32, 1))
    value("text", llama__block_count=(TEXT, "1"))
    value("theta-whole", llama__rope__freq_base=(U32, 10000))
    value("theta-list", llama__rope__freq_base=(ARRAY, (F32, [1])))
    value("theta-nan", llama__rope__freq_base=(F32, float("nan")))
    value("theta-minus", llama__rope__freq_base=(F32, -1))
    value("widths", llama__attention__value_length=(U32, 2))
    value("width-zero", llama__attention__key_length=(U32, 0))
    value("experts", llama__expert_count=(U32, 8))
    value("no-experts", llama__expert_count=(U32, 0), llama__rope__scaling__type=(TEXT, "none"))
    value("experts-text", llama__expert_count=(TEXT, "8"))
    value("scaled", llama__rope__scaling__type=(TEXT, "yarn"))
    value("scaling-number", llama__rope__scaling__type=(U32, 1))
    value("layers", llama__block_count=(U32, 1 << 20))


def spelling():
    """GPT-2's character for each byte."""
    out, extra = [], 0x100
    for b in range(256):
        printable = 0x21 <= b <= 0x7e or (b >= 0xa1 and b != 0xad)
        out.append(chr(b if printable else extra))
        extra += not printable
    return out


def gguf_tokenizers():
    bytes256 = spelling()
    p = "tokenizer.ggml."
    merges = ["n i", "g h", "ni gh"]
    words = bytes256 + ["ni", "gh", "nigh", "<|endoftext|>", "<|user|>", "[UNUSED]"]
    types = [1] * 259 + [3, 4, 5]

    def words_of(name, vocab=5, **more):
        values = {p + "model": (TEXT, "gpt2"), p + "pre": (TEXT, "gpt-2"),
                  p + "tokens": (ARRAY, (TEXT, words)), p + "merges": (ARRAY, (TEXT, merges)),
                  p + "token_type": (ARRAY, (I32, types))}
        for key, value in more.items():
            name_of = key.replace("__", ".")
            name_of = name_of if name_of.startswith("tokenizer") else p + name_of
            if value is None:
                values.pop(name_of)
            else:
                values[name_of] = value
        model("tokenizer-" + name, gguf_shape(**values), gguf_tensors(vocab=vocab))

    few = (ARRAY, (TEXT, ["a", "b"]))
    words_of("whole", 262)
    words_of("begin", 262, bos_token_id=(U32, 259), add_bos_token=(BOOL, 1), pre=(TEXT, "llama-bpe"))
    words_of("begin-beyond", 262, bos_token_id=(U32, 300), add_bos_token=(BOOL, 1))
    words_of("begin-no", 262, bos_token_id=(U32, 259), add_bos_token=(BOOL, 0))
    words_of("begin-text", 262, bos_token_id=(TEXT, "259"))
    words_of("begin-two", 262, bos_token_id=(U32, 1), add_bos_token=(BOOL, 2))
    words_of("begin-number", 262, add_bos_token=(U32, 1))
    words_of("types-none", 262, token_type=None)
    words_of("own-pattern", 262, pre=None, tokenizer__nightshift__pattern=(TEXT, "a|[^a]+"),
             tokenizer__nightshift__ignore_merges=(BOOL, 1))
    words_of("pattern-broken", 262, tokenizer__nightshift__pattern=(TEXT, "(("))
    words_of("pattern-number", tokenizer__nightshift__pattern=(U32, 1))
    words_of("pattern-utf8", 262, tokenizer__nightshift__pattern=(TEXT, b"\xff"))
    words_of("larger", 261)
    words_of("kind-none", model=None)
    words_of("kind-other", model=(TEXT, "llama"))
    words_of("kind-number", model=(U32, 1))
    words_of("cut-unknown", pre=(TEXT, "command-r"))
    words_of("cut-none", pre=None)
    words_of("cut-number", pre=(U32, 1))
    words_of("types-few", token_type=(ARRAY, (I32, [1])))
    words_of("types-wide", token_type=(ARRAY, (I64, [1])))
    words_of("types-text", token_type=(TEXT, "1"))
    words_of("tokens-none", tokens=None, token_type=None)
    words_of("tokens-numbers", tokens=(ARRAY, (U32, [1])), token_type=None)
    words_of("tokens-few", tokens=few, token_type=None)
    words_of("token-empty", tokens=(ARRAY, (TEXT, [""])), token_type=None)
    words_of("token-zero", tokens=(ARRAY, (TEXT, ["a\0"])), token_type=None)
    words_of("token-utf8", tokens=(ARRAY, (TEXT, [b"\xff"])), token_type=None)
    words_of("token-twice", tokens=(ARRAY, (TEXT, ["a", "a"])), token_type=None)
    words_of("merges-none", merges=None)
    words_of("merge-utf8", merges=(ARRAY, (TEXT, [b"\xff a"])))
    words_of("merge-zero", merges=(ARRAY, (TEXT, ["a \0"])))
    words_of("merge-single", 262, merges=(ARRAY, (TEXT, ["ni"])))
    words_of("merge-stranger", 262, merges=(ARRAY, (TEXT, ["x x"])))


# --- packed texts -------------------------------------------------------------------------------

PATTERN = b"decision: keep\nexperiment: 12\nreason: it is better\nseeds: [1, 2, 3]\n"
RAW, RLE, RESERVED = 0, 2, 6  # the type of a block (RFC 8878, 3.1.1.2), in its place
LAST = 1
BLOB, TEXT_TO_PACK = 0, 1


def block(kind, n, content):
    return struct.pack("<I", kind | n << 3)[:3] + content


def frame(size, blocks, flags=0x20):
    """Without its magic number; `size` as its bytes, of the width that the flags tell."""
    return bytes([flags]) + size + blocks


def packed(name, blob, pattern=PATTERN, kind=BLOB):
    head = struct.pack("<H", len(pattern) | kind << 14)
    save("packed", name, head + pattern + blob)


def packed_texts():
    said = b"it is worse"
    raw = block(RAW | LAST, len(said), said)
    whole = frame(bytes([len(said)]), raw)
    four = lambda n: struct.pack("<I", n)
    most = 16 << 20
    packed("whole", b"\1" + whole)
    packed("whole-two-blocks", b"\1" + frame(b"\6", block(RAW, 3, b"abc") + block(RLE | LAST, 3, b"d")))
    packed("empty", b"\1" + frame(b"\0", block(RAW | LAST, 0, b"")))
    packed("megabyte", b"\1" + frame(four(1 << 20), 7 * block(RLE, 1 << 17, b"a") +
                                     block(RLE | LAST, 1 << 17, b"a"), 0xa0))
    packed("zero-inside", b"\1" + frame(b"\3", block(RAW | LAST, 3, b"a\0b")))
    packed("no-utf8", b"\1" + frame(b"\2", block(RAW | LAST, 2, b"\xff\xfe")))
    packed("id-none", b"")
    packed("id-zero", b"\0" + whole)
    packed("id-other", b"\2" + whole)
    packed("id-long-way-round", b"\x81\0" + whole)
    packed("id-open", b"\x81")
    packed("id-endless", b"\x81" * 10 + whole)
    packed("pattern-none", b"\1" + whole, pattern=b"")
    packed("pattern-short", b"\1" + whole, pattern=b"d")
    packed("pattern-zero", b"\1" + whole, pattern=b"\0d")
    packed("frame-none", b"\1")
    packed("frame-cut", b"\1" + whole[:-1])
    packed("frame-header-cut", b"\1" + whole[:1])
    packed("frame-twice", b"\1" + whole + b"\x28\xb5\x2f\xfd" + whole)
    packed("frame-tail", b"\1" + whole + b"tail")
    packed("magic-too", b"\1\x28\xb5\x2f\xfd" + whole)
    packed("size-unknown", b"\1" + frame(b"\0", raw, 0))
    packed("size-too-large", b"\1" + frame(four(most + 1), raw, 0xa0))
    packed("size-huge", b"\1" + frame(b"\xff" * 8, raw, 0xe0))
    packed("size-beyond", b"\1" + frame(bytes([len(said) + 1]), raw))
    packed("size-below", b"\1" + frame(bytes([len(said) - 1]), raw))
    packed("block-reserved", b"\1" + frame(b"\3", block(RESERVED | LAST, 3, b"abc")))
    packed("block-not-last", b"\1" + frame(b"\3", block(RAW, 3, b"abc")))
    packed("block-too-long", b"\1" + frame(b"\3", block(RAW | LAST, 4, b"abc")))
    packed("checksum-wrong", b"\1" + frame(b"\3", block(RAW | LAST, 3, b"abc") + bytes(4), 0x24))
    packed("dictionary-by-id", b"\1" + frame(b"\7\3", block(RAW | LAST, 3, b"abc"), 0x21))
    packed("reserved-bit", b"\1" + frame(b"\3", block(RAW | LAST, 3, b"abc"), 0x28))
    alike = PATTERN.replace(b"12", b"13").replace(b"better", b"worse")
    packed("text-alike", alike, kind=TEXT_TO_PACK)
    packed("text-unlike", bytes(range(32, 127)), kind=TEXT_TO_PACK)
    packed("text-alone", alike, pattern=b"", kind=TEXT_TO_PACK)
    packed("text-short", b"short", kind=TEXT_TO_PACK)
    packed("text-empty", b"", kind=TEXT_TO_PACK)
    packed("text-zero", alike + b"\0" + alike, kind=TEXT_TO_PACK)
    packed("text-no-utf8", alike + b"\xff" + alike, kind=TEXT_TO_PACK)


def main():
    descriptions()
    vocabularies()
    headers()
    single_files()
    shards()
    gguf_models()
    gguf_headers()
    gguf_lists()
    gguf_shapes()
    gguf_tokenizers()
    packed_texts()


main()
