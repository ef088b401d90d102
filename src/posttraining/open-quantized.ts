// Opens files of quantized tables (quantized-file.ts): what they hold, and their rows as fp32 values. A file is read as the
// layout that it says it has, or not at all.
import * as z from 'zod';
import { UserError, unknownName } from '../errors.js';
import { dtypes } from '../formats/safetensors.js';
import { SafetensorsReader, type TensorArray } from '../formats/safetensors-reader.js';
import { entriesPerRow, type QuantizedFormat } from './layouts/layout.js';
import { type LayoutName, layoutNames, layouts } from './layouts/registry.js';
import { QuantizedTable } from './quantized-table.js';
import { quantizedBits, type RowSource, sides } from './quantizer.js';

const size = z.number().int().positive();
const formatSchema = z
  .strictObject({
    method: z.string(),
    kind: z.enum(['affine', 'codebook', 'clustered']),
    bits: z.literal(quantizedBits),
    side: z.enum(sides),
    dim: size,
    rows: size,
    clusters: z.number().int().min(0),
  })
  .refine(({ kind, clusters }) => (kind === 'clustered') === clusters > 0);

/** A table of a file. */
export interface StoredTableInfo {
  /** The quantizer's name; of a later bitrow it may be one that is not known here. */
  readonly method: string;
  readonly format: QuantizedFormat;
}

/**
 * An open file of quantized tables; `close` when done.
 *
 * @example
 * const file = await QuantizedFile.open('table.safetensors');
 * const table = await file.load('table');
 * table.readRows(0, new Float32Array(table.dim));
 * await file.close();
 */
export class QuantizedFile {
  private constructor(
    readonly layout: LayoutName,
    readonly tables: ReadonlyMap<string, StoredTableInfo>,
    private readonly file: SafetensorsReader,
  ) {}

  /**
   * @param expected the layout the caller can read; any where it is not given
   * @throws UserError when the file is damaged, not one of quantized tables, or of another layout or version
   */
  static async open(path: string, expected?: LayoutName): Promise<QuantizedFile> {
    const file = await SafetensorsReader.open(path);
    try {
      const layout = layoutOf(path, file.metadata, expected);
      const tables = new Map<string, StoredTableInfo>();
      for (const [name, { method, ...format }] of tablesOf(path, file.metadata)) {
        layouts[layout].check(format);
        tables.set(name, { method, format });
        requireParts(file, name, layout, format);
      }
      return new QuantizedFile(layout, tables, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private info(name: string): StoredTableInfo {
    const info = this.tables.get(name);
    if (info === undefined) throw unknownName('table', name, [...this.tables.keys()]);
    return info;
  }

  /** A table in memory, as it is stored. @throws UserError for a name that is not in the file */
  async load(name: string): Promise<QuantizedTable> {
    const { format } = this.info(name);
    return this.part(name, { ...format }, 0);
  }

  /** A table as a source of fp32 rows that are read when asked for. @throws UserError as `load` */
  source(name: string): RowSource {
    const { format } = this.info(name);
    const { rows, dim } = format;
    return {
      name,
      rows,
      dim,
      read: async (first, out) => {
        const block = await this.part(name, { ...format, rows: out.length / dim }, first);
        block.readRows(0, out);
      },
    };
  }

  /** Rows of a table from `first` on, as many as `format` says. */
  private async part(name: string, format: QuantizedFormat, first: number): Promise<QuantizedTable> {
    const arrays: TensorArray[] = [];
    const layout = layouts[this.layout];
    for (const part of layout.rowParts(format)) {
      const each = entriesPerRow(part);
      const array = new dtypes[part.dtype].array(format.rows * each);
      await this.file.readRange(`${name}${part.suffix}`, first * each, array);
      if (part.suffix === '.cluster') requireClusters(this.file.path, name, array, format.clusters);
      arrays.push(array);
    }
    for (const { suffix } of layout.tableParts(format)) {
      arrays.push((await this.file.readTensor(`${name}${suffix}`)).data);
    }
    return new QuantizedTable(name, this.layout, format, arrays);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Whether the metadata of a .safetensors file says that it holds quantized tables. */
export function isQuantized({ layout }: Readonly<Record<string, string>>): boolean {
  return layoutNames.some((name) => name === layout);
}

function layoutOf(
  path: string,
  metadata: Readonly<Record<string, string>>,
  expected?: LayoutName,
): LayoutName {
  const layout = layoutNames.find((name) => name === metadata.layout);
  if (layout === undefined) {
    throw new UserError(
      `'${path}' holds no quantized tables: its metadata names no layout (known: ${layoutNames.join(', ')}).`,
    );
  }
  if (expected !== undefined && layout !== expected) {
    throw new UserError(`'${path}' has the layout ${layout}, not ${expected}.`);
  }
  const { version } = layouts[layout];
  if (metadata.version !== String(version)) {
    throw new UserError(
      `'${path}' has version ${metadata.version} of the layout ${layout} (known: ${version}).`,
      'read it with the version of bitrow that wrote it',
    );
  }
  return layout;
}

function tablesOf(
  path: string,
  { tables = '' }: Readonly<Record<string, string>>,
): [string, z.infer<typeof formatSchema>][] {
  try {
    return Object.entries(z.record(z.string(), formatSchema).parse(JSON.parse(tables)));
  } catch {
    throw new UserError(`'${path}' does not say of its tables what belongs in the metadata 'tables'.`);
  }
}

/** The tensors of a table are there, of the type and shape that its format makes them have. */
function requireParts(
  file: SafetensorsReader,
  name: string,
  layout: LayoutName,
  format: QuantizedFormat,
): void {
  const parts = [...layouts[layout].rowParts(format), ...layouts[layout].tableParts(format)];
  for (const { suffix, dtype, shape } of parts) {
    const entry = file.tensors.get(`${name}${suffix}`);
    const found = entry && `${entry.dtype} (${entry.shape.join(', ')})`;
    const expected = `${dtype} (${shape.join(', ')})`;
    if (found !== expected) {
      throw new UserError(
        `'${file.path}' has ${found ?? 'no tensor'} at '${name}${suffix}', where ${expected} belongs.`,
      );
    }
  }
}

function requireClusters(path: string, name: string, clusters: TensorArray, known: number): void {
  for (const cluster of clusters) {
    if (cluster < known) continue;
    throw new UserError(
      `'${path}' has a row of table '${name}' in cluster ${cluster} (clusters 0 to ${known - 1}).`,
    );
  }
}
