// Figure 4: AUC of ALPT under different learning rates and gradient scaling factors g of the step size.
import { loadDataset } from '../../data/encoded-dataset.js';
import type { Manifest } from '../../data/manifest.js';
import type { Comparison } from '../../reports/comparison.js';
import { reportedSplit } from '../../reports/summary.js';
import { drawRates, type RateLine } from './draw-rates.js';
import { measure, scoreText } from './measured.js';
import { nothing, type Page } from './page.js';
import { type ChosenSettings, paperRows } from './paper-row.js';
import { type PlannedVariant, planVariant } from './planned-variant.js';
import type { Reproduction } from './reproduction.js';
import { tableNotes, tablePage } from './table-page.js';

/** Section 4.4, in its order; the last is the paper's choice. */
export const gradientScales = ['1', '1/sqrt(dq)', '1/sqrt(bdq)'] as const;
const scaleNames = { '1': '1', '1/sqrt(dq)': '1/√(dq)', '1/sqrt(bdq)': '1/√(bdq)' } as const;

/** About the paper's 2e-5 (section 4.1), a half decade apart. The rates of its own figure stand in no text. */
export const stepRates = [2e-6, 6e-6, 2e-5, 6e-5, 2e-4] as const;

const bits = 8;
const [alpt] = paperRows.filter(({ name }) => name === 'ALPT(SR)');

interface Point {
  scale: (typeof gradientScales)[number];
  rate: number;
  planned: PlannedVariant;
}

export const figure4: Reproduction = {
  summary: 'AUC of ALPT by learning rate and gradient scaling of the step size',
  needsData: true,
  options: [],
  rows: [],
  async make(request) {
    const { manifest } = await loadDataset(request.data);
    const points = plan(request.settings);
    const variants = points.flatMap(({ planned }) => planned.candidates);
    const comparison = await request.measure(request.data, variants);
    return figure4Page({ manifest, comparison, points });
  },
};

/** What is trained for it: every g with every rate. */
export function plan(settings: ChosenSettings): Point[] {
  return gradientScales.flatMap((scale) =>
    stepRates.map((rate) => {
      const fixed = { alpt: { gradientScale: scale, stepLearningRate: rate } };
      const label = `alpt.gradientScale=${scale} alpt.stepLearningRate=${rate}`;
      return { scale, rate, planned: planVariant(alpt, bits, settings, { fixed, label }) };
    }),
  );
}

/** The page from what was measured. */
export async function figure4Page(measured: {
  manifest: Manifest;
  comparison: Comparison;
  points: readonly Point[];
}): Promise<Page> {
  const { manifest, comparison, points } = measured;
  const split = reportedSplit(comparison);
  const scoreOf = ({ planned: { candidates } }: Point) => {
    const variant = comparison.variants.find(({ name }) => name === candidates[0].name);
    return variant ? measure(variant, split).auc : null;
  };
  const lines = gradientScales.map(
    (scale): RateLine => ({
      name: scaleNames[scale],
      points: points
        .filter((point) => point.scale === scale)
        .flatMap((point) => {
          const score = scoreOf(point);
          return score?.mean == null
            ? []
            : [{ rate: point.rate, auc: score.mean, deviation: score.deviation }];
        }),
    }),
  );
  const title = 'Figure 4: learning rate and gradient scaling of the step size';
  const page = tablePage({
    title,
    parts: [{ manifest, threshold: 'usual', comparison, planned: points.map(({ planned }) => planned) }],
    table: {
      corner: 'learning rate of the step',
      groups: [{ title: '', columns: gradientScales.map((scale) => `g = ${scaleNames[scale]}`) }],
      rows: stepRates.map((rate) => ({
        name: rate.toExponential(0),
        cells: gradientScales.map((scale) => {
          const point = points.find((each) => each.scale === scale && each.rate === rate);
          const score = point ? scoreOf(point) : null;
          return score ? scoreText(score) : nothing;
        }),
      })),
    },
    claims: [],
    notes: [
      ...tableNotes,
      'The paper finds that g has little influence and the learning rate a significant one (section 4.4). The text does not give the rates of its figure; these lie about its choice of 2e-5.',
      'The step’s optimizer is Adam, which cancels a constant factor of its gradient as long as ε is small beside it (alpt.stepEpsilon): that g hardly matters follows from it.',
    ],
    isClipTuned: false,
  });
  const svg = await drawRates(lines, split, title);
  const caption = `AUC of the ${split} split; bars are one standard deviation between seeds. Points of one rate are set a little apart.`;
  const at = page.sections.findIndex((section) => section.kind === 'table');
  const figure = { name: 'figure4', title, caption, svg };
  return {
    ...page,
    sections: [...page.sections.slice(0, at), { kind: 'figure', figure }, ...page.sections.slice(at)],
  };
}
