// Rows for benchmarks: fp32 values that look Gaussian, the same in every run.

/** Fills `out` with sums of twelve uniforms, less 6, of a small generator of its own. */
export function fillGaussian(out: Float32Array, seed = 1): void {
  let random = seed;
  for (let i = 0; i < out.length; i++) {
    let sum = -6;
    for (let k = 0; k < 12; k++) {
      random = (Math.imul(random, 1664525) + 1013904223) | 0;
      sum += (random >>> 0) / 2 ** 32;
    }
    out[i] = sum;
  }
}
