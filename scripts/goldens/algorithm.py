"""The training step of full, lpt, alpt, lsq, pact and nested on one small table, in plain numpy.

Written from the ALPT paper (Li et al., AAAI 2023: Algorithm 1, eq. 1-7), not from the TypeScript it judges; nested is no
paper's, and written from docs/nested.md.
Everything is float64; what is stored between steps as integers or float32 (codes, steps) is rounded as such.
V rows of the table, U unique rows of a batch (sorted), B batch, F fields, D width, M bits.
"""

import numpy as np

import network
import philox

STEP_FLOOR = 1e-8


class Adam:
    """Lazy Adam: only the given rows change, bias is corrected with the global step number t."""

    def __init__(self, shape, options, dtype):
        self.options, self.m, self.v = options, np.zeros(shape, dtype), np.zeros(shape, dtype)

    def change(self, rows, gradient, t):
        beta1, beta2 = self.options["beta1"], self.options["beta2"]
        self.m[rows] = beta1 * self.m[rows] + (1 - beta1) * gradient
        self.v[rows] = beta2 * self.v[rows] + (1 - beta2) * gradient**2
        m = self.m[rows] / (1 - beta1**t)
        v = self.v[rows] / (1 - beta2**t)
        return -self.options["learningRate"] * m / (np.sqrt(v) + self.options["epsilon"])


class RowwiseAdagrad:
    """One number of state per row: the sum over steps of the mean square of the row's gradient."""

    def __init__(self, shape, options, dtype):
        self.options, self.state = options, np.zeros(shape[0], dtype)

    def change(self, rows, gradient, t):
        squares = gradient**2
        self.state[rows] += squares.mean(axis=1) if gradient.ndim == 2 else squares
        root = np.sqrt(self.state[rows])
        if gradient.ndim == 2:
            root = root[:, None]
        return -self.options["learningRate"] * gradient / (root + self.options["epsilon"])


OPTIMIZERS = {"adam": Adam, "rowwise-adagrad": RowwiseAdagrad}


def code_limits(bits):
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def half_up(x):
    """R_D, eq. 3."""
    return np.floor(x + 0.5)


def limited(offset, code, bits):
    lowest, highest = code_limits(bits)
    return np.clip(offset, lowest - code, highest - code)


def rounded(offset, code, bits, uniforms=None):
    """The new code: eq. 3 without uniforms, eq. 4 with them, both on the offset from the old code."""
    offset = limited(offset, code, bits)
    if uniforms is None:
        return code + half_up(offset)
    low = np.floor(offset)
    return code + low + (uniforms < offset - low)


def step_slope(position, bits):
    """Eq. 7, with position = w' / step."""
    lowest, highest = code_limits(bits)
    inside = half_up(position) - position
    return np.where(position <= lowest, lowest, np.where(position >= highest, highest, inside))


def clip_slope(position, limit):
    """PACT: the derivative by the clip, with position = w / step and clip = limit * step."""
    return np.where(position <= -limit, -1, np.where(position >= limit, 1, 0))


def grid_limits(method, bits):
    """LSQ has all codes; PACT is clipped at the same distance on both sides."""
    lowest, highest = code_limits(bits)
    return (-highest, highest) if method == "pact" else (lowest, highest)


def stored_step(step):
    return np.float32(np.maximum(step, STEP_FLOOR)).astype(step.dtype)


class Training:
    """State of one case; step() is one training step and returns what happened in it."""

    def __init__(self, case, dtype=np.float64, run_network=network.run):
        initial, self.case, self.dtype, self.run_network = case["initial"], case, dtype, run_network
        self.offsets = np.concatenate([[0], np.cumsum(case["vocabularies"])[:-1]])
        rows = sum(case["vocabularies"])
        self.values = self.codes = self.steps = None
        if "values" in initial:
            self.values = np.array(initial["values"], dtype)
        else:
            self.codes = np.array(initial["codes"], dtype)
        if "steps" in initial:
            self.steps = np.array(initial["steps"], dtype)
        self.dense = {n: np.array(a, dtype).reshape(case["shapes"][n]) for n, a in initial["dense"].items()}
        make = self.make_optimizer
        self.row_optimizer = make(case["rows"], (rows, case["dim"]))
        self.dense_optimizers = {n: make(case["dense"], a.shape) for n, a in self.dense.items()}
        if "steps" in case:
            self.step_optimizer = make(case["steps"], (rows,))

    def make_optimizer(self, options, shape):
        return OPTIMIZERS[options["optimizer"]](shape, options, self.dtype)

    def step(self, t):
        ids, labels = np.array(self.case["ids"][t - 1]), np.array(self.case["labels"][t - 1], self.dtype)
        rows, inverse = np.unique(ids + self.offsets, return_inverse=True)
        batch = {"t": t, "rows": rows, "inverse": inverse.reshape(ids.shape), "labels": labels}
        return {"rows": rows} | getattr(self, self.case["method"])(batch)

    def network(self, values, batch):
        """One pass on the unique rows' values (U, D); gradients of a row's occurrences are summed."""
        x = values[batch["inverse"]].reshape(len(batch["labels"]), -1)
        loss, d_x, d_dense, relu_inputs = self.run_network(self.dense, x, batch["labels"])
        d_values = np.zeros_like(values)
        np.add.at(d_values, batch["inverse"].ravel(), d_x.reshape(-1, values.shape[1]))
        return loss, d_values, d_dense, relu_inputs

    def update_dense(self, gradients, t):
        for name, optimizer in self.dense_optimizers.items():
            self.dense[name] = self.dense[name] + optimizer.change(..., gradients[name], t)

    def uniforms(self, batch):
        if self.case["rounding"] == "deterministic":
            return None
        field = np.searchsorted(self.offsets, batch["rows"], side="right") - 1
        identifier = batch["rows"] - self.offsets[field]
        seed, table = self.case["seed"], self.case["table"]
        rows = [
            philox.rounding_uniforms(seed, batch["t"], table, int(f), int(i), self.case["dim"])
            for f, i in zip(field, identifier, strict=True)
        ]
        return np.array(rows, self.dtype)

    def weights(self, values, batch):
        """What all methods share: pass 1, the dense update, and the optimizer's change of the rows."""
        loss, d_values, d_dense, relu_inputs = self.network(values, batch)
        self.update_dense(d_dense, batch["t"])
        gradient = d_values + self.case["rows"]["weightDecay"] * values
        change = self.row_optimizer.change(batch["rows"], gradient, batch["t"])
        return {"loss": loss, "dValues": d_values, "change": change, "reluInputs": [relu_inputs]}

    def full(self, batch):
        rows = batch["rows"]
        result = self.weights(self.values[rows], batch)
        self.values[rows] += result["change"]
        return result

    def lpt(self, batch):
        rows, bits = batch["rows"], self.case["bits"]
        code, step = self.codes[rows], self.steps[rows][:, None]
        result = self.weights(step * code, batch)
        offset, uniforms = result["change"] / step, self.uniforms(batch)
        self.codes[rows] = rounded(offset, code, bits, uniforms)
        return result | {"uniforms": uniforms, "offset": offset, "oldCode": code}

    def alpt(self, batch):
        """Algorithm 1 of the paper; line numbers are the paper's."""
        rows, bits = batch["rows"], self.case["bits"]
        code, step = self.codes[rows], self.steps[rows][:, None]

        # Lines 1 to 3: update the weights.
        result = self.weights(step * code, batch)
        change = result["change"]

        # Line 4: the same batch on Q_D(w', step) with the updated dense parameters, for the step alone.
        first_offset = change / step
        quantized = step * rounded(first_offset, code, bits)
        second_loss, d_quantized, _, relu_inputs = self.network(quantized, batch)
        d_step_unscaled = np.sum(d_quantized * step_slope(code + first_offset, bits), axis=1)
        g = 1 / np.sqrt(len(batch["labels"]) * self.case["dim"] * code_limits(bits)[1])
        d_step = (g * d_step_unscaled).astype(self.dtype)
        step_gradient = d_step + self.case["steps"]["weightDecay"] * step[:, 0]
        step_change = self.step_optimizer.change(rows, step_gradient, batch["t"])
        new_step = stored_step(step[:, 0] + step_change)[:, None]

        # Line 5: quantize w' with the new step, as an offset from the old code.
        offset = (change + code * (step - new_step)) / new_step
        uniforms = self.uniforms(batch)
        self.codes[rows] = rounded(offset, code, bits, uniforms)
        self.steps[rows] = new_step[:, 0]
        result["reluInputs"].append(relu_inputs)
        return result | {
            "uniforms": uniforms,
            "offset": offset,
            "oldCode": code,
            "firstOffset": first_offset,
            "secondLoss": second_loss,
            "dQuantized": d_quantized,
            "dStepUnscaled": d_step_unscaled,
            "dStep": d_step,
            "stepChange": step_change,
        }

    def lsq(self, batch):
        """Eq. 6 and 7: fp32 values, seen on the grid of a learned step."""
        bits, shares_step = self.case["bits"], self.case["granularity"] == "table"
        weights_of_step = (len(batch["rows"]) if shares_step else 1) * self.case["dim"]
        g = 1 / np.sqrt(weights_of_step * code_limits(bits)[1])
        return self.on_learned_grid(batch, lambda position: step_slope(position, bits), g, unit=1)

    def pact(self, batch):
        """What is learned is the clip: the highest code's value."""
        limit = code_limits(self.case["bits"])[1]
        return self.on_learned_grid(batch, lambda position: clip_slope(position, limit), 1, unit=limit)

    def nested(self, batch):
        """S bits stored, on a grid of step / 2^k, k = S - M, shifted by half a step; seen rounded to M bits."""
        rows, t, options = batch["rows"], batch["t"], self.case["steps"]
        bits, stored = self.case["bits"], self.case["storedBits"]
        parts = 2 ** (stored - bits)
        code, step = self.codes[rows], self.steps[rows][:, None]
        position = (code - parts / 2) / parts
        w = step * position
        lowest, highest = code_limits(bits)
        seen = step * half_up(np.clip(position, lowest, highest))
        loss, d_seen, d_dense, relu_inputs = self.network(seen, batch)
        self.update_dense(d_dense, t)

        # The step: eq. 7 at the stored values, by its logarithm.
        d_step_unscaled = np.sum(d_seen * step_slope(position, bits), axis=1)
        g = 1 / np.sqrt(len(batch["labels"]) * self.case["dim"] * highest)
        d_step = (g * d_step_unscaled + options["weightDecay"] * step[:, 0]) * step[:, 0]
        d_step = d_step.astype(self.dtype)
        step_change = self.step_optimizer.change(rows, d_step, t)
        new_step = stored_step(step[:, 0] * np.exp(step_change))[:, None]

        # The values: straight through, or so within the seen grid alone.
        passes = (position >= lowest) & (position <= highest)
        d_values = d_seen * (passes | (self.case["straightThrough"] == "all"))
        change = self.row_optimizer.change(rows, d_values + self.case["rows"]["weightDecay"] * w, t)
        fine, new_fine = step / parts, new_step / parts
        offset = (change + (code - parts / 2) * (fine - new_fine)) / new_fine
        uniforms = self.uniforms(batch)
        self.codes[rows] = rounded(offset, code, stored, uniforms)
        self.steps[rows] = new_step[:, 0]
        return {
            "loss": loss,
            "dValues": d_values,
            "change": change,
            "reluInputs": [relu_inputs],
            "uniforms": uniforms,
            "offset": offset,
            "oldCode": code,
            "nestedPosition": position,
            "dStep": d_step,
            "stepChange": step_change,
        }

    def positions(self):
        """w / step of all rows."""
        return self.values / self.steps[:, None]

    def seen_codes(self):
        return half_up(np.clip(self.positions(), *grid_limits(self.case["method"], self.case["bits"])))

    def on_learned_grid(self, batch, slope, g, unit):
        """slope: of the seen value by what is learned, which is unit * step; g scales its gradient."""
        rows, t, options = batch["rows"], batch["t"], self.case["steps"]
        lowest, highest = grid_limits(self.case["method"], self.case["bits"])
        all_positions, position = self.positions(), self.positions()[rows]
        seen = self.steps[rows][:, None] * self.seen_codes()[rows]
        loss, d_seen, d_dense, relu_inputs = self.network(seen, batch)
        self.update_dense(d_dense, t)

        # The values: straight through within the grid.
        w = self.values[rows]
        d_values = d_seen * ((position >= lowest) & (position <= highest))
        row_gradient = d_values + self.case["rows"]["weightDecay"] * w
        change = self.row_optimizer.change(rows, row_gradient, t)
        self.values[rows] += change

        # The step: one for all rows, or one each.
        d_rows = np.sum(d_seen * slope(position), axis=1)
        shares_step = self.case["granularity"] == "table"
        owners = np.array([0]) if shares_step else rows
        d_step = (g * (np.array([np.sum(d_rows)]) if shares_step else d_rows)).astype(self.dtype)
        learned = unit * self.steps[owners]
        step_change = self.step_optimizer.change(owners, d_step + options["weightDecay"] * learned, t) / unit
        new_step = stored_step(self.steps[owners] + step_change)
        self.steps[... if shares_step else rows] = new_step
        return {
            "loss": loss,
            "dValues": d_values,
            "change": change,
            "reluInputs": [relu_inputs],
            "dStepUnscaled": d_rows,
            "dStep": d_step,
            "positions": [all_positions, self.positions()],
        }

    def snapshot(self):
        listed = {}
        if self.values is not None:
            listed["values"] = self.values
        if self.steps is not None:
            listed["codes"] = (self.seen_codes() if self.codes is None else self.codes).astype(int)
            listed["steps"] = self.steps
        dense = {n: a.ravel().tolist() for n, a in self.dense.items()}
        return {n: a.tolist() for n, a in listed.items()} | {"dense": dense}
