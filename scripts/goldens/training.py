"""Writes test/goldens/ (training-*, rounding-uniforms, tolerances), or checks that it is up to date.

python training.py                  write
python training.py --check          compare with what is there, write nothing
python training.py --sensitivity    drop one term at a time and show which goldens notice
"""

import argparse
import json
import pathlib

import numpy as np

import cases
import margins
import network
import philox
from algorithm import Training, code_limits, step_slope

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens"
RECORDED = (1, 2, 5, 20)
DETAILS = (
    "dValues",
    "change",
    "uniforms",
    "secondLoss",
    "dQuantized",
    "dStepUnscaled",
    "dStep",
    "stepChange",
)

# What float32 may differ by: |found - expected| <= absolute + relative * |expected|. Codes are equal.
TOLERANCE = {
    "loss": (1e-6, 1e-5),
    "secondLoss": (1e-6, 1e-5),
    "steps": (4e-7, 3e-6),
    "values": (3e-6, 1e-5),
    "dense": (1e-6, 2e-6),
    "dValues": (1e-7, 1e-5),
    "dQuantized": (1e-7, 1e-5),
    "change": (1e-7, 1e-5),
    "dStepUnscaled": (1e-6, 2e-5),
    "dStep": (1e-6, 2e-5),
    "stepChange": (1e-10, 2e-5),
}
# A float32 run must stay within this part of the tolerances, so that another order of sums fits as well.
FLOAT32_SHARE = 0.5
SMALLEST = {"rounding": 5e-4, "slope": 5e-4, "relu": 2e-5}


def simulate(case, training_class=Training, **options):
    """Runs a case; returns the records (as in the JSON) and what happened in every step."""
    training, records, traces = training_class(case, **options), [], []
    for t in range(1, len(case["ids"]) + 1):
        trace = training.step(t)
        traces.append(trace)
        if training.codes is not None:
            trace["newCode"] = training.codes[trace["rows"]]
        if t not in RECORDED:
            continue
        record = {"step": t, "loss": float(trace["loss"])}
        if "secondLoss" in trace:
            record["secondLoss"] = float(trace["secondLoss"])
        if len(case["ids"]) == 1:
            listed = {n: trace[n] for n in DETAILS if trace.get(n) is not None and n not in record}
            record["rows"] = trace["rows"].tolist()
            record |= {n: array.tolist() for n, array in listed.items()}
        records.append(record | training.snapshot())
    return records, traces


def deviation(expected, found):
    """Name to largest |found - expected| in units of its tolerance; other codes are infinitely far."""
    worst = {}
    for old, new in zip(expected, found, strict=True):
        pairs = {n: (old[n], new[n]) for n in TOLERANCE if n in old and n != "dense"}
        for name, (a, b) in pairs.items():
            worst[name] = max(worst.get(name, 0), in_tolerances(name, a, b))
        for name, array in old["dense"].items():
            worst["dense"] = max(worst.get("dense", 0), in_tolerances("dense", array, new["dense"][name]))
        if "codes" in old and old["codes"] != new["codes"]:
            worst["codes"] = np.inf
    return worst


def in_tolerances(name, expected, found):
    absolute, relative = TOLERANCE[name]
    expected, found = np.array(expected), np.array(found)
    with np.errstate(invalid="ignore"):
        ratio = np.abs(found - expected) / (absolute + relative * np.abs(expected))
    return float(np.max(np.where(np.isnan(ratio), np.inf, ratio)))


def jittered(seed, scale=1e-6):
    """The network with noise on its gradients, larger than float32's."""
    random = np.random.default_rng(seed)

    def run(parameters, x, labels):
        noise = lambda a: a * (1 + scale * random.uniform(-1, 1, a.shape))
        loss, d_x, gradients, relu_inputs = network.run(parameters, x, labels)
        return loss, noise(d_x), {n: noise(a) for n, a in gradients.items()}, relu_inputs

    return run


def float32_deviation(case, records):
    """Worst of a run in float32 and of three whose gradients carry noise."""
    runs = [simulate(case, dtype=np.float32)[0]]
    runs += [simulate(case, run_network=jittered(seed))[0] for seed in range(3)]
    worst = {}
    for found in runs:
        for name, value in deviation(records, found).items():
            worst[name] = max(worst.get(name, 0), value)
    return worst


def settle(spec):
    """The first seed whose case stays clear of every threshold, with its results."""
    for seed in range(1, 2000):
        case = cases.build(spec, seed)
        records, traces = simulate(case)
        clear = margins.smallest(case, traces)
        if any(clear[name] < SMALLEST[name] for name in SMALLEST):
            continue
        if "steps" in case and min(min(r["steps"]) for r in records) < 1e-4:
            continue
        worst = float32_deviation(case, records)
        if max(worst.values()) < FLOAT32_SHARE:
            return case | {"records": records}, traces, clear, worst
    raise SystemExit(f"no seed settles {spec['name']}")


def as_json(golden):
    """One top-level key a line; numbers print as the shortest that reads back the same."""
    line = lambda value: json.dumps(value, separators=(",", ":"), allow_nan=False)
    lines = []
    for name, value in golden.items():
        if name == "records":
            value = "[\n" + ",\n".join(line(record) for record in value) + "\n]"
        else:
            value = line(value)
        lines.append(f'"{name}":{value}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def uniforms_json():
    lines = [json.dumps(golden, separators=(",", ":")) for golden in philox.goldens()]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def tolerances_json():
    named = {name: {"absolute": a, "relative": r} for name, (a, r) in TOLERANCE.items()}
    return json.dumps(named, indent=2) + "\n"


def same(written, text):
    """Equal texts, or trainings with equal inputs and results within rounding of float64 (another BLAS)."""
    if written == text:
        return True
    old, new = json.loads(written), json.loads(text)
    if isinstance(old, list) or old.keys() != new.keys() or "records" not in old:
        return False
    inputs_equal = all(old[name] == new[name] for name in old if name != "records")
    return inputs_equal and max(deviation(old["records"], new["records"]).values()) < 1e-3


def self_check():
    """Philox against its vectors; the network, and eq. 7 with all elements limited, against differences."""
    philox.check()
    training = Training(cases.build(cases.LIST[0], 1))
    x = training.values[:9].reshape(3, -1).copy()
    labels = np.array([0.0, 1.0, 1.0])
    worst = network.check(training.dense, x, labels)

    bits, step, h = 4, 0.05, 1e-6
    position = np.where(x < 0, -9.0, 7.5)  # w' / step, outside the range on both sides
    loss_at = lambda s: network.run(training.dense, s * np.clip(position, *code_limits(bits)), labels)
    analytic = np.sum(loss_at(step)[1] * step_slope(position, bits))
    numeric = (loss_at(step + h)[0] - loss_at(step - h)[0]) / (2 * h)
    assert abs(analytic - numeric) < 1e-8, f"gradient of the step is off by {abs(analytic - numeric)}"
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sensitivity", action="store_true")
    arguments = parser.parse_args()
    print(f"network gradient against finite differences: {self_check():.1e}")
    if arguments.sensitivity:
        import sensitivity

        raise SystemExit(sensitivity.main())
    FOLDER.mkdir(parents=True, exist_ok=True)
    total, clear_of_all, stale = 0, {}, []

    def keep(file_name, text):
        path = FOLDER / file_name
        if not arguments.check:
            path.write_text(text)
        elif not path.exists() or not same(path.read_text(), text):
            stale.append(file_name)

    keep("rounding-uniforms.json", uniforms_json())
    keep("tolerances.json", tolerances_json())
    for spec in cases.LIST:
        golden, traces, clear, worst = settle(spec)
        text = as_json(golden)
        keep(f"training-{spec['name']}.json", text)
        total += len(text)
        for name, value in clear.items():
            clear_of_all[name] = min(clear_of_all.get(name, np.inf), value)
        short = lambda numbers: " ".join(f"{n}={v:.2g}" for n, v in numbers.items())
        print(f"{spec['name']}: seed {golden['seed']}, {len(text)} bytes\n    margins {short(clear)}")
        print(f"    float32, in tolerances: {short(worst)}\n    {margins.visits(golden, traces)}")
    print(f"{len(cases.LIST)} goldens, {total} bytes; smallest margins {clear_of_all}")
    if stale:
        raise SystemExit(f"out of date: {', '.join(stale)}")


if __name__ == "__main__":
    main()
