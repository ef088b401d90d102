// The numbers printed in the ALPT paper (Li, Guo, Hou, Zhang, Tang, Tang, Zhang, Li: "ALPT: Adaptive Low-Precision
// Training for Embeddings in Click-Through Rate Prediction", AAAI 2023, arXiv 2212.05735), tables 1 to 3, and the facts of
// its data sets. Nothing here is measured by bitrow.

export const paper = 'Li et al., "ALPT", AAAI 2023, arXiv 2212.05735';

/** The paper's two data sets, by the name that `prepare` gives them. */
export const paperDatasets = ['avazu', 'criteo'] as const;
export type PaperDataset = (typeof paperDatasets)[number];

export const paperNames = { avazu: 'Avazu', criteo: 'Criteo' } as const satisfies Record<
  PaperDataset,
  string
>;

export interface PublishedScore {
  auc: number;
  logloss: number;
}

/** A cell group of table 1; deviations are the numbers behind ±. */
export interface PublishedResult extends PublishedScore {
  aucDeviation: number;
  loglossDeviation: number;
  epochs: number;
  /** Of an epoch, on a V100. */
  minutes: number;
}

const result = (
  auc: number,
  aucDeviation: number,
  logloss: number,
  loglossDeviation: number,
  epochs: number,
  minutes: number,
): PublishedResult => ({ auc, aucDeviation, logloss, loglossDeviation, epochs, minutes });

/** Table 1, 8 bits, D = 16, in its order; `ratios`: compression in training and inference. */
export const table1 = {
  FP: {
    avazu: result(0.7949, 2e-4, 0.37069, 1e-4, 1, 6),
    criteo: result(0.8144, 5e-5, 0.43764, 5e-5, 9, 9),
    ratios: [1, 1],
  },
  Hashing: {
    avazu: result(0.7928, 3e-4, 0.37203, 2e-4, 1, 6),
    criteo: result(0.8119, 7e-5, 0.4413, 6e-5, 11, 9),
    ratios: [2, 2],
  },
  Pruning: {
    avazu: result(0.7926, 2e-4, 0.37202, 1e-4, 1, 27),
    criteo: result(0.8123, 5e-5, 0.44049, 5e-5, 8, 16),
    ratios: [1, 2],
  },
  PACT: {
    avazu: result(0.7948, 2e-4, 0.37074, 1e-4, 1, 6),
    criteo: result(0.8144, 8e-5, 0.43765, 6e-5, 9, 9),
    ratios: [1, 4],
  },
  LSQ: {
    avazu: result(0.7949, 1e-4, 0.37073, 1e-4, 1, 6),
    criteo: result(0.8144, 3e-5, 0.43764, 3e-5, 9, 9),
    ratios: [1, 4],
  },
  'LPT(DR)': {
    avazu: result(0.7654, 4e-4, 0.38844, 3e-4, 15, 6),
    criteo: result(0.7966, 1e-4, 0.45306, 1e-4, 15, 9),
    ratios: [4, 4],
  },
  'LPT(SR)': {
    avazu: result(0.7927, 2e-4, 0.37205, 1e-4, 1, 6),
    criteo: result(0.8123, 8e-5, 0.43945, 3e-5, 9, 9),
    ratios: [4, 4],
  },
  'ALPT(DR)': {
    avazu: result(0.7928, 3e-4, 0.37216, 2e-4, 1, 7),
    criteo: result(0.8096, 2e-4, 0.44198, 2e-4, 6, 11),
    ratios: [3.2, 3.2],
  },
  'ALPT(SR)': {
    avazu: result(0.7951, 2e-4, 0.37062, 1e-4, 1, 7),
    criteo: result(0.8144, 3e-5, 0.43763, 3e-5, 9, 11),
    ratios: [3.2, 3.2],
  },
} as const satisfies Record<
  string,
  Record<PaperDataset, PublishedResult> & { ratios: readonly [training: number, inference: number] }
>;

const score = (auc: number, logloss: number): PublishedScore => ({ auc, logloss });

/** Table 2, by method, data set and bits. */
export const table2 = {
  PACT: {
    avazu: { 2: score(0.7678, 0.38604), 4: score(0.7925, 0.37211) },
    criteo: { 2: score(0.79, 0.45945), 4: score(0.8114, 0.4403) },
  },
  LSQ: {
    avazu: { 2: score(0.7912, 0.37317), 4: score(0.794, 0.37129) },
    criteo: { 2: score(0.8089, 0.44296), 4: score(0.8105, 0.44278) },
  },
  'LPT(SR)': {
    avazu: { 2: score(0.7829, 0.37806), 4: score(0.7906, 0.37342) },
    criteo: { 2: score(0.8009, 0.44973), 4: score(0.8079, 0.44379) },
  },
  'ALPT(SR)': {
    avazu: { 2: score(0.7851, 0.37674), 4: score(0.7919, 0.3726) },
    criteo: { 2: score(0.8033, 0.4476), 4: score(0.8111, 0.44072) },
  },
} as const satisfies Record<string, Record<PaperDataset, Record<2 | 4, PublishedScore>>>;

/** Table 3, by method, data set and half: D = 32, or the lower threshold. */
export const table3 = {
  FP: {
    avazu: { dim: score(0.7951, 0.37055), threshold: score(0.7945, 0.37099) },
    criteo: { dim: score(0.8123, 0.44039), threshold: score(0.8125, 0.43975) },
  },
  'LPT(SR)': {
    avazu: { dim: score(0.7934, 0.37162), threshold: score(0.7923, 0.37234) },
    criteo: { dim: score(0.8119, 0.44013), threshold: score(0.8115, 0.44036) },
  },
  'ALPT(SR)': {
    avazu: { dim: score(0.7955, 0.3704), threshold: score(0.7946, 0.37098) },
    criteo: { dim: score(0.8126, 0.44), threshold: score(0.8126, 0.43948) },
  },
} as const satisfies Record<string, Record<PaperDataset, Record<'dim' | 'threshold', PublishedScore>>>;

export interface PaperData {
  /** Of all splits together, as Kaggle offers them. */
  rows: number;
  fields: number;
  /** Section 4.1, and section 4.3 for the lower one of table 3. */
  minCount: number;
  lowerMinCount: number;
  /** Rows of the table at either. */
  features: number;
  moreFeatures: number;
}

export const paperData = {
  // 24 fields, as section 2.3 counts them (section 4.1 says 23).
  avazu: {
    rows: 40_428_967,
    fields: 24,
    minCount: 2,
    lowerMinCount: 1,
    features: 4_428_293,
    moreFeatures: 9_449_238,
  },
  criteo: {
    rows: 45_840_617,
    fields: 39,
    minCount: 10,
    lowerMinCount: 2,
    features: 1_086_895,
    moreFeatures: 6_780_382,
  },
} as const satisfies Record<PaperDataset, PaperData>;
