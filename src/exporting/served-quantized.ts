// A quantized table (posttraining/) as it is served: its arrays as they are.
import { type Dtype, dtypes } from '../formats/safetensors.js';
import { entriesPerRow } from '../posttraining/layouts/layout.js';
import { layouts } from '../posttraining/layouts/registry.js';
import type { QuantizedTable } from '../posttraining/quantized-table.js';
import type { ServedFormat, ServedTable } from './served-table.js';

const BLOCK_ROWS = 1 << 16;

/** The rows of a table in `bitrow-rows`. */
export function servedQuantized(table: QuantizedTable, name: string): ServedTable {
  if (table.layout !== 'bitrow-rows') throw new Error(`A table in ${table.layout} was given.`);
  const parts = layouts[table.layout].rowParts(table.format);
  return {
    name,
    dim: table.dim,
    hot: null,
    cold: {
      rows: table.rows,
      format: formatOf(table),
      async *blocks() {
        for (let first = 0; first < table.rows; first += BLOCK_ROWS) {
          const end = Math.min(table.rows, first + BLOCK_ROWS);
          const arrays = parts.map((part, i) => {
            const each = entriesPerRow(part);
            return table.arrays[i].subarray(first * each, end * each);
          });
          yield { rows: end - first, arrays };
        }
      },
    },
  };
}

function formatOf({ format, arrays }: QuantizedTable): ServedFormat {
  const { kind, bits } = format;
  const side = format.side === 'fp16' ? 'F16' : 'F32';
  switch (kind) {
    case 'affine':
      return { kind, bits, side, roundings: 1 };
    case 'codebook':
      return { kind, bits, side };
    case 'clustered':
      return { kind, bits, side, cluster: dtypeOf(arrays[1]), codebooks: arrays[2] };
    default:
      return kind satisfies never;
  }
}

function dtypeOf(array: unknown): Dtype {
  const found = (['U8', 'U16', 'U32'] as const).find((name) => array instanceof dtypes[name].array);
  if (!found) throw new Error('Numbers of clusters are whole.');
  return found;
}
