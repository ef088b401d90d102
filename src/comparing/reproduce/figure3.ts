// Figure 3: the synthetic experiment on a convex problem, and theorems 1 and 2 on the same problem. Needs no data.
import { type Experiment, precisions, runExperiment, shownIterations } from '../convex/experiment.js';
import { problem } from '../convex/problem.js';
import { type RateName, rateNames, rateSettings } from '../convex/settings.js';
import { drawDistributions } from './draw-distributions.js';
import { drawErased } from './draw-erased.js';
import type { Page, PageTable, Section } from './page.js';
import { precisionColors, precisionNames } from './palette.js';
import { paper } from './published.js';
import type { Reproduction } from './reproduction.js';
import { checkTheorems, theoremRates, theoremSections } from './theorems.js';

const seed = 1;

export const figure3: Reproduction = {
  summary: 'the synthetic experiment with FP, DR and SR, and theorems 1 and 2 (needs no data)',
  needsData: false,
  options: [],
  rows: [],
  async make({ command }): Promise<Page> {
    const experiments = Object.fromEntries(
      rateNames.map((name) => [name, runExperiment(rateSettings[name].rate, seed)]),
    ) as Record<RateName, Experiment>;
    const checks = theoremRates.map((rate) => checkTheorems(rate, { seed }));
    const title = 'Figure 3: stochastic and deterministic rounding on a convex problem';
    return {
      title,
      sections: [
        {
          kind: 'text',
          text:
            `${paper}, section 3.1. ${problem.parameters} parameters with the loss f(w) = (w − 0.5)² each, drawn from U(0, 1), trained by gradient ` +
            `descent with a step Δ = ${problem.step} at ${problem.bits} bits: in full precision (FP), and as integers rounded deterministically (DR) or stochastically (SR).`,
        },
        {
          kind: 'text',
          text:
            'The printed learning rate η = 1 cannot give the printed picture: it takes w to 1 − w and back for ever. ' +
            'So two settings stand here, the literal one and η = 0.1, which gives the picture; the table has three more.',
        },
        ...(await panels('constant', experiments.constant)),
        ...(await panels('literal', experiments.literal)),
        await erasedSection(experiments),
        { kind: 'heading', text: 'All settings' },
        { kind: 'table', table: settingsTable(experiments) },
        {
          kind: 'list',
          items: rateNames.map((name) => `${rateSettings[name].name}: ${rateSettings[name].says}`),
        },
        ...(await theoremSections(checks)),
        { kind: 'text', text: `Repeated by \`${command}\`.` },
      ],
      record: {
        experiments: Object.fromEntries(rateNames.map((name) => [name, summary(experiments[name])])),
        theorems: checks,
      },
    };
  },
};

async function panels(name: RateName, experiment: Experiment): Promise<Section[]> {
  const setting = rateSettings[name];
  const title = `Distributions at ${setting.name}`;
  return [
    { kind: 'heading', text: setting.name },
    {
      kind: 'figure',
      figure: {
        name: `figure3-${name}`,
        title,
        caption: `Figure 3 (a) to (c). ${setting.says}`,
        svg: await drawDistributions(experiment, title),
      },
    },
  ];
}

async function erasedSection(experiments: Record<RateName, Experiment>): Promise<Section> {
  const title = 'Updates that deterministic rounding erases';
  const { frozenAfter } = experiments.constant;
  return {
    kind: 'figure',
    figure: {
      name: 'figure3-erased',
      title,
      caption:
        `Figure 3 (d): the parameters with |η_t ∇f(w^t)| < Δ/2 in training with DR. At η = 0.1 all of them after ${frozenAfter} iterations, ` +
        'and none moves again; the paper says 10.',
      svg: await drawErased(
        [
          {
            name: rateSettings.constant.name,
            erased: experiments.constant.erased,
            color: precisionColors.deterministic,
            label: { t: 10, side: 'right' },
          },
          {
            name: rateSettings.decaying.name,
            erased: experiments.decaying.erased,
            color: precisionColors.stochastic,
            dash: '6,3',
            label: { t: 8, side: 'left' },
          },
          {
            name: rateSettings.literal.name,
            erased: experiments.literal.erased,
            color: precisionColors.full,
            dash: '2,3',
            label: { t: 30, side: 'above' },
          },
        ],
        title,
      ),
    },
  };
}

function settingsTable(experiments: Record<RateName, Experiment>): PageTable {
  return {
    corner: 'root mean square distance to 0.5',
    groups: [
      ...precisions.map((precision) => ({
        title: precisionNames[precision],
        columns: [
          ...shownIterations.map((t) => `t=${t}`),
          ...(precision === 'deterministic' ? ['still after'] : []),
        ],
      })),
    ],
    rows: rateNames.map((name) => {
      const { distances, frozenAfter } = experiments[name];
      return {
        name: rateSettings[name].name,
        cells: precisions.flatMap((precision) => [
          ...distances[precision].map((distance) => distance.toFixed(4)),
          ...(precision === 'deterministic' ? [frozenAfter === null ? 'never' : String(frozenAfter)] : []),
        ]),
      };
    }),
  };
}

function summary({ distances, erased, frozenAfter }: Experiment) {
  return { distances, erased, frozenAfter };
}
