"""Goldens of the quantizers that PyTorch does not have: the ranges they choose, by plain numpy.

    python posttraining_ranges.py            writes test/goldens/posttraining-ranges.json (2 minutes)
    python posttraining_ranges.py --check    compares, writes nothing

Each written as its source has it, one bin, window or step after another, in float64 unless the source computes in fp32.
A row's range is [least, most]; `loss` of a histogram search is what it minimised, over the width of a bin squared.
"""

import json
import math
import pathlib
import sys

import numpy

TARGET = pathlib.Path(__file__).parents[2] / "test/goldens/posttraining-ranges.json"
BINS = 200
f4 = numpy.float32


def fake_quantized(row, least, most, bits):
    """fp32 scale and bias, the arithmetic of FBGEMM's N-bit rows."""
    top = f4(2**bits - 1)
    scale = f4(f4(most - least) / top)
    inverse = f4(f4(1) / scale)
    codes = numpy.clip(numpy.rint((row - f4(least)) * inverse), 0, top).astype(f4)
    return codes * scale + f4(least)


def loss(row, least, most, bits):
    return float(numpy.sqrt(numpy.sum((row - fake_quantized(row, least, most, bits)).astype("f8") ** 2)))


def greedy(row, bits):
    """Algorithm 1: either end is remembered by itself."""
    least, most = row.min(), row.max()
    best_least, best_most = least, most
    best = loss(row, least, most, bits)
    step = f4((most - least) / f4(BINS))
    kept = f4(f4(BINS * (1 - 0.16)) * step)
    while f4(least + kept) < most:
        above = loss(row, f4(least + step), most, bits)
        below = loss(row, least, f4(most - step), bits)
        if above < below:
            least = f4(least + step)
            if above < best:
                best, best_least = above, least
        else:
            most = f4(most - step)
            if below < best:
                best, best_most = below, most
    return best_least, best_most


def fp32_loss(row, least, most, bits):
    """The squares added in fp32, one after another."""
    lost = row - fake_quantized(row, least, most, bits)
    return numpy.sqrt(numpy.cumsum(lost * lost, dtype=f4)[-1])


def golden_section(row, bits):
    """The threshold in (0, m] until the bracket is m / 1000; the best of all evaluated."""
    ratio = (math.sqrt(5) - 1) / 2
    tried = []

    def lost(threshold):
        end = f4(threshold)
        tried.append((fp32_loss(row, -end, end, bits), len(tried), end))
        return tried[-1][0]

    low, high = 0.0, float(numpy.abs(row).max())
    shortest = 1e-3 * high
    lost(high)
    inner, outer = high - ratio * (high - low), low + ratio * (high - low)
    at_inner, at_outer = lost(inner), lost(outer)
    while high - low > shortest:
        if at_inner < at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - ratio * (high - low)
            at_inner = lost(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + ratio * (high - low)
            at_outer = lost(outer)
    end = min(tried)[2]
    return -end, end


ALPHA = {2: (1.71064, 2.83068), 4: (2.55914, 5.02864), 8: (3.92403, 9.89676)}


def aciq(row, bits):
    row = row.astype("f8")
    gauss_alpha, laplace_alpha = ALPHA[bits]
    deviation, b = row.std(), numpy.abs(row - row.mean()).mean()
    alpha = laplace_alpha * b
    laplace = 2 * b**2 * math.exp(-alpha / b) + alpha**2 / (3 * 4**bits)
    wide = gauss_alpha * deviation
    gauss = (
        (deviation**2 + wide**2) * (1 - math.erf(wide / (deviation * math.sqrt(2))))
        - math.sqrt(2 / math.pi) * wide * deviation * math.exp(-(wide**2) / (2 * deviation**2))
        + wide**2 / (3 * 4**bits)
    )
    if gauss <= laplace:
        alpha = wide
    if alpha >= (row.max() - row.min()) / 2:
        return row.min(), row.max()
    least = max(row.min(), row.mean() - alpha)
    return least, least + 2 * alpha


def cube(begin, end):
    return (end**3 - begin**3) / 3


def histogram_loss(counts, start, width, bits):
    """Over the bins, each with the cells it reaches into; a bin is 1 wide."""
    top = 2**bits - 1
    cell = width / 2**bits
    total = 0.0
    for bin_at, count in enumerate(counts):
        if count == 0:
            continue
        begin, end = bin_at - start, bin_at - start + 1
        first = min(top, max(0, math.floor(begin / cell)))
        last = min(top, max(0, math.floor(end / cell)))
        middle = first * cell + cell / 2
        if first == last:
            total += count * cube(begin - middle, end - middle)
        else:
            total += count * cube(begin - middle, cell / 2)
            total += count * (last - first - 1) * cube(-cell / 2, cell / 2)
            total += count * cube(-cell / 2, end - (last * cell + cell / 2))
    return total


def histogram(row):
    least, width = float(row.min()), (float(row.max()) - float(row.min())) / BINS
    counts = [0] * BINS
    for value in row:
        counts[min(BINS - 1, int((float(value) - least) / width))] += 1
    return counts, least, width


def hist_brute(row, bits):
    counts, least, bin_width = histogram(row)
    best = (math.inf, 0, 0)
    second = math.inf
    for width in range(1, BINS + 1):
        for start in range(BINS - width + 1):
            lost = histogram_loss(counts, start, width, bits)
            if lost < best[0]:
                best, second = (lost, start, width), best[0]
            else:
                second = min(second, lost)
    # A tie would be a matter of rounding.
    assert second > best[0] * (1 + 1e-9)
    return least + bin_width * best[1], least + bin_width * (best[1] + best[2])


def hist_approx(row, bits):
    counts, least, bin_width = histogram(row)
    below = numpy.cumsum(counts)
    total = below[-1]
    alpha, beta, step = 0.0, 1.0, 1e-5
    start, end = 0, BINS - 1
    best = math.inf
    while alpha < beta:
        next_alpha, next_beta = alpha + step, beta - step
        i, j = start, end
        while i < end and below[i] < next_alpha * total:
            i += 1
        while j > start and below[j] > next_beta * total:
            j -= 1
        next_start, next_end = start, end
        if i - start > end - j:
            next_start, alpha = i, next_alpha
        else:
            next_end, beta = j, next_beta
        if (next_start, next_end) == (start, end):
            continue
        lost = histogram_loss(counts, next_start, next_end - next_start + 1, bits)
        if lost > best:
            break
        best, start, end = lost, next_start, next_end
    return least + bin_width * start, least + bin_width * (end + 1)


METHODS = {
    "gss": (golden_section, (2, 4, 8)),
    "aciq": (aciq, (2, 4, 8)),
    "hist-approx": (hist_approx, (2, 4)),
    "hist-brute": (hist_brute, (2, 4)),
    "greedy-paper": (greedy, (2, 4, 8)),
}


def main():
    random = numpy.random.default_rng(1911)
    rows = []
    for dim in (8, 40):
        rows += [
            random.standard_normal(dim),
            random.laplace(size=dim),
            random.standard_t(2, dim) / 100,
            0.7 + random.standard_normal(dim) / 10,
            random.uniform(-3, 1, dim),
            # Most of a row in one place: where the Laplace model has the smaller error.
            numpy.where(numpy.arange(dim) == 3, -7, random.standard_normal(dim) / 1000),
        ]
    slow = len(rows)
    for dim in (8, 24, 24, 24, 40):
        rows += [random.exponential(size=dim), random.standard_t(3, dim), random.integers(-9, 20, dim) + 0.25]
    records = []
    for at, values in enumerate(rows):
        row = values.astype(f4)
        ranges = {
            name: {str(bits): [float(f4(end)) for end in method(row, bits)] for bits in widths}
            for name, (method, widths) in METHODS.items()
            if name != "hist-brute" or at < slow
        }
        records.append({"values": [float(value) for value in row], "ranges": ranges})
    contents = {"program": f"numpy {numpy.__version__}", "rows": records}
    text = json.dumps(contents, indent=1) + "\n"
    if "--check" in sys.argv:
        raise SystemExit(None if TARGET.read_text() == text else f"{TARGET} differs")
    TARGET.write_text(text)


main()
