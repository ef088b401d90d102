"""The mutations: (name, module, old text, new text, further edits of the same module).

Only data. sensitivity.py applies them one at a time.
"""

ADAM_M = "self.m[rows] = beta1 * self.m[rows] + (1 - beta1) * gradient"
ADAM_V = "self.v[rows] = beta2 * self.v[rows] + (1 - beta2) * gradient**2"
CORRECTED_M, CORRECTED_V = "self.m[rows] / (1 - beta1**t)", "self.v[rows] / (1 - beta2**t)"
ADAGRAD = "self.state[rows] += squares.mean(axis=1) if gradient.ndim == 2 else squares"
MAKE = 'return OPTIMIZERS[options["optimizer"]](shape, options, self.dtype)'
SUM = 'np.add.at(d_values, batch["inverse"].ravel(), d_x.reshape(-1, values.shape[1]))'
FIRST_PASS = "result = self.weights(step * code, batch)\n        change"
QUANTIZED = "quantized = step * rounded(first_offset, code, bits)"
SECOND_PASS = "second_loss, d_quantized, _, relu_inputs = self.network(quantized, batch)"
SLOPE = "np.where(position <= lowest, lowest, np.where(position >= highest, highest, inside))"
G = 'g = 1 / np.sqrt(len(batch["labels"]) * self.case["dim"] * code_limits(bits)[1])'
ROW_DECAY = 'gradient = d_values + self.case["rows"]["weightDecay"] * values'
ROW_CHANGE = 'self.row_optimizer.change(batch["rows"], gradient, batch["t"])'
STEP_DECAY = 'step_gradient = d_step + self.case["steps"]["weightDecay"] * step[:, 0]'
OFFSET = "offset = (change + code * (step - new_step)) / new_step"
LIMITED = "np.clip(offset, lowest - code, highest - code)"
UNIFORMS = 'rounding_uniforms(seed, batch["t"], table, int(f), int(i), self.case["dim"])'

KINDS = {
    "rows": "rows is not ... and gradient.ndim == 2",
    "steps": "rows is not ... and gradient.ndim == 1",
    "dense": "rows is ...",
}


def adam(name, old, distorted):
    """One mutation for each kind of parameter; old may be an assignment, distorted is its new right side."""
    target, equals, value = old.rpartition(" = ")
    return [
        (
            f"{name} of {kind}",
            "algorithm",
            old,
            f"{target}{equals}(({distorted}) if {condition} else ({value}))",
        )
        for kind, condition in KINDS.items()
    ]


OWN_COUNT = f"""self.count = getattr(self, "count", np.zeros(len(self.m)))
        if rows is not ...:
            self.count[rows] += 1
            t = self.count[rows] if gradient.ndim == 1 else self.count[rows][:, None]
        {ADAM_M}"""
NOT_LAZY = f"""if rows is not ...:
            self.m, self.v = beta1 * self.m, beta2 * self.v
            self.m[rows], self.v[rows] = self.m[rows] / beta1, self.v[rows] / beta2
        {ADAM_M}"""
OLD_DENSE = f"new_dense, self.dense = self.dense, old_dense; {SECOND_PASS}; self.dense = new_dense"
MEAN_OF_OCCURRENCES = f"{SECOND_PASS}; d_quantized /= np.bincount(batch['inverse'].ravel())[:, None]"
DECOUPLED = (
    ROW_CHANGE.replace("gradient", "d_values")
    + " - self.case['rows']['learningRate'] * self.case['rows']['weightDecay'] * values"
)


def algorithm(name, old, new, *more):
    return (name, "algorithm", old, new, *more)


MUTATIONS = [
    # Network and passes.
    ("gradient of the sum instead of the mean over B", "network", "/ batch)[:, None]", "/ 1)[:, None]"),
    algorithm(
        "occurrences: the last one instead of the sum",
        SUM,
        SUM.replace("np.add.at(d_values, ", "d_values[").replace(".ravel(), ", ".ravel()] = ")[:-1],
    ),
    algorithm("occurrences in pass 2: the mean instead of the sum", SECOND_PASS, MEAN_OF_OCCURRENCES),
    algorithm(
        "pass 2 with the old dense parameters",
        SECOND_PASS,
        OLD_DENSE,
        (FIRST_PASS, "old_dense = dict(self.dense); " + FIRST_PASS),
    ),
    algorithm("pass 2 on the old codes", QUANTIZED, "quantized = step * code"),
    algorithm(
        "pass 2 on w' without rounding",
        QUANTIZED,
        "quantized = step * (code + limited(first_offset, code, bits))",
    ),
    algorithm(
        "pass 2 without the limits of Q_D", QUANTIZED, "quantized = step * (code + half_up(first_offset))"
    ),
    algorithm("pass 2 rounded stochastically", QUANTIZED, QUANTIZED[:-1] + ", self.uniforms(batch))"),
    # Gradient of the step.
    algorithm("g = 1", G, "g = 1"),
    algorithm("g without B", G, G.replace('len(batch["labels"]) * ', "")),
    algorithm("g without D", G, G.replace(' * self.case["dim"]', "")),
    algorithm("g with 2^(M-1) instead of q", G, G.replace("code_limits(bits)[1]", "-code_limits(bits)[0]")),
    algorithm("eq. 7 without its lower branch", SLOPE, "np.where(position >= highest, highest, inside)"),
    algorithm("eq. 7 without its upper branch", SLOPE, "np.where(position <= lowest, lowest, inside)"),
    algorithm("eq. 7 without its inner branch", SLOPE, SLOPE.replace("inside", "0")),
    algorithm("eq. 7: < instead of <= at the lower limit", "position <= lowest", "position < lowest"),
    algorithm("eq. 7: > instead of >= at the upper limit", "position >= highest", "position > highest"),
    algorithm("eq. 7: R_D(v) instead of R_D(v) - v", "half_up(position) - position", "half_up(position)"),
    # A learned grid under fp32 values.
    algorithm(
        "grid: no straight-through mask",
        "d_values = d_seen * ((position >= lowest) & (position <= highest))",
        "d_values = d_seen",
    ),
    algorithm(
        "grid: the network sees the values themselves",
        "seen = self.steps[rows][:, None] * self.seen_codes()[rows]",
        "seen = self.values[rows]",
    ),
    algorithm(
        "grid: no decay of the values",
        'row_gradient = d_values + self.case["rows"]["weightDecay"] * w',
        "row_gradient = d_values",
    ),
    algorithm(
        "grid: decay of what is seen",
        'row_gradient = d_values + self.case["rows"]["weightDecay"] * w',
        'row_gradient = d_values + self.case["rows"]["weightDecay"] * seen',
    ),
    algorithm(
        "grid: no decay of the step", 'd_step + options["weightDecay"] * learned, t)', "d_step, t)"
    ),
    algorithm("grid: slope by the masked gradient", "d_seen * slope(position)", "d_values * slope(position)"),
    algorithm("lsq: g without U", 'len(batch["rows"]) if shares_step', "1 if shares_step"),
    algorithm("lsq: g without D", 'else 1) * self.case["dim"]', "else 1)"),
    algorithm("lsq: g without q", "weights_of_step * code_limits(bits)[1]", "weights_of_step"),
    algorithm(
        "pact: nothing below", "np.where(position <= -limit, -1, np", "np.where(position <= -limit, 0, np"
    ),
    algorithm("pact: nothing above", "np.where(position >= limit, 1, 0)", "0 * position"),
    algorithm(
        "pact: the step learned instead of the clip",
        "clip_slope(position, limit), 1, unit=limit",
        "clip_slope(position, limit), 1, unit=1",
    ),
    algorithm("pact: one more code below", "return (-highest, highest) if", "return (lowest, highest) if"),
    # Nested codes.
    algorithm(
        "nested: no shift by half a step", "position = (code - parts / 2) / parts", "position = code / parts"
    ),
    algorithm(
        "nested: the network sees the stored values",
        "seen = step * half_up(np.clip(position, lowest, highest))",
        "seen = step * position",
    ),
    algorithm(
        "nested: slope by the masked gradient",
        "np.sum(d_seen * step_slope(position, bits), axis=1)",
        "np.sum(d_seen * ((position >= lowest) & (position <= highest)) * step_slope(position, bits), axis=1)",
    ),
    algorithm("nested: no mask", 'd_seen * (passes | (self.case["straightThrough"] == "all"))', "d_seen"),
    algorithm(
        "nested: always masked", '(passes | (self.case["straightThrough"] == "all"))', "passes"
    ),
    algorithm(
        "nested: decay of what is seen",
        'd_values + self.case["rows"]["weightDecay"] * w, t)',
        'd_values + self.case["rows"]["weightDecay"] * seen, t)',
    ),
    algorithm(
        "nested: no decay of the step",
        '(g * d_step_unscaled + options["weightDecay"] * step[:, 0]) * step[:, 0]',
        "g * d_step_unscaled * step[:, 0]",
    ),
    algorithm("nested: the step moved, not its logarithm", "step[:, 0] * np.exp(step_change)", "step[:, 0] + step_change"),
    algorithm(
        "nested: the grid moved around the code 0",
        "change + (code - parts / 2) * (fine - new_fine)",
        "change + code * (fine - new_fine)",
    ),
    algorithm("nested: moves on the old grid", "(fine - new_fine)) / new_fine", "(fine - new_fine)) / fine"),
    algorithm("nested: limited to the seen grid", "rounded(offset, code, stored, uniforms)", "rounded(offset, code, bits, uniforms)"),
    # Weight decay.
    algorithm("weight decay of rows", ROW_DECAY, "gradient = d_values"),
    algorithm("weight decay of rows decoupled", ROW_CHANGE, DECOUPLED),
    algorithm("weight decay of steps", STEP_DECAY, "step_gradient = d_step"),
    # Adam.
    *adam("beta1 decay", ADAM_M, "self.m[rows] + (1 - beta1) * gradient"),
    *adam("beta2 decay", ADAM_V, "self.v[rows] + (1 - beta2) * gradient**2"),
    *adam("bias correction of m", CORRECTED_M, "self.m[rows]"),
    *adam("bias correction of v", CORRECTED_V, "self.v[rows]"),
    algorithm("bias correction by a row's own count of steps", ADAM_M, OWN_COUNT),
    algorithm("moments decay in rows outside the batch", ADAM_M, NOT_LAZY),
    algorithm(
        "epsilon 1e-8 for steps",
        'make(case["steps"], (rows,))',
        'make(case["steps"] | {"epsilon": 1e-8}, (rows,))',
    ),
    algorithm("epsilon 0", MAKE, MAKE.replace("shape, options,", 'shape, options | {"epsilon": 0},')),
    # Row-wise Adagrad.
    algorithm("Adagrad: sum instead of mean over D", ADAGRAD, ADAGRAD.replace("mean", "sum")),
    algorithm(
        "Adagrad: state of rows forgets",
        ADAGRAD,
        "self.state[rows] = squares.mean(axis=1) if gradient.ndim == 2 else self.state[rows] + squares",
    ),
    algorithm(
        "Adagrad: state of steps forgets",
        ADAGRAD,
        "self.state[rows] = self.state[rows] + squares.mean(axis=1) if gradient.ndim == 2 else squares",
    ),
    # Quantizing the change.
    algorithm("code * (step - newStep)", OFFSET, "offset = change / new_step"),
    algorithm("line 5 with the old step", OFFSET, OFFSET.replace("/ new_step", "/ step")),
    algorithm("lower limit of codes", LIMITED, "np.minimum(offset, highest - code)"),
    algorithm("upper limit of codes", LIMITED, "np.maximum(offset, lowest - code)"),
    algorithm("symmetric limits", "return -(2 ** (bits - 1)), 2", "return -(2 ** (bits - 1)) + 1, 2"),
    algorithm(
        "stochastic rounding with u > fraction", "(uniforms < offset - low)", "(uniforms > offset - low)"
    ),
    algorithm("deterministic rounding down", "np.floor(x + 0.5)", "np.floor(x)"),
    # Uniforms.
    algorithm("uniforms: high word of the seed", UNIFORMS, UNIFORMS.replace("seed", "seed & 0xFFFFFFFF")),
    algorithm("uniforms: steps counted from 0", UNIFORMS, UNIFORMS.replace('batch["t"]', 'batch["t"] - 1')),
    algorithm("uniforms: vocabulary", UNIFORMS, UNIFORMS.replace("int(f)", "0")),
    algorithm(
        "uniforms: row of the table instead of id",
        UNIFORMS,
        UNIFORMS.replace("int(i)", "int(i + self.offsets[f])"),
    ),
    algorithm(
        "uniforms: one for a whole row",
        UNIFORMS,
        UNIFORMS.replace('self.case["dim"])', '1).repeat(self.case["dim"])'),
    ),
    ("uniforms: second block of a row", "philox", "| block)", "| 0)"),
    ("uniforms: stream", "philox", "ROUNDING_STREAM = 1", "ROUNDING_STREAM = 0"),
    ("uniforms: low bits of the word", "philox", "((word >> 9) + 0.5)", "((word & 0x7FFFFF) + 0.5)"),
]
