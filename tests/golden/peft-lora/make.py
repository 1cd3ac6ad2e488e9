# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this folder: adapters of ../llama-gqa as PEFT keeps them, and what torch computes with them.

    cd tests/golden/peft-lora && python3 make.py

Nothing of nightshift takes part.  Names, shapes and configuration are those of PEFT's description of
its checkpoints (https://huggingface.co/docs/peft/developer_guides/checkpoint) and of an
adapter_config.json that PEFT 0.18.0 wrote; the file of tensors is written byte by byte.  The logits
are of the model in float64 with y = x w' + alpha / sqrt(r) (x a') b' beside each product (use_rslora).
"""
import json
import math
import struct

import torch

BASE = "../llama-gqa/"
RANK, ALPHA = 2, 3
MODULES = {"self_attn": ["q_proj", "k_proj", "v_proj", "o_proj"], "mlp": ["gate_proj", "up_proj", "down_proj"]}
# What PEFT 0.18.0 writes, in its order.
CONFIG = {
    "alora_invocation_tokens": None, "alpha_pattern": {}, "arrow_config": None, "auto_mapping": None,
    "base_model_name_or_path": "llama-gqa", "bias": "none", "corda_config": None, "ensure_weight_tying": False,
    "eva_config": None, "exclude_modules": None, "fan_in_fan_out": False, "inference_mode": True,
    "init_lora_weights": True, "layer_replication": None, "layers_pattern": None, "layers_to_transform": None,
    "loftq_config": {}, "lora_alpha": ALPHA, "lora_bias": False, "lora_dropout": 0.05, "megatron_config": None,
    "megatron_core": "megatron.core", "modules_to_save": None, "peft_type": "LORA", "peft_version": "0.18.0",
    "qalora_group_size": 16, "r": RANK, "rank_pattern": {}, "revision": None,
    "target_modules": ["down_proj", "k_proj", "up_proj", "q_proj", "o_proj", "gate_proj", "v_proj"],
    "target_parameters": None, "task_type": "CAUSAL_LM", "trainable_token_indices": None, "use_dora": False,
    "use_qalora": False, "use_rslora": True,
}


def read_safetensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    out = {}
    for name, t in header.items():
        assert t["dtype"] == "F32"
        begin, end = (8 + length + n for n in t["data_offsets"])
        out[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(t["shape"])
    return out


def write_safetensors(path, tensors):
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name in sorted(tensors):
        raw = tensors[name].contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape),
                        "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + body)


def forward(ids, w, adapters, c):
    heads, kv, width = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
    seq, eps = len(ids), c["rms_norm_eps"]

    def norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * w[name]

    def linear(x, name):
        a, b = (adapters[f"base_model.model.{name}.lora_{k}.weight"].double() for k in "AB")
        return x @ w[name + ".weight"].T + ALPHA / math.sqrt(RANK) * (x @ a.T) @ b.T

    angle = torch.outer(torch.arange(seq).double(),
                        c["rope_parameters"]["rope_theta"] ** (-torch.arange(0, width, 2).double() / width))
    cos, sin = (torch.cat((f(angle), f(angle)), -1) for f in (torch.cos, torch.sin))

    def turn(x):
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((-b, a), -1) * sin

    def split(x, n):
        return x.view(seq, n, width).transpose(0, 1)

    x = w["model.embed_tokens.weight"][ids]
    ahead = torch.full((seq, seq), -math.inf).double().triu(1)
    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        n = norm(x, layer + "input_layernorm.weight")
        q, k, v = (split(linear(n, f"{layer}self_attn.{p}_proj"), h) for p, h in (("q", heads), ("k", kv), ("v", kv)))
        q, k = turn(q), turn(k)
        k, v = (y.repeat_interleave(heads // kv, 0) for y in (k, v))
        seen = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width) + ahead, -1) @ v
        x = x + linear(seen.transpose(0, 1).reshape(seq, heads * width), layer + "self_attn.o_proj")
        n = norm(x, layer + "post_attention_layernorm.weight")
        gate = torch.nn.functional.silu(linear(n, layer + "mlp.gate_proj"))
        x = x + linear(gate * linear(n, layer + "mlp.up_proj"), layer + "mlp.down_proj")
    return norm(x, "model.norm.weight") @ w["lm_head.weight"].T


def main():
    config = json.load(open(BASE + "config.json"))
    case = json.load(open(BASE + "case.json"))
    weights = {k: v.double() for k, v in read_safetensors(BASE + "model.safetensors").items()}
    torch.manual_seed(5)
    adapters = {}
    for i in range(config["num_hidden_layers"]):
        for part, modules in MODULES.items():
            for module in modules:
                name = f"model.layers.{i}.{part}.{module}"
                out, into = weights[name + ".weight"].shape
                adapters[f"base_model.model.{name}.lora_A.weight"] = torch.randn(RANK, into) / math.sqrt(into)
                adapters[f"base_model.model.{name}.lora_B.weight"] = torch.randn(out, RANK) / 8
    ids = case["ids"][-1][:24]
    write_safetensors("adapter_model.safetensors", adapters)
    with open("adapter_config.json", "w") as f:
        f.write(json.dumps(CONFIG, indent=2) + "\n")
    nothing = {k: torch.zeros_like(v) for k, v in adapters.items()}
    plain = forward(case["ids"][-1][:-1], weights, nothing, config)[-1]
    wanted = torch.tensor(case["logits_last_pos"]).double()
    assert (plain - wanted).abs().max() < 1e-5 * wanted.abs().max()  # this is that model
    logits = forward(ids, weights, adapters, config)[-1]
    with open("case.json", "w") as f:
        json.dump({"ids": ids, "logits": [round(x, 9) for x in logits.tolist()],
                   "moved": (logits - forward(ids, weights, nothing, config)[-1]).abs().max().item()}, f)
        f.write("\n")


main()
