// The least l2 error that scale and bias can reach, for tests: exactly, by trying all codes that a grid can give a row.
// In the plane of (scale, bias) the code of value x_j changes at the lines bias = x_j − scale·(k + ½); between them all
// codes stay, so every way to code the row is that of a cell of these D·(2^M − 1) lines, and each cell has an edge on one
// of them. Along each line the crossings with the others are sorted, and on each edge both sides are tried. The error of
// a cell's codes with the least squares for them is no less than the optimum, and that of the optimum's own cell no more.
// Scales below 0 give nothing else: codes in reverse.

/** The sum of squared errors at the optimum. In float64, O((D·2^M)²·D). */
export function exactError(values: readonly number[], highest: number): number {
  const dim = values.length;
  const codes = new Float64Array(dim);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k < highest; k++) {
      const a = k + 0.5;
      const cuts = [0];
      for (let j = 0; j < dim; j++) {
        for (let l = 0; l < highest; l++) {
          const scale = (values[i] - values[j]) / (k - l);
          if (j !== i && k !== l && scale > 0) cuts.push(scale);
        }
      }
      cuts.sort((p, q) => p - q);
      cuts.push(2 * cuts[cuts.length - 1] + 1);
      for (let c = 1; c < cuts.length; c++) {
        if (cuts[c] === cuts[c - 1]) continue;
        const scale = (cuts[c - 1] + cuts[c]) / 2;
        const bias = values[i] - scale * a;
        for (let j = 0; j < dim; j++) {
          codes[j] = Math.max(0, Math.min(highest, Math.round((values[j] - bias) / scale)));
        }
        for (const code of [k, k + 1]) {
          codes[i] = code;
          best = Math.min(best, leastSquaresError(values, codes));
        }
      }
    }
  }
  return best;
}

function leastSquaresError(values: readonly number[], codes: Float64Array): number {
  const dim = values.length;
  let meanCode = 0;
  let meanValue = 0;
  for (let j = 0; j < dim; j++) {
    meanCode += codes[j] / dim;
    meanValue += values[j] / dim;
  }
  let [cc, cv, vv] = [0, 0, 0];
  for (let j = 0; j < dim; j++) {
    const [c, v] = [codes[j] - meanCode, values[j] - meanValue];
    cc += c * c;
    cv += c * v;
    vv += v * v;
  }
  return Math.max(0, cc > 0 ? vv - (cv * cv) / cc : vv);
}
