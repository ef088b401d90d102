// The report of a comparison as blocks, from the sentence at its top to the commands that repeat it. Pure, but for the
// figures, which are drawn before. A section without anything to say is left out.
import type { Comparison } from './comparison.js';
import { configurations } from './configurations.js';
import type { Block, FigureBlock } from './content.js';
import { type FigureSpec, figureSections } from './figures/figure-spec.js';
import { headline } from './headline.js';
import { costTable, qualityTable } from './tables.js';

type SectionName = FigureSpec['section'];

/** Figures that could be drawn, by section. */
export type DrawnFigures = Readonly<Partial<Record<SectionName, readonly FigureBlock[]>>>;

const headings: Readonly<Record<SectionName, string>> = {
  results: 'Results',
  size: 'What the bytes buy',
  learning: 'Learning curves',
  steps: 'Step sizes',
  codes: 'Codes and lost updates',
  frequency: 'Where does low precision hurt?',
};

export function reportBlocks(comparison: Comparison, figures: DrawnFigures): Block[] {
  const hasVariants = comparison.variants.length > 0;
  const before: Partial<Record<SectionName, Block[]>> = hasVariants
    ? { results: qualityTable(comparison), size: costTable(comparison) }
    : {};
  return [
    ...headline(comparison),
    ...figureSections.flatMap((name) =>
      section(headings[name], [...(before[name] ?? []), ...(figures[name] ?? [])]),
    ),
    ...section('Diverged and failed', failures(comparison)),
    ...section('To repeat it', repeating(comparison)),
    ...section('Configurations', configurations(comparison)),
  ];
}

function section(heading: string, blocks: readonly Block[]): Block[] {
  return blocks.length === 0 ? [] : [{ kind: 'heading', level: 2, text: heading }, ...blocks];
}

function failures({ variants }: Comparison): Block[] {
  const rows = variants.flatMap(({ name, cells }) =>
    cells
      .filter(({ status }) => status !== 'finished')
      .map(({ seed, status, error }) => [[{ code: name }], `${seed}`, status, error ?? '–']),
  );
  if (rows.length === 0) return [];
  return [
    {
      kind: 'table',
      columns: [
        { head: 'variant' },
        { head: 'seed', kind: 'right' },
        { head: 'what' },
        { head: 'message', kind: 'wide' },
      ],
      rows,
    },
  ];
}

function repeating({ command, data, machine, bitrow }: Comparison): Block[] {
  return [
    { kind: 'code', language: 'sh', text: command },
    {
      kind: 'list',
      items: [
        ['data: ', { code: data.path }, ', fingerprint ', { code: data.fingerprint }],
        `machine: ${machine.cpu}, ${machine.cores} ${machine.cores === 1 ? 'core' : 'cores'}`,
        `versions: bitrow ${bitrow}, Node.js ${machine.node}, onnxruntime ${machine.onnxruntime}`,
      ],
    },
    {
      kind: 'paragraph',
      text: 'On one kind of processor with these versions the same command gives the same numbers in every bit, but for times and memory.',
    },
  ];
}
