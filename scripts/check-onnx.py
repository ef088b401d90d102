"""Loads an exported ONNX model in Python's onnxruntime and compares it with what bitrow says of the same rows.

    bitrow export RUN --format onnx --out model.onnx
    python scripts/check-onnx.py model.onnx [rows.json]

Without rows: draws ids of every field and runs the model at every optimization level and with 1 and 2 threads, which must
agree within 1e-5 * (1 + |logit|). With rows (experiments/onnx-rows.ts writes them: inputs, and the run's logits), the run's
logits are the truth. Needs onnxruntime and numpy; nothing of bitrow is imported.
"""

import json
import sys

import numpy as np
import onnxruntime as ort

LEVELS = {
    "disabled": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def session(path, level=LEVELS["all"], threads=1):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def drawn(about, rows=1000):
    """Inputs by the model's metadata: ids of each field, bags of 0 to 4, numbers around their mean."""
    random = np.random.default_rng(1)
    feeds = {}
    for field in json.loads(about["fields"]):
        if "pooling" in field:
            lengths = random.integers(0, 5, rows)
            feeds[field["name"]] = random.integers(0, field["size"], lengths.sum())
            feeds[field["name"] + ".offsets"] = np.concatenate([[0], np.cumsum(lengths)])
        else:
            feeds[field["name"]] = random.integers(0, field["size"], rows)
    numbers = json.loads(about.get("numbers", "[]"))
    if numbers:
        columns = []
        for number in numbers:
            x = random.normal(number["mean"], number["deviation"], rows)
            columns.append(np.sign(x) * np.expm1(np.abs(x)) if number["transform"] == "log" else x)
        feeds["numbers"] = np.stack(columns, axis=1)
        feeds["numbers"][::17] = np.nan
    return feeds


def given(path):
    with open(path) as file:
        rows = json.load(file)
    feeds = {
        name: np.array([np.nan if x is None else x for x in values["data"]], values["type"]).reshape(values["shape"])
        for name, values in rows["inputs"].items()
    }
    return feeds, np.array(rows["logits"], np.float32)


def main(model, rows=None):
    about = session(model).get_modelmeta().custom_metadata_map
    if rows is None:
        feeds, expected = drawn(about), None
    else:
        feeds, expected = given(rows)
    worst = 0.0
    for name, level in LEVELS.items():
        for threads in (1, 2):
            logits, probabilities = session(model, level, threads).run(["logits", "probabilities"], feeds)
            if expected is None:
                expected = logits
            difference = np.abs(logits - expected)
            if not np.all(difference <= 1e-5 * (1 + np.abs(expected))):
                sys.exit(f"{model}: logits differ by {difference.max()} at level {name} with {threads} threads.")
            if not np.allclose(probabilities, 1 / (1 + np.exp(-logits.astype(np.float64))), atol=1e-6):
                sys.exit(f"{model}: probabilities are not those of the logits at level {name}.")
            worst = max(worst, float(difference.max()))
    print(json.dumps({"model": model, "onnxruntime": ort.__version__, "rows": len(expected), "largestDifference": worst}))


if __name__ == "__main__":
    main(*sys.argv[1:])
