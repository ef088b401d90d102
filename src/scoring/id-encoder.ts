// Texts of ids → ids, for those who keep vocabularies of their own: then none has to be in memory. Beside row-encoder.ts, which
// looks values up; blocks and refusals are the same.
import { type NumberStatistics, numberInput } from '../schema/number-input.js';
import { readNumber } from '../schema/rows.js';
import type { Schema } from '../schema/schema.js';
import { BLOCK_ROWS, type BlockEncoder, type EncodedBlock, emptyBlock, textOf } from './encoded-block.js';
import type { ModelInput } from './model-inputs.js';
import { type CellTexts, startOf } from './row-texts.js';

const [ZERO, NINE] = [0x30, 0x39];

/** What a cell must hold. */
const anId = 'an id, a whole number from 0 (0: none, OOV)';

/** What such a model is asked with. */
export function idInputs(schema: Schema): ModelInput[] {
  const input =
    (expected: string) =>
    ({ name }: { name: string }) => ({ column: name, expected, fields: [name] });
  return [...schema.fields.map(input(anId)), ...(schema.numbers ?? []).map(input('a number or nothing'))];
}

/** What rows of ids are like: a column for each field, and one for each number, by their names. No field may be a list. */
export function idSchema({ label, fields, numbers }: Schema): Schema {
  const column = ({ name }: { name: string }) => ({ kind: 'column', column: name }) as const;
  return {
    label,
    fields: fields.map((field) => ({ ...field, value: column(field) })),
    ...(numbers && { numbers: numbers.map((number) => ({ ...number, column: number.name })) }),
  };
}

export class IdEncoder implements BlockEncoder {
  private readonly columns: readonly string[]; // (F + N)
  private readonly block: EncodedBlock;

  /**
   * @param sizes (F), of the fields' vocabularies; greater ids are OOV
   * @param numbers what numeric inputs are standardised by
   */
  constructor(
    schema: Schema,
    private readonly sizes: readonly number[],
    private readonly numbers: readonly NumberStatistics[] = [],
  ) {
    this.columns = [...schema.fields, ...numbers].map(({ name }) => name);
    this.block = emptyBlock(sizes.length, numbers.length);
    for (let segment = 0; segment < this.block.offsets.length; segment++)
      this.block.offsets[segment] = segment;
  }

  encode(texts: CellTexts, first: number): EncodedBlock {
    const { block, sizes, numbers, columns } = this;
    const { ids, oov } = block;
    block.rows = Math.min(BLOCK_ROWS, texts.rows - first);
    block.refused = [];
    for (let b = 0, segment = 0; b < block.rows; b++) {
      const cell = (first + b) * columns.length;
      for (let f = 0; f < sizes.length; f++, segment++) {
        const id = idAt(texts, cell + f);
        if (id < 0) this.refuse(texts, first + b, f, anId);
        ids[segment] = id < sizes[f] ? Math.max(0, id) : 0;
        oov[segment] = ids[segment] === 0 ? 1 : 0;
      }
      for (let n = 0; n < numbers.length; n++) {
        const text = textOf(texts, cell + sizes.length + n);
        const number = text === null ? null : readNumber(text);
        if (text !== null && number === null)
          this.refuse(texts, first + b, sizes.length + n, 'a number or nothing');
        block.numbers[b * numbers.length + n] = numberInput(number, numbers[n]);
      }
    }
    return block;
  }

  private refuse(texts: CellTexts, row: number, c: number, expected: string): void {
    const found = textOf(texts, row * this.columns.length + c);
    this.block.refused.push({ row, reason: { kind: 'cell', column: this.columns[c], found, expected } });
  }
}

/** The number that a cell's digits are, −1 where it holds anything else. */
function idAt({ text, ends }: CellTexts, cell: number): number {
  const start = startOf(ends, cell);
  const end = ends[cell];
  if (start === end) return -1;
  let id = 0;
  for (let i = start; i < end; i++) {
    const digit = text[i];
    if (digit < ZERO || digit > NINE) return -1;
    id = 10 * id + digit - ZERO;
  }
  return id;
}
