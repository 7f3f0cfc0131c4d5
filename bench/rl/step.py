"""A step of GRPO in PyTorch, without verdicts: the network of config.json with random weights and adapters samples responses
and takes one step of AdamW on them, with a reference policy.

usage: step.py CONFIG THREADS RESPONSES PROMPT TOKENS FORWARDS WINDOW ROWS SCORED RANK
RESPONSES of TOKENS tokens after PROMPT are sampled together in FORWARDS forwards of WINDOW rows behind what was settled, all
of which is cached. ROWS rows are trained in forwards of 512, SCORED of them scored among 50 candidates. Prints the seconds of
both parts as JSON.
"""

import json
import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "training"))
from network import Network, causal

ROWS_PER_FORWARD, CANDIDATES, VOCABULARY = 512, 50, 40000
config_file = sys.argv[1]
threads, responses, prompt, tokens, forwards, window, rows, scored, rank = map(int, sys.argv[2:])
torch.set_num_threads(threads)
torch.manual_seed(0)
network = Network(config_file, False, torch.float32, rank)
trained = network.trained()
optimizer = torch.optim.AdamW(trained, lr=5e-5, weight_decay=0, fused=True)


@torch.no_grad()
def sample():
    cache = []
    ids = torch.randint(100, VOCABULARY, (1, prompt)).expand(responses, -1)
    network.states(ids, torch.arange(prompt), causal(prompt, prompt, torch.float32), cache)
    for forward in range(forwards):
        settled = prompt + tokens * forward // forwards
        cache[:] = [(k[:, :, :settled], v[:, :, :settled]) for k, v in cache]
        ids = torch.randint(100, VOCABULARY, (responses, window))
        mask = causal(window, settled + window, torch.float32)
        states = network.states(ids, settled + torch.arange(window), mask, cache)
        best, _ = network.logits(states).topk(CANDIDATES)
        torch.multinomial((best / 0.8).softmax(-1).flatten(0, 1), 1)


def log_probs(batch, adapted):
    ids, select, candidates, mask = batch
    states = network.states(ids, torch.arange(ids.shape[1]), mask, adapted=adapted)[0, select]
    scores = (states[:, None] * network.head[candidates]).sum(-1) / 0.8
    return scores.log_softmax(-1)[:, 0]


def train():
    for first in range(0, rows, ROWS_PER_FORWARD):
        count = min(ROWS_PER_FORWARD, rows - first)
        chosen = max(1, scored * count // rows)
        batch = (
            torch.randint(100, VOCABULARY, (1, count)),
            torch.arange(chosen) * (count // chosen),
            torch.randint(100, VOCABULARY, (chosen, CANDIDATES)),
            causal(count, count, torch.float32),
        )
        with torch.no_grad():
            reference = log_probs(batch, False)
        now = log_probs(batch, True)
        ratio = (now - now.detach()).exp()
        surrogate = torch.minimum(ratio, ratio.clamp(0.8, 1.2))
        kl = (reference - now).exp() - 1 - (reference - now)
        ((-surrogate + 0.01 * kl - 0.1 * now).sum() / scored).backward()
    torch.nn.utils.clip_grad_norm_(trained, 1)
    optimizer.step()
    optimizer.zero_grad()


seconds = {}
for part in (sample, train):
    start = time.perf_counter()
    part()
    seconds[part.__name__] = round(time.perf_counter() - start, 3)
print(json.dumps({"pytorch fp32": seconds}))
