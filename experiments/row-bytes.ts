// Prints the table of docs/memory.md: bytes of a row for every method at every width with every optimizer, and for
// every option of theirs that changes them. Nothing is named here: all comes from the registries.
//
//   node dist/experiments/row-bytes.js [--write]      --write puts it into docs/memory.md

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isQuantized, type RowLayout, rowLayout } from '../src/embedding/layout.js';
import { methodNames, methods } from '../src/embedding/methods.js';
import { UserError } from '../src/errors.js';
import { optimizerNames, optimizers } from '../src/optimizers/registry.js';
import { codeBits } from '../src/quantization/grid.js';
import { merge, type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { createMethod, createRowOptimizer } from '../src/scoring/blueprint.js';
import { methodWordOptions, type WordOption, wordOptions } from '../src/training/word-options.js';

const BEGIN = '<!-- Made by `node dist/experiments/row-bytes.js --write`. -->';
const END = '<!-- End of what row-bytes makes. -->';
const DIM = 16;
const document = fileURLToPath(new URL('../../docs/memory.md', import.meta.url));

/** A choice that decides bytes: its title, and the keys that it sets. */
interface Kind {
  title: string;
  values: PartialConfig;
}

/** Every optimizer, as it is and with each word of its options that changes the bytes of its state. */
function rules(): Kind[] {
  return optimizerNames.flatMap((name) =>
    withOptions(
      { title: `\`${name}\``, values: { optimizer: { name } } },
      wordOptions('optimizer', optimizers[name].options(z)),
    ),
  );
}

/** Every method at every width that its rows have, with each word of its options that changes their bytes. */
function kinds(): Kind[] {
  return methodNames.flatMap((name) => {
    const plain = { title: `\`${name}\``, values: { method: { name } } };
    const widths = [...codeBits]
      .reverse()
      .map((bits) => ({ title: `\`${name}\`, ${bits} bits`, values: { method: { name, bits } } }))
      .filter(({ values }) => isAllowed(values));
    const isStored = methods[name].isQuantized && widths.some((kind) => isQuantized(storageOf(kind).bits));
    return (isStored ? widths : [plain]).flatMap((kind) => withOptions(kind, methodWordOptions(name)));
  });
}

/** The choice alone, then with each word of the options that makes another layout. */
function withOptions(kind: Kind, options: readonly WordOption[]): Kind[] {
  const now = JSON.stringify(layoutOf(kind.values));
  const others = options.flatMap(({ section, key, values }) =>
    values.map((value) => ({
      title: `${kind.title}, ${key} ${value}`,
      values: merge(kind.values, { [section]: { [key]: value } }),
    })),
  );
  return [
    kind,
    ...others.filter(({ values }) => isAllowed(values) && JSON.stringify(layoutOf(values)) !== now),
  ];
}

/** Whether there is such a row: not every rule has a smaller state, not every method every width. */
function isAllowed(values: PartialConfig): boolean {
  try {
    layoutOf(values);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

function layoutOf(...values: PartialConfig[]): RowLayout {
  const config = resolveConfig({ model: { dim: DIM } }, ...values);
  const { storage, stepOptimizer } = createMethod(config);
  return rowLayout(DIM, storage, createRowOptimizer(config), stepOptimizer);
}

function storageOf({ values }: Kind) {
  return createMethod(resolveConfig(values)).storage;
}

/** The tables in Markdown: the state of the rules, then rows with the default rule and with the smallest one. */
export function rowBytes(): string {
  const all = rules();
  const state = ({ values }: Kind) => {
    const { stateOffset, stepStateOffset } = layoutOf(values, { method: { name: 'full' } });
    return stepStateOffset - stateOffset;
  };
  const withState = all.filter((rule) => state(rule) > 0);
  const smallest = withState.reduce((least, rule) => (state(rule) < state(least) ? rule : least));
  const fp32 = 12 * DIM;
  const headings = [
    ...['method', 'table', 'step', "the step's state", 'row without optimizer', `with ${all[0].title}`],
    ...[`with ${smallest.title}`, 'that of fp32 with Adam'],
  ];
  return [
    '| optimizer | bytes of its state |',
    '| --- | --- |',
    ...all.map((rule) => `| ${rule.title} | ${state(rule)} |`),
    '',
    `| ${headings.join(' | ')} |`,
    `| ${headings.map(() => '---').join(' | ')} |`,
    ...kinds().map(({ title, values }) => {
      const [first, last] = [all[0], smallest].map((rule) => layoutOf(values, rule.values));
      const { codeBytes, stateOffset, stepStateOffset, recordBytes } = first;
      const ownState = recordBytes - stepStateOffset;
      const cells = [title, codeBytes, stateOffset - codeBytes, ownState, stateOffset + ownState];
      const share = last.recordBytes > fp32 ? 'more' : `1/${(fp32 / last.recordBytes).toFixed(1)}`;
      return `| ${[...cells, recordBytes, last.recordBytes, share].join(' | ')} |`;
    }),
  ].join('\n');
}

/** The document with the tables of this code in their place. */
export function withRowBytes(text: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`docs/memory.md has no place for the tables: ${BEGIN} … ${END}`);
  return `${text.slice(0, begin)}${BEGIN}\n\n${rowBytes()}\n\n${text.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--write')) writeFileSync(document, withRowBytes(readFileSync(document, 'utf8')));
  else console.log(rowBytes());
}
