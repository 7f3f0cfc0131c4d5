"""How often the right line is among the likeliest, and how often what follows finds it there, in PyTorch and fp32:

    python3 bench/infill/beams.py MODEL tasks/infill.jsonl [TASKS]

MODEL is an imported folder of the embedded model's shape, `model import models/unmask-135m MODEL --quantize none`;
needs torch, safetensors and tokenizers. Takes a quarter of an hour on two cores. Where the product does the same:
server/decode/beams.ts.
"""
import glob
import json
import math
import sys

import torch
from safetensors import safe_open
from tokenizers import Tokenizer

LAYERS, HEADS, KV_HEADS, DIM, THETA = 30, 9, 3, 64, 100_000
SUFFIX, PREFIX, END, BUDGET, SHARE = 8, 9, 0, 384, 96
BEAMS, MOST_TOKENS, MOST_AFTER = 8, 32, 64
BEFORE = (48, 96, 288)
AFTER = (8, 16, 32, 64)
WEIGHTS = (0.3, 0.5, 0.7, 1.0)

torch.set_grad_enabled(False)
folder, suite = sys.argv[1:3]
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
weights = {}
for file in glob.glob(f"{folder}/model-*.safetensors"):
    with safe_open(file, "pt") as tensors:
        weights |= {name: tensors.get_tensor(name).float() for name in tensors.keys()}
frequencies = THETA ** (-torch.arange(0, DIM, 2).float() / DIM)


def encode(text):
    return tokenizer.encode(text, add_special_tokens=False).ids


def norm(x, name):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weights[name]


def forward(ids, cache=None):
    """Log-probabilities of the token after each of `ids`, [batch, tokens, vocabulary], and the cache behind them."""
    batch, count = ids.shape
    past = cache[0][0].shape[2] if cache else 0
    angles = torch.arange(past, past + count).float()[:, None] * frequencies
    cos, sin = (torch.cat([part, part], -1) for part in (angles.cos(), angles.sin()))
    visible = torch.ones(count, past + count).tril(past).bool()

    def turned(x):
        return x * cos + torch.cat([-x[..., DIM // 2 :], x[..., : DIM // 2]], -1) * sin

    x, grown = weights["model.embed_tokens.weight"][ids], []
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        rows = norm(x, f"{at}input_layernorm.weight")
        q, k, v = (
            (rows @ weights[f"{at}self_attn.{name}_proj.weight"].T).view(batch, count, -1, DIM).transpose(1, 2)
            for name in "qkv"
        )
        q, k = turned(q), turned(k)
        if cache:
            k, v = (torch.cat([old.expand(batch, -1, -1, -1), new], 2) for old, new in zip(cache[layer], (k, v)))
        grown.append((k, v))
        k, v = (each.repeat_interleave(HEADS // KV_HEADS, 1) for each in (k, v))
        seen = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=visible)
        x = x + seen.transpose(1, 2).reshape(batch, count, -1) @ weights[f"{at}self_attn.o_proj.weight"].T
        rows = norm(x, f"{at}post_attention_layernorm.weight")
        gate, up = (rows @ weights[f"{at}mlp.{name}_proj.weight"].T for name in ("gate", "up"))
        x = x + (torch.nn.functional.silu(gate) * up) @ weights[f"{at}mlp.down_proj.weight"].T
    return (norm(x, "model.norm.weight") @ weights["lm_head.weight"].T).log_softmax(-1), grown


def last_lines(text, room):
    """Tokens of the last lines of a text, at most `room`."""
    lines = text.split("\n")
    while len(ids := encode("\n".join(lines))) > room and len(lines) > 1:
        lines = lines[1:]
    return ids[-room:]


ends = torch.tensor(["\n" in tokenizer.decode([i]) for i in range(len(weights["lm_head.weight"]))])
ends[END] = True


def likeliest(ids):
    """The likeliest lines and their log-probabilities; whatever ends a line ends it."""
    log_probs, cache = forward(torch.tensor([ids]))
    beams, found = [([], 0.0)], {}
    for _ in range(MOST_TOKENS):
        total = log_probs[:, -1] + torch.tensor([score for _, score in beams])[:, None]
        total[:, SUFFIX - 1 : PREFIX + 1] = -math.inf
        ended = total.masked_fill(~ends, -math.inf).logsumexp(-1).tolist()
        for (tokens, _), score in zip(beams, ended):
            text = tokenizer.decode(tokens)
            found[text] = max(found.get(text, -math.inf), score)
        values, places = total.masked_fill(ends, -math.inf).flatten().topk(BEAMS)
        if len(found) >= BEAMS and values[0] < sorted(found.values())[-BEAMS]:
            break
        rows, tokens = places // len(ends), places % len(ends)
        beams = [(beams[r][0] + [t], v) for r, t, v in zip(rows.tolist(), tokens.tolist(), values.tolist())]
        cache = [tuple(part[rows] for part in layer) for layer in cache]
        log_probs, cache = forward(tokens[:, None], cache)
    return sorted(found.items(), key=lambda item: -item[1])[:BEAMS]


def after_lines(before, lines, after):
    """log p of each token after each of the lines, [lines, after]."""
    texts = [before[-1:] + encode(line) + after for line in lines]
    width = max(map(len, texts))
    ids = torch.tensor([text + [END] * (width - len(text)) for text in texts])
    cache = forward(torch.tensor([before[:-1]]))[1] if len(before) > 1 else None
    log_probs, _ = forward(ids, cache)
    starts = [len(text) - len(after) - 1 for text in texts]
    return [[log_probs[i, s + j, t].item() for j, t in enumerate(after)] for i, s in enumerate(starts)]


tasks = [json.loads(line) for line in open(suite)][: int(sys.argv[3]) if len(sys.argv) > 3 else None]
first = within = 0
chosen = {(b, a, w): 0 for b in BEFORE for a in AFTER for w in WEIGHTS}
for task in tasks:
    right = task["canonical_solution"].strip()
    suffix = encode(task["suffix"])
    shown = suffix[:SHARE]
    lines = likeliest([SUFFIX, *shown, PREFIX, *last_lines(task["prompt"], BUDGET - 2 - len(shown))])
    first += lines[0][0].strip() == right
    within += any(text.strip() == right for text, _ in lines)
    for before in BEFORE:
        context = last_lines(task["prompt"], before) or [END]
        follows = after_lines(context, [text for text, _ in lines], suffix[:MOST_AFTER])
        for after in AFTER:
            for weight in WEIGHTS:
                scores = [score + weight * sum(row[:after]) for (_, score), row in zip(lines, follows)]
                best = lines[scores.index(max(scores))][0]
                chosen[before, after, weight] += best.strip() == right


def share(count):
    return f"{100 * count / len(tasks):.1f} %"


print(f"the likeliest of {BEAMS}: {share(first)}, one of them: {share(within)}; chosen by what follows, weights {WEIGHTS}:")
for before in BEFORE:
    for after in AFTER:
        row = " ".join(share(chosen[before, after, weight]) for weight in WEIGHTS)
        print(f"{before} tokens before, {after} after: {row}")
