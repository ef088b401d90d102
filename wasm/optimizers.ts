// Row optimizers: gradient (count, dim) and current values (count, dim) in, change of the values out; the state
// lies at `states + (row − firstRow)·stride` and is nobody else's business. Specification:
// src/kernels/reference-optimizers.ts.

/** Lazy Adam; state: first moments, then second moments. `rate` = learningRate / (1 − β1^t), `correction` = 1 − β2^t. */
export function adam(
  states: usize,
  stride: u32,
  firstRow: u32,
  rows: usize,
  count: u32,
  dim: u32,
  values: usize,
  gradient: usize,
  change: usize,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  weightDecay: f32,
  correction: f32,
): void {
  const rest1: f32 = 1 - beta1;
  const rest2: f32 = 1 - beta2;
  for (let i: u32 = 0; i < count; i++) {
    let first = states + <usize>(load<u32>(rows + (i << 2)) - firstRow) * stride;
    let second = first + (dim << 2);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4) {
      const decay = v128.mul<f32>(v128.splat<f32>(weightDecay), v128.load(values));
      const g = v128.add<f32>(v128.load(gradient), decay);
      const m = v128.add<f32>(
        v128.mul<f32>(v128.splat<f32>(beta1), v128.load(first)),
        v128.mul<f32>(v128.splat<f32>(rest1), g),
      );
      const v = v128.add<f32>(
        v128.mul<f32>(v128.splat<f32>(beta2), v128.load(second)),
        v128.mul<f32>(v128.splat<f32>(rest2), v128.mul<f32>(g, g)),
      );
      v128.store(first, m);
      v128.store(second, v);
      const size = v128.sqrt<f32>(v128.div<f32>(v, v128.splat<f32>(correction)));
      const scaled = v128.mul<f32>(v128.splat<f32>(-rate), m);
      v128.store(change, v128.div<f32>(scaled, v128.add<f32>(size, v128.splat<f32>(epsilon))));
      (values += 16), (gradient += 16), (change += 16), (first += 16), (second += 16);
    }
    for (; j < dim; j++) {
      const g = load<f32>(gradient) + weightDecay * load<f32>(values);
      const m = beta1 * load<f32>(first) + rest1 * g;
      const v = beta2 * load<f32>(second) + rest2 * (g * g);
      store<f32>(first, m);
      store<f32>(second, v);
      store<f32>(change, (-rate * m) / (Mathf.sqrt(v / correction) + epsilon));
      (values += 4), (gradient += 4), (change += 4), (first += 4), (second += 4);
    }
  }
}

/** Row-wise Adagrad; state: one sum of mean squared gradients per row. */
export function rowwiseAdagrad(
  states: usize,
  stride: u32,
  firstRow: u32,
  rows: usize,
  count: u32,
  dim: u32,
  values: usize,
  gradient: usize,
  change: usize,
  rate: f32,
  epsilon: f32,
  weightDecay: f32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const state = states + <usize>(load<u32>(rows + (i << 2)) - firstRow) * stride;
    let lane0: f32 = 0,
      lane1: f32 = 0,
      lane2: f32 = 0,
      lane3: f32 = 0;
    for (let j: u32 = 0; j < dim; j++) {
      const g = load<f32>(gradient + (j << 2)) + weightDecay * load<f32>(values + (j << 2));
      store<f32>(change + (j << 2), g);
      const square = g * g;
      const lane = j & 3;
      if (lane == 0) lane0 += square;
      else if (lane == 1) lane1 += square;
      else if (lane == 2) lane2 += square;
      else lane3 += square;
    }
    const total = load<f32>(state) + (lane0 + lane1 + (lane2 + lane3)) / <f32>dim;
    store<f32>(state, total);
    const size = Mathf.sqrt(total) + epsilon;
    for (let j: u32 = 0; j < dim; j++) {
      store<f32>(change + (j << 2), (-rate * load<f32>(change + (j << 2))) / size);
    }
    (values += dim << 2), (gradient += dim << 2), (change += dim << 2);
  }
}
