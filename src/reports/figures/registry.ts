// The figures of a report, in its order; the key is the name of the file. One file and one line here add one.
import { aucDifferences, loglossDifferences } from './differences.js';
import type { FigureSpec } from './figure-spec.js';
import { lossByFrequency } from './frequency-deciles.js';
import { trainingLoss, validationAuc } from './learning-curves.js';
import { inferenceSize, trainingSize } from './sizes.js';
import { stepSizes } from './step-sizes.js';
import { erasedUpdates, saturatedCodes, zeroCodes } from './table-shares.js';

export const figures: Readonly<Record<string, FigureSpec>> = {
  'auc-differences': aucDifferences,
  'logloss-differences': loglossDifferences,
  'auc-by-inference-bytes': inferenceSize,
  'auc-by-training-bytes': trainingSize,
  'training-loss': trainingLoss,
  'validation-auc': validationAuc,
  'step-sizes': stepSizes,
  'saturated-codes': saturatedCodes,
  'zero-codes': zeroCodes,
  'erased-updates': erasedUpdates,
  'loss-by-frequency': lossByFrequency,
};
