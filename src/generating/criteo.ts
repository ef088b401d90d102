// Looks like Criteo's display advertising challenge. Facts: 45,840,617 rows, 25.6 % ones; the cardinalities that public
// code carries, which sum to the published 33,762,577; means and deviations of the numbers from AutoInt's preprocessing. The exponents are ours: with them
// the expected numbers of features at thresholds 1, 2 and 10 come out as published (docs/generate.md).
import { type CategorySpec, columnsOfKind, type NumberSpec, type Shape } from './shape.js';

const cardinalities = [
  1460, 583, 10_131_227, 2_202_608, 305, 24, 12_517, 633, 3, 93_145, 5683, 8_351_593, 3194, 27, 14_992,
  5_461_306, 10, 5652, 2173, 4, 7_046_547, 18, 15, 286_181, 105, 142_572,
];

/** Millions of values, mostly seen once; middling; small, all of them seen. */
const exponentOf = (cardinality: number) => (cardinality > 1e6 ? 1.12 : cardinality > 20_000 ? 1.4 : 1.2);

const categories = cardinalities.map(
  (cardinality, i): CategorySpec => ({ name: `C${i + 1}`, cardinality, exponent: exponentOf(cardinality) }),
);

const numbers = [
  [3.502, 9.429],
  [105.8, 391.5],
  [26.91, 398],
  [7.323, 8.793],
  [18_539, 69_395],
  [116.1, 382.6],
  [16.33, 66.05],
  [12.52, 16.69],
  [106.1, 220.3],
  [0.6175, 0.6841],
  [2.733, 5.199],
  [0.991, 5.598],
  [8.217, 16.21],
].map(([mean, deviation], i): NumberSpec => ({ name: `I${i + 1}`, mean, deviation }));

export const criteo: Shape = {
  summary: 'Criteo display advertising challenge, tab separated without a header',
  categories,
  numbers,
  rows: 45_840_617,
  positiveRate: 0.2562,
  logitDeviation: 1.45,
  minCount: 10,
  separator: '\t',
  otherFields: 0,
  columns: [{ kind: 'label' }, ...columnsOfKind('number', numbers), ...columnsOfKind('category', categories)],
};
