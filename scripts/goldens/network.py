"""DCN (v1) evaluated layer by layer, with its gradient derived by hand. No embedding, no optimizer.

    x_(l+1) = x_0 (w_l . x_l) + b_l + x_l
    logit   = x_L . output.cross + MLP(x_0) . output.mlp + output.bias
    loss    = mean over B of binary cross-entropy

The type of the arrays decides the precision (float64 for the goldens, float32 to see what rounding does).
"""

import numpy as np

CROSS_LAYERS = 2
HIDDEN = (6, 5)


def shapes(width):
    """Name to shape of every dense parameter; width is F * D."""
    result = {"cross.weight": (width, CROSS_LAYERS), "cross.bias": (CROSS_LAYERS, width)}
    inputs = width
    for layer, units in enumerate(HIDDEN):
        result[f"mlp.{layer}.weight"] = (inputs, units)
        result[f"mlp.{layer}.bias"] = (units,)
        inputs = units
    return result | {"output.cross": (width, 1), "output.mlp": (inputs, 1), "output.bias": (1,)}


def run(parameters, x, labels):
    """One pass over x (B, F*D): loss, gradient of x, gradients by name, and all inputs of the ReLUs."""
    p, batch = parameters, x.shape[0]

    crosses, products = [x], []
    for layer in range(CROSS_LAYERS):
        products.append(crosses[-1] @ p["cross.weight"][:, layer])
        crosses.append(x * products[-1][:, None] + p["cross.bias"][layer] + crosses[-1])
    hidden, inputs = [x], []
    for layer in range(len(HIDDEN)):
        inputs.append(hidden[-1] @ p[f"mlp.{layer}.weight"] + p[f"mlp.{layer}.bias"])
        hidden.append(np.maximum(inputs[-1], 0))
    logit = (crosses[-1] @ p["output.cross"] + hidden[-1] @ p["output.mlp"])[:, 0] + p["output.bias"]
    loss = np.mean(np.logaddexp(0, logit) - labels * logit)

    d_logit = ((1 / (1 + np.exp(-logit)) - labels) / batch)[:, None]  # (B, 1)
    d = {
        "output.cross": crosses[-1].T @ d_logit,
        "output.mlp": hidden[-1].T @ d_logit,
        "output.bias": d_logit.sum(axis=0),
        "cross.weight": np.zeros_like(p["cross.weight"]),
        "cross.bias": np.zeros_like(p["cross.bias"]),
    }
    d_x = np.zeros_like(x)
    d_cross = d_logit @ p["output.cross"].T
    for layer in reversed(range(CROSS_LAYERS)):
        d_product = np.sum(d_cross * x, axis=1)
        d["cross.weight"][:, layer] = crosses[layer].T @ d_product
        d["cross.bias"][layer] = d_cross.sum(axis=0)
        d_x += d_cross * products[layer][:, None]
        d_cross = d_cross + np.outer(d_product, p["cross.weight"][:, layer])
    d_x += d_cross
    d_hidden = d_logit @ p["output.mlp"].T
    for layer in reversed(range(len(HIDDEN))):
        d_input = d_hidden * (inputs[layer] > 0)
        d[f"mlp.{layer}.weight"] = hidden[layer].T @ d_input
        d[f"mlp.{layer}.bias"] = d_input.sum(axis=0)
        d_hidden = d_input @ p[f"mlp.{layer}.weight"].T
    d_x += d_hidden
    return loss, d_x, d, np.concatenate([z.ravel() for z in inputs])


def check(parameters, x, labels):
    """Every gradient against central differences of the loss; returns the largest difference."""
    _, d_x, gradients, _ = run(parameters, x, labels)
    h, worst = 1e-6, 0.0
    for array, gradient in [(x, d_x)] + [(parameters[name], gradients[name]) for name in parameters]:
        for index in np.ndindex(array.shape):
            kept, ends = array[index], []
            for value in (kept + h, kept - h):
                array[index] = value
                ends.append(run(parameters, x, labels)[0])
            array[index] = kept
            worst = max(worst, abs((ends[0] - ends[1]) / (2 * h) - gradient[index]))
    assert worst < 1e-8, f"gradient is off by {worst}"
    return worst
