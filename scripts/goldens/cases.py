"""The list of goldens and the invented inputs of each. No arithmetic of training.

Every initial number is exact in float32 and prints short, so a float32 reader starts from the same.
"""

import numpy as np

import algorithm
import network

VOCABULARIES = [5, 4, 3]
BATCH = 8
LEARNED_GRID = ("lsq", "pact")
BETAS = {"beta1": 0.9, "beta2": 0.999}


def case(name, method, bits, rounding, decay, steps, dim, rate, step_rate=0.0, **more):
    """rate and step_rate: learning rates of rows and steps; decay: weight decay of both."""
    return {
        "name": name,
        "method": method,
        "bits": bits,
        "rounding": rounding,
        "decay": decay,
        "count": steps,
        "dim": dim,
        "rate": rate,
        "stepRate": step_rate,
        "unused": False,
        "rule": "adam",
        "stepRule": "adam",
        "granularity": "table",
    } | more


def nested(name, bits, stored, *rest, **more):
    more = {"straightThrough": "all"} | more
    return case(name, "nested", bits, *rest, storedBits=stored, **more)


S, D = "stochastic", "deterministic"
LIST = [
    # One step, with everything that happened inside it.
    case("full-1", "full", None, D, 0, 1, 4, 1e-3),
    case("full-1-decay", "full", None, D, 0.01, 1, 5, 0.05),
    case("lpt-8-stochastic-1-decay", "lpt", 8, S, 0.01, 1, 5, 1e-3),
    case("lpt-8-deterministic-1", "lpt", 8, D, 0, 1, 4, 0.05),
    case("lpt-4-stochastic-1-decay", "lpt", 4, S, 0.01, 1, 4, 0.05),
    case("lpt-2-stochastic-1", "lpt", 2, S, 0, 1, 5, 0.15),
    case("lpt-2-deterministic-1-decay", "lpt", 2, D, 0.01, 1, 4, 0.25),
    case("alpt-8-stochastic-1", "alpt", 8, S, 0, 1, 4, 1e-3, 2e-5),
    case("alpt-8-deterministic-1-decay", "alpt", 8, D, 0.01, 1, 5, 0.05, 1e-4),
    case("alpt-4-stochastic-1-decay", "alpt", 4, S, 0.01, 1, 5, 0.05, 1e-3),
    case("alpt-4-deterministic-1", "alpt", 4, D, 0, 1, 4, 0.1, 1e-3),
    case("alpt-2-stochastic-1-decay", "alpt", 2, S, 0.01, 1, 4, 0.1, 1e-2),
    case("alpt-2-deterministic-1", "alpt", 2, D, 0, 1, 5, 0.15, 1e-2),
    # The second field has no weights before the step: its change is exactly 0, so v is exactly a code.
    case("alpt-2-stochastic-1-on-grid", "alpt", 2, S, 0, 1, 4, 0.15, 1e-2, unused=True),
    case("alpt-2-deterministic-1-on-grid", "alpt", 2, D, 0, 1, 5, 0.15, 1e-2, unused=True),
    # Twenty steps with other ids and labels in each.
    case("full-20", "full", None, D, 0, 20, 5, 0.05),
    case("full-20-decay", "full", None, D, 0.01, 20, 4, 1e-3),
    case("lpt-8-stochastic-20", "lpt", 8, S, 0, 20, 4, 0.02),
    case("lpt-8-deterministic-20-decay", "lpt", 8, D, 0.01, 20, 5, 0.02),
    case("lpt-4-stochastic-20-decay", "lpt", 4, S, 0.01, 20, 5, 0.05),
    case("lpt-4-deterministic-20", "lpt", 4, D, 0, 20, 4, 0.05),
    case("lpt-2-stochastic-20-decay", "lpt", 2, S, 0.01, 20, 4, 0.1),
    case("lpt-2-deterministic-20", "lpt", 2, D, 0, 20, 5, 0.2),
    case("alpt-8-stochastic-20-decay", "alpt", 8, S, 0.01, 20, 5, 1e-3, 2e-5),
    case("alpt-8-deterministic-20", "alpt", 8, D, 0, 20, 4, 0.02, 1e-4),
    case("alpt-4-stochastic-20", "alpt", 4, S, 0, 20, 4, 0.05, 1e-3),
    case("alpt-4-deterministic-20-decay", "alpt", 4, D, 0.01, 20, 5, 0.05, 1e-3),
    case("alpt-2-stochastic-20-decay", "alpt", 2, S, 0.01, 20, 5, 0.1, 5e-3),
    case("alpt-2-deterministic-20", "alpt", 2, D, 0, 20, 4, 0.2, 5e-3),
    # fp32 rows on a learned grid: one step for the table, or one per row.
    case("lsq-8-1", "lsq", 8, D, 0, 1, 4, 0.02, 1e-4),
    case("lsq-4-1-decay", "lsq", 4, D, 0.01, 1, 5, 0.05, 1e-3),
    case("lsq-4-1-row-decay", "lsq", 4, D, 0.01, 1, 5, 0.05, 1e-3, granularity="row"),
    case("lsq-8-20-decay", "lsq", 8, D, 0.01, 20, 5, 1e-3, 1e-4),
    case("lsq-2-20", "lsq", 2, D, 0, 20, 4, 0.1, 5e-3),
    case("lsq-2-20-row-decay", "lsq", 2, D, 0.01, 20, 5, 0.05, 1e-3, granularity="row"),
    case("pact-4-1-decay", "pact", 4, D, 0.01, 1, 5, 0.05, 1e-2),
    case("pact-2-1-row", "pact", 2, D, 0, 1, 4, 0.1, 1e-2, granularity="row"),
    case("pact-8-20-decay", "pact", 8, D, 0.01, 20, 4, 0.02, 1e-2),
    case("pact-4-20-row-decay", "pact", 4, D, 0.01, 20, 5, 0.05, 1e-2, granularity="row"),
    case("pact-2-20-decay", "pact", 2, D, 0.01, 20, 4, 0.05, 5e-3),
    # Nested codes: stored bits, seen bits.
    nested("nested-8-4-stochastic-1", 4, 8, S, 0, 1, 4, 0.05, 0.05),
    nested("nested-8-2-deterministic-1-decay", 2, 8, D, 0.01, 1, 5, 0.05, 0.05),
    nested("nested-8-2-stochastic-1-inside-decay", 2, 8, S, 0.01, 1, 5, 0.05, 0.05, straightThrough="inside"),
    nested("nested-8-4-stochastic-20-decay", 4, 8, S, 0.01, 20, 5, 0.02, 0.02),
    nested("nested-8-2-stochastic-20-inside", 2, 8, S, 0, 20, 4, 0.05, 0.02, straightThrough="inside"),
    nested("nested-6-4-stochastic-20", 4, 6, S, 0, 20, 5, 0.05, 0.02),
    nested("nested-6-2-deterministic-20-decay", 2, 6, D, 0.01, 20, 5, 0.05, 0.02),
    nested("nested-12-8-stochastic-20", 8, 12, S, 0, 20, 5, 0.01, 0.01),
    # Row-wise Adagrad; the steps' own rule once the same and once Adam.
    case("full-adagrad-5", "full", None, D, 0, 5, 5, 0.05, rule="rowwise-adagrad"),
    case(
        "alpt-8-adagrad-5",
        "alpt",
        8,
        D,
        0,
        5,
        4,
        0.05,
        1e-4,
        rule="rowwise-adagrad",
        stepRule="rowwise-adagrad",
    ),
    case("alpt-8-adagrad-5-steps-adam", "alpt", 8, D, 0, 5, 5, 0.05, 1e-4, rule="rowwise-adagrad"),
]


def options(rule, rate, epsilon, decay):
    betas = BETAS if rule == "adam" else {}
    return {"optimizer": rule, "learningRate": rate} | betas | {"epsilon": epsilon, "weightDecay": decay}


def on_grid(array, denominator):
    return np.round(array * denominator) / denominator


def dense_shapes(spec):
    return network.shapes(len(VOCABULARIES) * spec["dim"])


def initial_dense(random, spec):
    dense = {}
    for name, shape in dense_shapes(spec).items():
        spread = 0.1 if name.endswith("bias") else np.sqrt(2 / sum(shape)) if name != "cross.weight" else 0.3
        array = on_grid(random.normal(0, spread, shape), 256)
        if spec["unused"] and name in ("cross.weight", "mlp.0.weight", "output.cross"):
            array[spec["dim"] : 2 * spec["dim"]] = 0
        dense[name] = array.ravel().tolist()
    return dense


def initial_table(random, spec):
    shape = (sum(VOCABULARIES), spec["dim"])
    if spec["method"] == "full":
        return {"values": on_grid(random.normal(0, 0.3, shape), 1024).tolist()}
    if spec["method"] in LEARNED_GRID:
        return initial_learned_grid(random, spec, shape)
    lowest, highest = algorithm.code_limits(spec.get("storedBits", spec["bits"]))
    codes = random.integers(lowest, highest + 1, shape)
    saturated = random.random(shape) < 0.15
    codes[saturated] = random.choice([lowest, highest], saturated.sum())
    if spec["method"] == "lpt":
        steps = np.full(shape[0], np.float32(0.6 / 2 ** (spec["bits"] - 1)))
    else:
        steps = random.integers(128, 385, shape[0]) / 256 * 0.5 / 2 ** (spec["bits"] - 1)
    return {"codes": codes.tolist(), "steps": steps.astype(float).tolist()}


def initial_learned_grid(random, spec, shape):
    """Values of which some lie beyond the grid; steps that are exact in float32, times q too."""
    lowest, highest = algorithm.grid_limits(spec["method"], spec["bits"])
    count = 1 if spec["granularity"] == "table" else shape[0]
    steps = np.broadcast_to(random.integers(128, 385, count) / 256 * 0.5 / 2 ** (spec["bits"] - 1), shape[0])
    values = random.uniform(lowest - 0.6, highest + 0.6, shape) * steps[:, None]
    return {"values": on_grid(values, 2**14).tolist(), "steps": steps.tolist()}


def build(spec, seed):
    """The case as in the JSON, without its results. Odd seeds also use the high word of the Philox key."""
    random = np.random.default_rng(seed)
    ids = random.integers(0, VOCABULARIES, (spec["count"], BATCH, len(VOCABULARIES)))
    labels = (random.random((spec["count"], BATCH)) < 0.4).astype(int)
    result = {
        "name": spec["name"],
        "method": spec["method"],
        "bits": spec["bits"],
        "rounding": spec["rounding"],
        "dim": spec["dim"],
        "vocabularies": VOCABULARIES,
        "table": 0,
        "seed": seed + (seed % 2) * 3 * 2**32,
        "dense": options("adam", 1e-3, 1e-8, 0),
        "rows": options(spec["rule"], spec["rate"], 1e-8 if spec["rule"] == "adam" else 1e-10, spec["decay"]),
    }
    if spec["method"] == "full":
        result |= {"bits": None, "rounding": None}
    if spec["method"] == "lpt":
        result["clip"] = 0.6
    if spec["method"] in LEARNED_GRID:
        result["granularity"] = spec["granularity"]
    if spec["method"] == "nested":
        result |= {"storedBits": spec["storedBits"], "straightThrough": spec["straightThrough"]}
    if spec["method"] in ("alpt", "nested") or spec["method"] in LEARNED_GRID:
        result["steps"] = options(spec["stepRule"], spec["stepRate"], 1e-20, spec["decay"])
    table = initial_table(random, spec)
    return result | {
        "shapes": {name: list(shape) for name, shape in dense_shapes(spec).items()},
        "ids": ids.tolist(),
        "labels": labels.tolist(),
        "initial": table | {"dense": initial_dense(random, spec)},
    }
