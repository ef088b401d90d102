// Settings by one name, for `--preset`: those of the ALPT paper (arXiv 2212.05735), by the data set they belong to, and
// `small` and `smaller`, what takes least memory without loss and with next to none. The paper gives its network only as "DCN, see the open benchmark"; that
// is BARS, whose best DCN runs (reczoo/BARS, ranking/ctr/DCN) have the same accuracy and epochs.
import { unknownName } from '../errors.js';
import type { CodeBits } from '../quantization/grid.js';
import type { Config } from './config.js';
import { type ConfigLayer, type PartialConfig, resolveLayers } from './resolve-config.js';

export interface Preset {
  /** One line for `--help`. */
  summary: string;
  /** The settings at a width: some of the paper's are for few bits only. */
  config(bits: CodeBits): PartialConfig;
}

/** What the paper's data sets share. */
const common = {
  dim: 16, // section 4.1
  learningRate: 1e-3, // Adam for everything, section 4.1
  drops: { afterEpochs: [6, 9], factor: 0.1 }, // section 4.1
  epochs: 15, // "max 15 epochs", section 4.1
  batchSize: 10_000, // section 2.3 ("a batch of ten thousand samples"), and BARS
  stepLearningRate: 2e-5, // section 4.1
};

function paper(model: PartialConfig, weightDecay: number, fewBitsStepDecay: number) {
  return (bits: CodeBits): PartialConfig => {
    const { dim, learningRate, drops, epochs, batchSize, stepLearningRate } = common;
    const isFewBits = bits <= 4;
    return {
      model: { name: 'dcn', dim, ...model },
      optimizer: { name: 'adam', learningRate, drops, weightDecay },
      // Weight decay is stated for embeddings only; BARS has none on the network.
      dense: { weightDecay: 0 },
      alpt: {
        stepLearningRate,
        // Section 4.1: as the embeddings'. Section 4.3, 4 and 2 bits: a decay of its own.
        stepWeightDecay: isFewBits ? fewBitsStepDecay : null,
      },
      // Section 4.3: 0.1 at 4 and 2 bits. At 8 bits it was tuned over {1, 0.1, 0.01, 0.001}, the best not stated.
      lpt: { clip: 0.1 },
      training: { epochs, batchSize },
    };
  };
}

export const presets = {
  criteo: {
    summary: 'DCN with 4 cross layers and an MLP of 5×1000, as in the ALPT paper',
    config: paper(
      // BARS, DCN_criteo_x4_001: 4 cross layers, MLP 5×1000, no batch normalization. Dropout: section 4.1.
      { crossLayers: 4, hidden: [1000, 1000, 1000, 1000, 1000], dropout: 0.2, batchNorm: false },
      1e-5, // section 4.1
      1e-6, // section 4.3
    ),
  },
  avazu: {
    summary: 'DCN with 3 cross layers and an MLP of 3×2000, as in the ALPT paper',
    config: paper(
      // BARS, DCN_avazu_x4_001: 3 cross layers, MLP 3×2000, no batch normalization, no dropout.
      { crossLayers: 3, hidden: [2000, 2000, 2000], dropout: 0, batchNorm: false },
      5e-8, // section 4.1
      0, // section 4.3
    ),
  },
  small: {
    summary: 'lpt-row with row-wise Adagrad: 20 bytes a row with its optimizer, for 192 (docs/memory.md)',
    // At D = 16: 16 bytes of codes, 2 of the step, 2 of the sum of squares.
    config: () => ({
      method: { name: 'lpt-row', stepType: 'fp16' },
      optimizer: { name: 'rowwise-adagrad', state: 'bf16' },
    }),
  },
  smaller: {
    summary:
      'small in 4 bits, frequent rows in 8: 14.4 bytes a row with its optimizer, for 192 (docs/memory.md)',
    // At D = 16: 8 bytes of codes, in one row of twenty 16, 2 each of the step, the bias and the sum of squares.
    config: (bits) => ({
      // The width is 4 unless another is asked for; rows of 8 or 16 bits have no hotter ones.
      method: {
        name: 'lpt-row',
        bits: Math.min(bits, 4),
        stepType: 'fp16',
        hotBits: bits < 8 ? 8 : null,
        hotShare: 0.05,
      },
      'lpt-row': { range: 'affine' },
      optimizer: { name: 'rowwise-adagrad', state: 'bf16' },
    }),
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]];

/** @throws UserError listing the presets */
export function findPreset(name: string): Preset {
  const known = presetNames.find((preset) => preset === name);
  if (known === undefined) throw unknownName('preset', name, presetNames);
  return presets[known];
}

/** A preset as a layer at a width. */
export function presetLayer(preset: Preset, bits: CodeBits): ConfigLayer {
  const name = presetNames.find((one) => presets[one] === preset);
  return { values: preset.config(bits), source: `The preset '${name}'` };
}

/** `before`, the preset, `layers`, later ones winning. A preset depends on the width, which it leaves to the others. */
export function resolveWithPreset(
  preset: Preset | undefined,
  layers: readonly ConfigLayer[],
  before: readonly ConfigLayer[] = [],
): Config {
  if (!preset) return resolveLayers([...before, ...layers]);
  const at = (bits: CodeBits) => resolveLayers([...before, presetLayer(preset, bits), ...layers]);
  return at(at(8).method.bits);
}
