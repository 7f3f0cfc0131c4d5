"""The same training step in PyTorch: the network of config.json with random weights, one step of AdamW over ROWS causal rows.

usage: step.py CONFIG lora|full fp32|bf16 THREADS ROWS SELECTED RANK
Prints the seconds of every step, one JSON number a line, as often as a line comes in on stdin.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

config_file, mode, dtype_name, threads, rows, selected, rank = sys.argv[1:]
config = json.load(open(config_file))
rows, selected, rank = int(rows), int(selected), int(rank)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[dtype_name]
full = mode == "full"

hidden, inner = config["hidden_size"], config["intermediate_size"]
heads, kv_heads, head_dim = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
SHAPES = {
    "q": (heads * head_dim, hidden),
    "k": (kv_heads * head_dim, hidden),
    "v": (kv_heads * head_dim, hidden),
    "o": (hidden, heads * head_dim),
    "gate": (inner, hidden),
    "up": (inner, hidden),
    "down": (hidden, inner),
}


def weight(*shape):
    return (torch.randn(*shape) * 0.03).to(dtype).requires_grad_(full)


embedding = weight(config["vocab_size"], hidden)
head = embedding if config["tie_word_embeddings"] else weight(config["vocab_size"], hidden)
norm = torch.ones(hidden, requires_grad=full)
layers = [
    {
        "norms": [torch.ones(hidden, requires_grad=full) for _ in range(2)],
        "weights": {name: weight(*shape) for name, shape in SHAPES.items()},
        "adapters": {
            name: ((torch.randn(rank, into) * 0.02).requires_grad_(), torch.zeros(out, rank, requires_grad=True))
            for name, (out, into) in SHAPES.items()
        },
    }
    for _ in range(config["num_hidden_layers"])
]

if full:
    trained = [embedding, norm, *([] if head is embedding else [head])]
    trained += [tensor for layer in layers for tensor in (*layer["norms"], *layer["weights"].values())]
else:
    trained = [tensor for layer in layers for pair in layer["adapters"].values() for tensor in pair]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01, fused=True)

frequencies = 1 / config["rope_theta"] ** (torch.arange(0, head_dim, 2).float() / head_dim)
angles = torch.cat([torch.arange(rows)[:, None] * frequencies] * 2, -1)
cos, sin = angles.cos(), angles.sin()
mask = torch.zeros(rows, rows).masked_fill(~torch.ones(rows, rows).bool().tril(), -torch.inf).to(dtype)
ids = torch.randint(100, 40000, (rows,))
select = torch.arange(selected) * (rows // selected)
target = torch.randint(100, 40000, (selected,))


def linear(x, layer, name):
    product = F.linear(x, layer["weights"][name])
    if full:
        return product
    a, b = layer["adapters"][name]
    return product + 2 * F.linear(F.linear(x, a.to(dtype)), b.to(dtype))


def rms_norm(x, scale):
    x = x.float()
    return (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + config["rms_norm_eps"]) * scale).to(dtype)


def rotate(x):
    x = x.float()
    half = head_dim // 2
    return (x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin).to(dtype)


def attend(x, layer):
    by_head = lambda name, count: linear(x, layer, name).view(rows, count, head_dim).transpose(0, 1)
    q, k, v = rotate(by_head("q", heads)), rotate(by_head("k", kv_heads)), by_head("v", kv_heads)
    k, v = (one.repeat_interleave(heads // kv_heads, 0) for one in (k, v))
    mixed = F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask[None, None])[0]
    return linear(mixed.transpose(0, 1).reshape(rows, heads * head_dim), layer, "o")


def step():
    state = F.embedding(ids, embedding).float()
    for layer in layers:
        state = state + attend(rms_norm(state, layer["norms"][0]), layer).float()
        x = rms_norm(state, layer["norms"][1])
        fed = linear(F.silu(linear(x, layer, "gate")) * linear(x, layer, "up"), layer, "down")
        state = state + fed.float()
    logits = F.linear(rms_norm(state[select], norm), head).float()
    F.cross_entropy(logits, target).backward()
    torch.nn.utils.clip_grad_norm_(trained, 1)
    optimizer.step()
    optimizer.zero_grad()


for _ in sys.stdin:
    start = time.perf_counter()
    step()
    print(json.dumps(time.perf_counter() - start), flush=True)
