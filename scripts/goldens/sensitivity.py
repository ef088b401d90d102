"""Drops or distorts one term of the algorithm at a time and counts the goldens that notice.

A mutation is an edit of the source text, so the program itself stays free of switches. Noticed means: a code
differs, or a number differs by more than ten tolerances. A mutation that no golden notices fails the run.
"""

import importlib
import json
import sys
import warnings

import algorithm
import training
from mutations import MUTATIONS


def mutated(module_name, edits):
    """The Training class after textual edits of one module."""
    module = importlib.import_module(module_name)
    with open(module.__file__) as file:
        source = file.read()
    for old, new in edits:
        assert source.count(old) == 1, f"{old!r} occurs {source.count(old)} times in {module_name}"
        source = source.replace(old, new)
    namespace = type(sys)(module_name)
    exec(compile(source, module_name, "exec"), namespace.__dict__)
    if module_name == "algorithm":
        return namespace.Training, {}
    if module_name == "network":
        return algorithm.Training, {"run_network": namespace.run}

    class OtherUniforms(algorithm.Training):
        def uniforms(self, batch):
            kept, algorithm.philox = algorithm.philox, namespace
            try:
                return super().uniforms(batch)
            finally:
                algorithm.philox = kept

    return OtherUniforms, {}


def main():
    warnings.simplefilter("ignore")
    goldens = [json.loads(path.read_text()) for path in sorted(training.FOLDER.glob("training-*.json"))]
    unnoticed = []
    for name, module, old, new, *more in MUTATIONS:
        training_class, options = mutated(module, [(old, new), *more])
        noticing, codes, numbers = [], 0, {}
        for golden in goldens:
            found, _ = training.simulate(golden, training_class, **options)
            worst = training.deviation(golden["records"], found)
            if max(worst.values()) > 10:
                noticing.append(golden["name"])
            codes += worst.pop("codes", 0) > 0
            for key, value in worst.items():
                numbers[key] = max(numbers.get(key, 0), value)
        key = max(numbers, key=numbers.get)
        by = f"{codes} by codes, at most {numbers[key]:.3g} tolerances in {key}"
        print(f"{name}: {len(noticing)} goldens ({by}), such as {', '.join(noticing[:2])}")
        if not noticing:
            unnoticed.append(name)
    print(f"{len(MUTATIONS)} mutations, unnoticed: {unnoticed or 'none'}")
    return len(unnoticed)
