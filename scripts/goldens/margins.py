"""How far a case stays from what could fall the other way in float32, and which branches it visits."""

import numpy as np

from algorithm import code_limits, grid_limits, limited


def distance_to_integer(x):
    return np.abs(x - np.round(x))


def of_step(case, trace):
    """Smallest distances in one step of ReLU inputs, roundings and limits of eq. 7 from their thresholds.

    A stochastic decision is floor(offset + u), a deterministic one floor(offset + 1/2). Offsets that are
    exactly whole (no change, or limited) are exact in float32 too and cannot fall the other way: left out.
    """
    result = {"relu": min(np.abs(z).min() for z in trace["reluInputs"]), "rounding": np.inf, "slope": np.inf}
    if case["method"] == "full":
        return result
    if "positions" in trace:
        limits = grid_limits(case["method"], case["bits"])
        positions = np.array(trace["positions"])
        free = (positions > limits[0]) & (positions < limits[1])
        result["rounding"] = np.min(distance_to_integer(positions + 0.5)[free], initial=np.inf)
        result["slope"] = min(np.min(np.abs(positions - limit)) for limit in limits)
        return result

    def rounding(offset, thresholds):
        offset = limited(offset, trace["oldCode"], case.get("storedBits", case["bits"]))
        free = offset != np.floor(offset)
        return np.min(distance_to_integer(offset + thresholds)[free], initial=np.inf)

    result["rounding"] = rounding(trace["offset"], 0.5 if trace["uniforms"] is None else trace["uniforms"])
    if case["method"] == "alpt":
        position = trace["oldCode"] + trace["firstOffset"]
        moved = trace["firstOffset"] != 0
        result["rounding"] = min(result["rounding"], rounding(trace["firstOffset"], 0.5))
        result["slope"] = min(
            np.min(np.abs(position - limit)[moved], initial=np.inf) for limit in code_limits(case["bits"])
        )
    return result


def smallest(case, traces):
    steps = [of_step(case, trace) for trace in traces]
    return {name: float(min(step[name] for step in steps)) for name in steps[0]}


def visits(case, traces):
    """Counts over all elements: rounded up, down, unmoved, limited, and the branches of eq. 7."""
    counts = {}
    if case["method"] == "full":
        return counts

    def add(name, mask):
        counts[name] = counts.get(name, 0) + int(np.sum(mask))

    lowest, highest = code_limits(case["bits"])
    for trace in traces:
        if "positions" in trace:
            low, high = grid_limits(case["method"], case["bits"])
            position = trace["positions"][0][trace["rows"]]
            add("low", position <= low)
            add("high", position >= high)
            add("inside", (position > low) & (position < high))
            continue
        clipped = limited(trace["offset"], trace["oldCode"], case.get("storedBits", case["bits"]))
        add("limited", clipped != trace["offset"])
        add("moved", trace["newCode"] != trace["oldCode"])
        add("elements", np.ones_like(clipped))
        if case["method"] == "alpt":
            position = trace["oldCode"] + trace["firstOffset"]
            add("low", position <= lowest)
            add("high", position >= highest)
            add("inside", (position > lowest) & (position < highest))
            add("exactLimit", (position == lowest) | (position == highest))
        if case["method"] == "nested":
            position = trace["nestedPosition"]
            add("low", position <= lowest)
            add("high", position >= highest)
            add("inside", (position > lowest) & (position < highest))
    return counts
