"""The network of a config.json in PyTorch, with random weights and low-rank adapters of all its matrices."""

import json

import torch
import torch.nn.functional as F


class Network:
    """`full`: all weights are trained, otherwise the adapters, of rank `rank`."""

    def __init__(self, config_file, full, dtype, rank):
        self.config = config = json.load(open(config_file))
        self.full, self.dtype = full, dtype
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        self.heads, self.kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self.head_dim = config["head_dim"]
        shapes = {
            "q": (self.heads * self.head_dim, hidden),
            "k": (self.kv_heads * self.head_dim, hidden),
            "v": (self.kv_heads * self.head_dim, hidden),
            "o": (hidden, self.heads * self.head_dim),
            "gate": (inner, hidden),
            "up": (inner, hidden),
            "down": (hidden, inner),
        }
        weight = lambda *shape: (torch.randn(*shape) * 0.03).to(dtype).requires_grad_(full)
        self.embedding = weight(config["vocab_size"], hidden)
        self.head = self.embedding if config["tie_word_embeddings"] else weight(config["vocab_size"], hidden)
        self.norm = torch.ones(hidden, requires_grad=full)
        self.layers = [
            {
                "norms": [torch.ones(hidden, requires_grad=full) for _ in range(2)],
                "weights": {name: weight(*shape) for name, shape in shapes.items()},
                "adapters": {
                    name: ((torch.randn(rank, into) * 0.02).requires_grad_(), torch.zeros(out, rank, requires_grad=True))
                    for name, (out, into) in shapes.items()
                },
            }
            for _ in range(config["num_hidden_layers"])
        ]
        self.frequencies = 1 / config["rope_theta"] ** (torch.arange(0, self.head_dim, 2).float() / self.head_dim)

    def trained(self):
        if not self.full:
            return [tensor for layer in self.layers for pair in layer["adapters"].values() for tensor in pair]
        tensors = [self.embedding, self.norm, *([] if self.head is self.embedding else [self.head])]
        return tensors + [one for layer in self.layers for one in (*layer["norms"], *layer["weights"].values())]

    def states(self, ids, positions, mask, cache=None, adapted=True):
        """Final states [samples, rows, hidden] of ids [samples, rows] at positions [rows]; mask [rows, columns] is added to
        scores over what `cache` holds, a pair of keys and values for each layer, and the rows. The rows' own are appended.
        """
        angles = torch.cat([positions[:, None] * self.frequencies] * 2, -1)
        turn = (angles.cos(), angles.sin())
        adapted = adapted and not self.full
        state = F.embedding(ids, self.embedding).float()
        for number, layer in enumerate(self.layers):
            x = self._rms_norm(state, layer["norms"][0])
            state = state + self._attend(x, layer, turn, mask, cache, number, adapted).float()
            x = self._rms_norm(state, layer["norms"][1])
            inner = F.silu(self._linear(x, layer, "gate", adapted)) * self._linear(x, layer, "up", adapted)
            state = state + self._linear(inner, layer, "down", adapted).float()
        return self._rms_norm(state, self.norm)

    def logits(self, states):
        return F.linear(states, self.head).float()

    def _linear(self, x, layer, name, adapted):
        product = F.linear(x, layer["weights"][name])
        if not adapted:
            return product
        a, b = layer["adapters"][name]
        return product + 2 * F.linear(F.linear(x, a.to(self.dtype)), b.to(self.dtype))

    def _rms_norm(self, x, scale):
        x = x.float()
        return (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"]) * scale).to(self.dtype)

    def _rotate(self, x, turn):
        x, half = x.float(), self.head_dim // 2
        cos, sin = turn
        return (x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin).to(self.dtype)

    def _attend(self, x, layer, turn, mask, cache, number, adapted):
        samples, rows, _ = x.shape

        def by_head(name, count):
            return self._linear(x, layer, name, adapted).view(samples, rows, count, self.head_dim).transpose(1, 2)

        q, k = self._rotate(by_head("q", self.heads), turn), self._rotate(by_head("k", self.kv_heads), turn)
        v = by_head("v", self.kv_heads)
        if cache is not None:
            if len(cache) > number:
                k, v = (torch.cat([old, new], 2) for old, new in zip(cache[number], (k, v)))
                cache[number] = (k, v)
            else:
                cache.append((k, v))
        k, v = (one.repeat_interleave(self.heads // self.kv_heads, 1) for one in (k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self._linear(mixed.transpose(1, 2).reshape(samples, rows, -1), layer, "o", adapted)


def causal(rows, columns, dtype):
    """Rows at the end of `columns` see those up to themselves."""
    seen = torch.ones(rows, columns).bool().tril(columns - rows)
    return torch.zeros(rows, columns).masked_fill(~seen, -torch.inf).to(dtype)
