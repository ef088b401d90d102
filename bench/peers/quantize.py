"""What PyTorch does with the rows that `bitrow bench quantize` and `bitrow bench lookup` measure, on one thread.

    python3 bench/peers/quantize.py TABLE ROWS DIM

TABLE is a file of ROWS · DIM fp32 values. Answers each line of standard input, a JSON object, with one of its own:

    {"do": "prepack", "bits": 4, "greedy": false, "first": 0, "rows": 1000}      {"seconds": …}
    {"do": "prepack", …, "store": FILE}                                          its bytes are written to FILE, too
    {"do": "lookup", "bits": 4, "ids": FILE, "bags": 1000, "each": 8}            {"seconds": …}; ids: int32 (bags, each)
    {"do": "lookup", …, "store": FILE}                                           its sums, fp32, are written to FILE, too
"""

import json
import sys
import time

import torch

torch.set_num_threads(1)
path, rows, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
table = torch.from_file(path, size=rows * dim).reshape(rows, dim).clone()
ops = torch.ops.quantized
packed = {}


def prepack(bits, greedy, values):
    if bits == 8:
        return ops.embedding_bag_byte_prepack(values)
    pack = {4: ops.embedding_bag_4bit_prepack, 2: ops.embedding_bag_2bit_prepack}[bits]
    return pack(values, True, 200, 0.16) if greedy else pack(values, False)


def lookup(bits, ids, offsets):
    weights = packed[bits]
    # Without scale_grad_by_freq, mode, pruning, weights and mapping; offsets without the end.
    rest = (False, 0, False, None, None, False)
    if bits == 8:
        return ops.embedding_bag_byte_rowwise_offsets(weights, ids, offsets, *rest)
    look = {4: ops.embedding_bag_4bit_rowwise_offsets, 2: ops.embedding_bag_2bit_rowwise_offsets}[bits]
    return look(weights, ids, offsets, *rest)


def task(request):
    if request["do"] == "prepack":
        values = table[request["first"] :][: request["rows"]]
        return lambda: prepack(request["bits"], request["greedy"], values)
    bags, each = request["bags"], request["each"]
    ids = torch.from_file(request["ids"], size=bags * each, dtype=torch.int32).clone()
    offsets = torch.arange(0, bags * each, each, dtype=torch.int32)
    if request["bits"] not in packed:
        packed[request["bits"]] = prepack(request["bits"], False, table)
    return lambda: lookup(request["bits"], ids, offsets)


print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    run = task(request)
    began = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - began
    if "store" in request:
        result.contiguous().numpy().tofile(request["store"])
    print(json.dumps({"seconds": seconds}), flush=True)
