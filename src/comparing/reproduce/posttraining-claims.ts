// What the abstract of Guan et al. 2019 says, held against what was measured: which methods lose least, what quality that
// costs, and how small a table gets.
import { nothing, type PageTable, type Section } from './page.js';
import {
  differenceText,
  lossDifference,
  meanError,
  type PosttrainingResults,
  significant,
  type WidthResults,
} from './posttraining-results.js';
import type { Way } from './posttraining-ways.js';

/** What was there before the paper: the uniform methods its abstract compares to. */
const earlier: readonly string[] = [
  'table-minmax',
  'symmetric',
  'gss',
  'minmax',
  'aciq',
  'hist-approx',
  'hist-brute',
];

const claims = [
  { says: 'Greedy search loses less than what was there before', method: 'greedy-paper' },
  { says: 'A codebook for each row loses less than what was there before', method: 'kmeans' },
  { says: 'Codebooks for clusters of rows lose less than what was there before', method: 'kmeans-cls' },
] as const;

/** Sections, as far as there are measurements for them. */
export function abstractClaims(results: PosttrainingResults): Section[] {
  const { widths, ways } = results;
  const at = (method: string) =>
    ways.find((way) => way.method === method && way.bits === 4 && way.side === 'fp32');
  const others = earlier.flatMap((method) => at(method) ?? []);
  const rows: PageTable['rows'] = claims.flatMap(({ says, method }) => {
    const way = at(method);
    if (way === undefined || others.length === 0) return [];
    return [{ name: says, cells: widths.map((width) => lossText(width, way, others)) }];
  });
  const neutral = ways.find(({ name }) => name === 'greedy-paper:4:fp16');
  if (neutral) {
    rows.push({
      name: 'Quality stays neutral at 4 bits with fp16 (logloss)',
      cells: widths.map((width) => differenceText(lossDifference(width, neutral))),
    });
  }
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', text: 'What the abstract says' },
    {
      kind: 'table',
      table: { corner: '', groups: [{ title: '', columns: widths.map(({ dim }) => `D = ${dim}`) }], rows },
    },
    {
      kind: 'text',
      text: 'Errors are those of table 1 at 4 bits with fp32 scales, beside the best of the earlier methods that were measured. Neutral is for the reader to judge: the difference in logloss to fp32, with its 90 % interval.',
    },
  ];
}

function lossText(width: WidthResults, way: Way, others: readonly Way[]): string {
  const own = meanError(width, way);
  const best = others
    .flatMap((other) => {
      const error = meanError(width, other);
      return error === null ? [] : [{ name: other.method, error }];
    })
    .sort((a, b) => a.error - b.error)[0];
  if (own === null || best === undefined) return nothing;
  return `${own < best.error ? 'yes' : 'no'}: ${significant(own)}, ${best.name} ${significant(best.error)}`;
}

/** Bytes of a row of 4 bits with fp16 scale and bias, as a share of fp32, by D. */
export function compressionTable(): PageTable {
  const dims = [8, 16, 32, 64, 72, 128];
  return {
    corner: '',
    groups: [{ title: '', columns: dims.map((dim) => `D = ${dim}`) }],
    rows: [
      { name: 'bytes of a row', cells: dims.map((dim) => `${dim / 2 + 4} of ${4 * dim}`) },
      { name: 'share', cells: dims.map((dim) => `${(100 * (1 / 8 + 1 / dim)).toFixed(2)} %`) },
    ],
  };
}
