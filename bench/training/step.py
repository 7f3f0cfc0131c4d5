"""The same training step in PyTorch: the network of config.json with random weights, one step of AdamW over ROWS causal rows.

usage: step.py CONFIG lora|full fp32|bf16 THREADS ROWS SELECTED RANK
Prints the seconds of every step, one JSON number a line, as often as a line comes in on stdin.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from network import Network, causal

config_file, mode, dtype_name, threads, rows, selected, rank = sys.argv[1:]
rows, selected = int(rows), int(selected)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[dtype_name]

network = Network(config_file, mode == "full", dtype, int(rank))
trained = network.trained()
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01, fused=True)
mask = causal(rows, rows, dtype)
ids = torch.randint(100, 40000, (1, rows))
select = torch.arange(selected) * (rows // selected)
target = torch.randint(100, 40000, (selected,))


def step():
    states = network.states(ids, torch.arange(rows), mask)[0]
    F.cross_entropy(network.logits(states[select]), target).backward()
    torch.nn.utils.clip_grad_norm_(trained, 1)
    optimizer.step()
    optimizer.zero_grad()


for _ in sys.stdin:
    start = time.perf_counter()
    step()
    print(json.dumps(time.perf_counter() - start), flush=True)
