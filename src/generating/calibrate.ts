// Scale and bias of a planted model, found on rows that are drawn for it alone: the logit then has the deviation that
// the shape asks for, and the mean probability is the published rate.
import { sigmoid } from '../metrics/calibration.js';
import type { Laws } from './plan.js';
import { PlantedModel } from './planted-model.js';
import { RowSource } from './row-source.js';
import type { Shape } from './shape.js';

/** logit = scale · effects + bias */
export interface Calibrated {
  readonly scale: number;
  readonly bias: number;
}

const sampleRows = 32_768;
/** No file has that many rows. */
const firstSampleRow = 2 ** 52;

/** Finds them. The same for the same shape, laws and seed. */
export function calibrate(shape: Shape, laws: Laws, seed: number): Calibrated {
  const model = new PlantedModel(shape, laws, seed);
  const source = new RowSource(shape, laws, seed);
  const effects = Float64Array.from({ length: sampleRows }, (_, i) => {
    source.draw(firstSampleRow + i);
    return model.effects(source.row);
  });
  const mean = effects.reduce((sum, x) => sum + x, 0) / sampleRows;
  const variance = effects.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sampleRows;
  const scale = shape.logitDeviation / Math.sqrt(variance);
  let low = -20;
  let high = 20;
  for (let i = 0; i < 50; i++) {
    const bias = (low + high) / 2;
    const rate = effects.reduce((sum, x) => sum + sigmoid(scale * (x - mean) + bias), 0) / sampleRows;
    if (rate < shape.positiveRate) low = bias;
    else high = bias;
  }
  return { scale, bias: (low + high) / 2 - scale * mean };
}
