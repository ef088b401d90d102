// `--format safetensors`: tables as they are served, codes packed as U8 (16 bits: U16), what stands beside them, and the
// network's weights, as tensors of their own; what they mean in the metadata (about.ts).
//
//   embedding.codes, .step …   see served-table.ts; rows of hot tiers are embedding.hot.…
//   first-order.values         (V, 1), where the model has first-order weights
//   network.NAME               dense parameters and running statistics
import { statSync } from 'node:fs';
import type { TensorSpec } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { aboutExport } from './about.js';
import type { Exporter, ExportSubject } from './exporter.js';
import { rowProgress } from './row-progress.js';
import { describeFormat, type ServedTable, servedParts, tiersOfServed } from './served-table.js';

const FORMAT = 'bitrow-export-1';

/** A tensor that is there as a whole. */
interface WholeTensor extends TensorSpec {
  readonly data: TensorArray;
}

export const safetensors: Exporter = {
  summary: 'packed codes, steps and the weights of the network, as tensors',
  output: ['.safetensors'],
  hasOperators: false,
  check() {},
  async write(subject, out, settings) {
    const tables = [subject.embedding, ...(subject.firstOrder ? [subject.firstOrder] : [])];
    const whole = [...networkTensors(subject), ...tables.flatMap(wholeTensors)];
    const described = tables
      .flatMap(tiersOfServed)
      .map(({ name, tier }) => [name, describeFormat(tier.format)]);
    const metadata = {
      ...aboutExport(subject),
      format: FORMAT,
      tables: JSON.stringify(Object.fromEntries(described)),
    };
    const file = await SafetensorsWriter.create(out, [...tables.flatMap(rowTensors), ...whole], metadata);
    try {
      for (const { name, data } of whole) await file.write(name, data);
      const report = rowProgress(tables, settings);
      for (const table of tables) {
        for (const { name, tier } of tiersOfServed(table)) {
          const parts = servedParts(tier.format, table.dim);
          for await (const { rows, arrays } of tier.blocks()) {
            for (const [i, array] of arrays.entries()) await file.write(`${name}.${parts[i].suffix}`, array);
            report(rows);
          }
        }
      }
      await file.finish();
    } catch (error) {
      await file.abandon();
      throw error;
    }
    return { files: [out], bytes: statSync(out).size, parity: null };
  },
};

/** Tensors with an entry for each row. */
function rowTensors(table: ServedTable): TensorSpec[] {
  return tiersOfServed(table).flatMap(({ name, tier }) =>
    servedParts(tier.format, table.dim).map(({ suffix, dtype, width }) => ({
      name: `${name}.${suffix}`,
      dtype,
      shape:
        suffix === 'values' || suffix === 'codes' || suffix === 'codebook' ? [tier.rows, width] : [tier.rows],
    })),
  );
}

/** What belongs to a table as a whole: the one step of all rows, the codebooks of clusters. */
function wholeTensors(table: ServedTable): WholeTensor[] {
  return tiersOfServed(table).flatMap(({ name, tier: { format } }): WholeTensor[] => {
    if (format.kind === 'symmetric' && typeof format.step === 'number') {
      return [{ name: `${name}.step`, dtype: 'F32', shape: [1], data: Float32Array.of(format.step) }];
    }
    if (format.kind !== 'clustered') return [];
    const { codebooks: data, bits, side } = format;
    return [{ name: `${name}.codebooks`, dtype: side, shape: [data.length / 2 ** bits, 2 ** bits], data }];
  });
}

/** The weights of the network, under `network.`. */
export function networkTensors({ run }: Pick<ExportSubject, 'run'>): WholeTensor[] {
  return run.dense.map(({ name, shape, data }) => ({
    name: `network.${name}`,
    dtype: 'F32',
    shape,
    data: Float32Array.from(data),
  }));
}
