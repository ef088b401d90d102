"""DCN in PyTorch beside `bitrow bench peers`: the same batches, first parameters and optimizer, on the CPU.

    python3 bench/peers/dcn.py usual|best FOLDER THREADS

FOLDER has what bitrow wrote: problem.json (sizes, places of parameters), ids.i32 (batches, B, F) rows of the one table,
labels.f32 (batches, B), table.f32 (V, D), dense.f32. Says {"torch", "compiled"} first, then answers each line of standard
input, {"first": 0, "steps": 4}, with {"seconds", "losses"}.

usual   as DCN is usually written: nn.Embedding(sparse=True) with SparseAdam, nn.Linear, the cross network layer by layer.
best    as well as we could: the cross network in one product (x_l = α_l x_0 + β_l), each row of the batch looked up once,
        rows found by a thread that runs ahead, lazy Adam by index_select and index_copy_, micro-batches that stay in the
        cache, denormals flushed to zero, and torch.compile where it works.

Both are Adam at one rate, rows lazily: moments of rows in the batch alone, corrected by the steps of the run.
"""

import json
import math
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn
from torch.nn import functional as F

kind, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
problem = json.load(open(os.path.join(folder, "problem.json")))
B, FIELDS, DIM, V = (problem[name] for name in ("batchRows", "fields", "dim", "rows"))
HIDDEN, LAYERS, RATE, MICRO = (problem[name] for name in ("hidden", "crossLayers", "learningRate", "microRows"))
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
WIDTH = FIELDS * DIM


def load(name, dtype, shape):
    return torch.from_file(os.path.join(folder, name), size=math.prod(shape), dtype=dtype).reshape(shape).clone()


ids = load("ids.i32", torch.int32, (problem["batches"], B, FIELDS)).long()
labels = load("labels.f32", torch.float32, (problem["batches"], B))
first_table = load("table.f32", torch.float32, (V, DIM))
flat = load("dense.f32", torch.float32, (problem["denseLength"],))
first = {
    entry["name"]: flat[entry["offset"] :][: entry["length"]].reshape(entry["shape"]).clone()
    for entry in problem["parameters"]
}


class UsualDcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(first_table.clone(), freeze=False, sparse=True)
        self.cross_weights = nn.ParameterList(
            nn.Parameter(first["cross.weight"][:, l].clone().unsqueeze(1)) for l in range(LAYERS)
        )
        self.cross_biases = nn.ParameterList(nn.Parameter(first["cross.bias"][l].clone()) for l in range(LAYERS))
        layers = []
        for i, units in enumerate(HIDDEN):
            linear = nn.Linear(HIDDEN[i - 1] if i else WIDTH, units)
            linear.weight.data = first[f"mlp.{i}.weight"].t().contiguous()
            linear.bias.data = first[f"mlp.{i}.bias"].clone()
            layers += [linear, nn.ReLU()]
        self.mlp = nn.Sequential(*layers)
        self.output = nn.Linear(WIDTH + HIDDEN[-1], 1)
        self.output.weight.data = torch.cat([first["output.cross"], first["output.mlp"]]).t().contiguous()
        self.output.bias.data = first["output.bias"].clone()

    def forward(self, ids):
        x0 = self.embedding(ids).flatten(1)
        x = x0
        for weight, bias in zip(self.cross_weights, self.cross_biases):
            x = x0 * (x @ weight) + bias + x
        return self.output(torch.cat([x, self.mlp(x0)], dim=1)).squeeze(1)


class Usual:
    compiled = False

    def __init__(self):
        self.model = UsualDcn()
        rows = [self.model.embedding.weight]
        others = [p for name, p in self.model.named_parameters() if name != "embedding.weight"]
        self.sparse = torch.optim.SparseAdam(rows, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
        self.dense = torch.optim.Adam(others, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
        self.steps = 0

    def step(self, at):
        self.steps += 1
        # SparseAdam adds ε before it corrects the second moment, Adam after.
        self.sparse.param_groups[0]["eps"] = EPSILON * math.sqrt(1 - BETA2**self.steps)
        self.sparse.zero_grad(set_to_none=True)
        self.dense.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(self.model(ids[at]), labels[at])
        loss.backward()
        self.sparse.step()
        self.dense.step()
        return loss.item()


def best_loss(x, labels, cross_weight, cross_bias, output_cross, output_mlp, output_bias, weights, biases):
    """Sum of the losses. x_l = α_l x_0 + β_l: all that multiplies x_0 is one product."""
    cross = torch.cat([cross_weight, output_cross], dim=1)
    products = x @ torch.cat([weights[0], cross], dim=1)
    hidden, dots = products[:, : HIDDEN[0]], products[:, HIDDEN[0] :]
    bias_dots = torch.triu(cross_bias @ cross, diagonal=1).sum(dim=0)
    alpha = dots[:, 0] + 1
    for l in range(1, LAYERS):
        alpha = alpha * (dots[:, l] + 1) + bias_dots[l]
    logits = alpha * dots[:, LAYERS] + bias_dots[LAYERS]
    hidden = torch.relu(hidden + biases[0])
    for weight, bias in zip(weights[1:], biases[1:]):
        hidden = torch.relu(torch.addmm(bias, hidden, weight))
    logits = logits + (hidden @ output_mlp).squeeze(1) + output_bias
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="sum")


class Best:
    def __init__(self, compiled):
        torch.set_flush_denormal(True)
        self.compiled = compiled
        self.loss = torch.compile(best_loss) if compiled else best_loss
        self.table = first_table.clone()
        self.first_moments = torch.zeros_like(self.table)
        self.second_moments = torch.zeros_like(self.table)
        names = ("cross.weight", "cross.bias", "output.cross", "output.mlp", "output.bias")
        self.named = [nn.Parameter(first[name].clone()) for name in names]
        self.weights = [nn.Parameter(first[f"mlp.{i}.weight"].clone()) for i in range(len(HIDDEN))]
        self.biases = [nn.Parameter(first[f"mlp.{i}.bias"].clone()) for i in range(len(HIDDEN))]
        self.dense = torch.optim.Adam(
            [*self.named, *self.weights, *self.biases], lr=RATE, betas=(BETA1, BETA2), eps=EPSILON, fused=True
        )
        self.steps = 0
        self.ahead = ThreadPoolExecutor(1)
        self.planned = {}

    def plan(self, at):
        return torch.unique(ids[at], return_inverse=True)

    def step(self, at):
        self.steps += 1
        # Found while the step before was in work, if that was the batch before.
        rows, positions = self.planned.pop(at).result() if at in self.planned else self.plan(at)
        self.planned.clear()
        if at + 1 < len(ids):
            self.planned[at + 1] = self.ahead.submit(self.plan, at + 1)
        values = self.table.index_select(0, rows)
        gradient = torch.zeros_like(values)
        self.dense.zero_grad(set_to_none=False)
        total = 0.0
        for start in range(0, B, MICRO):
            where = positions[start : start + MICRO].flatten()
            x = values.index_select(0, where).reshape(-1, WIDTH).requires_grad_()
            some = labels[at, start : start + MICRO]
            loss = self.loss(x, some, *self.named, self.weights, self.biases) / B
            loss.backward()
            gradient.index_add_(0, where, x.grad.reshape(-1, DIM))
            total += loss.item()
        self.dense.step()
        self.update(rows, values, gradient)
        return total

    def update(self, rows, values, gradient):
        """Lazy Adam: rows of the batch alone."""
        m = self.first_moments.index_select(0, rows).lerp_(gradient, 1 - BETA1)
        v = self.second_moments.index_select(0, rows).mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        self.first_moments.index_copy_(0, rows, m)
        self.second_moments.index_copy_(0, rows, v)
        size = (v / (1 - BETA2**self.steps)).sqrt_().add_(EPSILON)
        values.addcdiv_(m, size, value=-RATE / (1 - BETA1**self.steps))
        self.table.index_copy_(0, rows, values)


def make():
    if kind == "usual":
        return Usual()
    if os.environ.get("BITROW_PEER_COMPILE") == "0":
        return Best(False)
    try:
        trial = Best(True)
        trial.step(0)
        return Best(True)
    except Exception as error:  # no compiler, no headers of Python, a version that cannot
        print(f"torch.compile does not work here: {error}"[:200], file=sys.stderr)
        return Best(False)


training = make()
print(json.dumps({"torch": torch.__version__, "compiled": training.compiled}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    losses = []
    began = time.perf_counter()
    for at in range(request["first"], request["first"] + request["steps"]):
        losses.append(training.step(at))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "losses": losses}), flush=True)
