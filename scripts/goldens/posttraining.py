"""Goldens of post-training quantization: the bytes that PyTorch makes of rows, and the values it reads from them.

    python posttraining.py                        writes test/goldens/posttraining.json
    python posttraining.py --check                compares, writes nothing
    python posttraining.py --rows 2000 --out FILE many more rows of each case, not to be committed:
                                                  BITROW_POSTTRAINING_GOLDENS=FILE npx vitest run dist/src/posttraining

Arrays are base64 of little-endian bytes. Of unpacked values the file has only the SHA-256. Rows on which PyTorch's own
search does not come back, a bin of the range being too small to move its ends, have no bytes of it. No row has both
zeros as its least values: the sign of the bias is then that of the processor's minimum (AVX2: not of the first).
"""

import argparse
import base64
import hashlib
import json
import pathlib

import numpy
import torch

TARGET = pathlib.Path(__file__).parents[2] / "test/goldens/posttraining.json"
DIMS = (8, 16, 32, 64, 128)
BINS, RATIO = 200, 0.16  # the defaults of both prepacks

torch_ops = torch.ops.quantized
OPERATORS = {
    "byte": (torch_ops.embedding_bag_byte_prepack, torch_ops.embedding_bag_byte_unpack),
    "4bit": (torch_ops.embedding_bag_4bit_prepack, torch_ops.embedding_bag_4bit_unpack),
    "2bit": (torch_ops.embedding_bag_2bit_prepack, torch_ops.embedding_bag_2bit_unpack),
    "4bit-optimized": (
        lambda rows: torch_ops.embedding_bag_4bit_prepack(rows, True, BINS, RATIO),
        torch_ops.embedding_bag_4bit_unpack,
    ),
    "2bit-optimized": (
        lambda rows: torch_ops.embedding_bag_2bit_prepack(rows, True, BINS, RATIO),
        torch_ops.embedding_bag_2bit_unpack,
    ),
}


def drawn(rows):
    """Rows of three distributions at each width; rows of a table differ in size, some are far from zero."""
    random = numpy.random.default_rng(20191105)
    for dim in DIMS:
        shape = (rows, dim)
        for name, values in (
            ("gaussian", random.standard_normal(shape)),
            ("laplace", random.laplace(size=shape)),
            ("student-2", random.standard_t(2, shape)),
        ):
            sizes = numpy.exp(random.normal(-3, 1.5, (rows, 1)))
            shifts = random.choice([0, 0, 0.5, -2], (rows, 1))
            yield f"{name}-{dim}", (values + shifts) * sizes


def degenerate():
    """Rows that the arithmetic has to be right for and hardly ever meets."""
    ramp = numpy.arange(16)
    for name, value in (
        ("zero", 0),
        ("negative-zero", -0.0),
        ("one", 1),
        # fp16 has none of these: the range is what rounding the bias leaves, below zero where it rounds up.
        ("tenth", 0.1),
        ("three-tenths", 0.3),
        ("negative-tenth", -0.1),
        ("negative-three-tenths", -0.3),
        ("large", 1234.567),
        ("least-of-fp16", 2.0**-24),
        ("subnormal-of-fp16", 3.3e-6),
        ("below-fp16", 1e-9),
        ("subnormal-of-fp32", 1e-40),
        ("greatest-of-fp16", 65504),
        ("negative-greatest-of-fp16", -65504),
        ("rounds-to-greatest-of-fp16", 65519.9),
    ):
        yield f"constant-{name}", numpy.full(16, value)
    yield "ramp-of-codes", ramp / 15
    yield "ramp-of-halves", ramp / 2
    yield "ties", numpy.repeat([0, 0.5, 1.5, 2.5, 3.5, 4.5, 7.5, 15], 2)
    yield "falling", -ramp / 7
    yield "two-values", numpy.tile([-0.7, 0.9], 8)
    yield "outlier-above", numpy.where(ramp == 3, 50, numpy.sin(ramp))
    yield "outlier-below", numpy.where(ramp == 15, -800, numpy.cos(ramp) / 100)
    yield "outlier-alone", numpy.where(ramp == 0, 1e-3, 0)
    yield "small-range", 1e-6 * ramp / 15
    yield "range-below-fp16", 3e-7 * ramp / 15
    yield "range-of-one-half", 1 + 2.0**-11 * ramp / 15
    yield "subnormals-of-fp16", 2.0**-22 * numpy.sin(ramp)
    yield "subnormals-of-fp32", 1e-41 * ramp
    yield "least-of-fp32", numpy.where(ramp == 5, 2.0**-149, 0)
    yield "far-from-zero", 1000 + ramp / 16000
    yield "huge", 60000 * numpy.cos(ramp)
    yield "greatest-range-of-2-bits", numpy.where(ramp < 8, -65504, 131000)
    yield "negative", -3 - numpy.sin(ramp) ** 2
    # Rows by which it shows how the greedy search adds up squares and takes equal losses, and where it ends.
    for seed in (1, 9, 17, 36):
        half = numpy.random.default_rng(seed).standard_normal(8)
        yield f"both-signs-{seed}", numpy.concatenate([half, -half])
    for seed in (8, 36):
        inner = numpy.random.default_rng(seed).uniform(20, 190, 14).round()
        yield f"bins-of-1-{seed}", numpy.concatenate([[0, 200], inner])
    inner = 8 * numpy.random.default_rng(70).integers(0, 25, 14)
    yield "few-values", numpy.concatenate([[0, 200], inner])


def beyond():
    """Rows whose bias or scale no fp16 has, at 2 bits or at 4 too: PyTorch stores infinities, bitrow refuses."""
    ramp = numpy.arange(16)
    yield "bias-rounds-to-infinity", numpy.where(ramp == 2, -65520.5, 1)
    yield "huge-constant", numpy.full(16, 1e6)
    yield "scale-at-2-bits", 300000 * ramp / 15
    yield "greatest-range-of-4-bits", numpy.where(ramp < 8, -65504, 900000)
    yield "scale", 1e7 * ramp / 15
    yield "fp32", 1e38 * numpy.cos(ramp)


def encoded(array):
    return base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode()


# Names of rows on which choose_qparams_optimized of torch 2.15 runs forever.
ENDLESS = {"least-of-fp32", "far-from-zero"}


def golden(name, values):
    rows = torch.from_numpy(numpy.atleast_2d(values).astype("<f4"))
    packed = {}
    for operator, (prepack, unpack) in OPERATORS.items():
        if name in ENDLESS and operator.endswith("-optimized"):
            continue
        data = prepack(rows)
        # The unpack operators of torch 2.15 agree with scale * code + bias, rounded once.
        read = unpack(data).numpy().astype("<f4")
        packed[operator] = {"bytes": encoded(data.numpy()), "unpacked": hashlib.sha256(read.tobytes()).hexdigest()}
    return {"name": name, "dim": rows.shape[1], "values": encoded(rows.numpy()), "packed": packed}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=5)
    arguments.add_argument("--out", type=pathlib.Path, default=TARGET)
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    contents = {
        "program": f"torch {torch.__version__.split('+')[0]}, numpy {numpy.__version__}",
        "rows": [golden(*case) for case in drawn(options.rows)] + [golden(*case) for case in degenerate()],
        "beyond": [golden(*case) for case in beyond()],
    }
    text = json.dumps(contents, indent=1) + "\n"
    if options.check:
        raise SystemExit(None if options.out.read_text() == text else f"{options.out} differs")
    options.out.write_text(text)


main()
