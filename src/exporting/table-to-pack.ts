// A table as it goes into a bundle: how its rows are packed, and the rows. What training stores as codes with steps is taken
// as it lies there, byte for byte; other rows are packed from what the network sees of them.

import { isQuantized } from '../embedding/layout.js';
import {
  type GroupRun,
  type PackedTableInfo,
  type RowFormat,
  rowArrays,
} from '../embedding/packed/packed-format.js';
import { CHUNK_ROWS, type Section } from '../embedding/shard.js';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import { tierStorage, tiersOf } from '../embedding/tiers.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { entriesPerRow } from '../posttraining/layouts/layout.js';
import { layouts } from '../posttraining/layouts/registry.js';
import { QuantizedTable } from '../posttraining/quantized-table.js';
import { quantizedBits, type RowSource } from '../posttraining/quantizer.js';
import { toHalf } from '../quantization/half.js';
import { packedBytes } from '../quantization/packing.js';
import { codesOnGrid, minMaxPacked, rowsFrom, servedBits } from './packed-codes.js';

/** Rows are those of a group, from `first` on. */
export interface TableToPack {
  readonly info: PackedTableInfo;
  /** The arrays of the rows, as they are stored: one for each of `rowArrays`. */
  arrays(group: number, first: number, count: number): Promise<TensorArray[]>;
  /** The arrays that all rows of a group share: one for each of `sharedArrays`. */
  shared(group: number): TensorArray[];
  /** What the network is to see of the rows, out (n, D). */
  values(group: number, first: number, out: Float32Array): Promise<void>;
}

/** How a run's table is packed. Rows that training never wrote are written by it, with their initial codes. */
export function packTable(memory: TableMemory): TableToPack {
  const { bits, nestedShift } = memory.spec.storage;
  return isQuantized(bits) && !nestedShift ? packRecords(memory) : packServed(memory);
}

/** How rows from elsewhere are packed: quantized ones in memory as they are, others as fp32 values. */
export function packSource(source: RowSource, name: string): TableToPack {
  const { rows, dim } = source;
  const info = (format: RowFormat): PackedTableInfo => ({
    name,
    rows,
    dim,
    groups: [{ rows, format }],
    runs: [{ firstRow: 0, rows, group: 0 }],
  });
  const values: TableToPack['values'] = (_, first, out) => source.read(first, out);
  if (!(source instanceof QuantizedTable)) {
    return {
      info: info({ kind: 'values' }),
      async arrays(_, first, count) {
        const out = new Float32Array(count * dim);
        await source.read(first, out);
        return [out];
      },
      shared: () => [],
      values,
    };
  }
  const { layout, arrays } = source;
  const { rows: _rows, dim: _dim, ...format } = source.format;
  const parts = layouts[layout].rowParts(source.format);
  return {
    info: info({ kind: 'quantized', layout, format }),
    async arrays(_, first, count) {
      return parts.map((part, i) => {
        const each = entriesPerRow(part);
        return arrays[i].subarray(first * each, (first + count) * each);
      });
    },
    shared: () => arrays.slice(parts.length),
    values,
  };
}

/** Records without optimizer state are packed rows. */
function packRecords({ spec, plans, memories, ...rest }: TableMemory): TableToPack {
  const table = new Table({ spec, plans, memories, ...rest }, 0);
  for (let first = 0; first < table.rows; first += CHUNK_ROWS) {
    table.touch(rowsFrom(first, Math.min(CHUNK_ROWS, table.rows - first)));
  }
  const { hasRowStep, stepBytes = 4, range } = spec.storage;
  const tiers = tiersOf(spec);
  const sections = plans.flatMap((plan, i) =>
    plan.sections.map((section) => ({ section, memory: memories[i] })),
  );
  const ofGroup = tiers.map((tier) => sections.filter(({ section }) => section.tier === tier));
  const groups = tiers.map((tier, group) => {
    const { bits, tableStep } = tierStorage(spec, tier);
    return {
      rows: ofGroup[group].reduce((sum, { section }) => sum + section.rows, 0),
      format: {
        kind: 'steps' as const,
        bits: servedBits(bits),
        tableStep: hasRowStep ? null : tableStep,
        stepBytes,
        isAffine: range === 'affine',
      },
    };
  });
  const runs: GroupRun[] = [];
  for (const { section } of sections) {
    const group = tiers.indexOf(section.tier);
    const last = runs.at(-1);
    if (last?.group === group) runs[runs.length - 1] = { ...last, rows: last.rows + section.rows };
    else runs.push({ firstRow: section.firstRow, rows: section.rows, group });
  }
  /** Calls `visit` for the rows of a group, section by section. */
  const each = (
    group: number,
    first: number,
    count: number,
    visit: (
      place: { section: Section; memory: (typeof memories)[number] },
      row: number,
      rows: number,
    ) => void,
  ) => {
    let before = 0;
    for (const place of ofGroup[group]) {
      const from = Math.max(first, before);
      const end = Math.min(first + count, before + place.section.rows);
      if (from < end) visit(place, from - before, end - from);
      before += place.section.rows;
    }
  };
  return {
    info: { name: spec.name, rows: table.rows, dim: spec.dim, groups, runs },
    async arrays(group, first, count) {
      const [{ rowBytes }] = rowArrays(groups[group].format, spec.dim);
      const bytes = new Uint8Array(count * rowBytes);
      let to = 0;
      each(group, first, count, ({ section, memory }, row, rows) => {
        if (section.layout.recordBytes !== rowBytes)
          throw new Error('Rows with optimizer state are not packed.');
        bytes.set(new Uint8Array(memory.buffer, section.records + row * rowBytes, rows * rowBytes), to);
        to += rows * rowBytes;
      });
      return [bytes];
    },
    shared: () => [],
    async values(group, first, out) {
      let to = 0;
      each(group, first, out.length / spec.dim, ({ section }, row, rows) => {
        table.read(rowsFrom(section.firstRow + row, rows), out.subarray(to, to + rows * spec.dim));
        to += rows * spec.dim;
      });
    },
  };
}

/** Rows from what the network sees of them. */
function packServed(memory: TableMemory): TableToPack {
  const table = new Table(memory, 0);
  const { rows, dim } = table;
  const format = servedFormat(table);
  return {
    info: {
      name: memory.spec.name,
      rows,
      dim,
      groups: [{ rows, format }],
      runs: [{ firstRow: 0, rows, group: 0 }],
    },
    async arrays(_, first, count) {
      const list = rowsFrom(first, count);
      const values = new Float32Array(count * dim);
      if (format.kind === 'quantized') {
        table.readStored(list, values);
        const { packed, scales, biases } = minMaxPacked(values, dim, format.format.bits);
        return [packed, scales, biases];
      }
      table.read(list, values);
      if (format.kind === 'values') return [values];
      const steps = new Float32Array(count);
      table.readSteps(list, steps);
      const codes = codesOnGrid({ name: table.spec.name, first, values, steps }, dim, format.bits);
      return [fusedRows(codes, steps, dim, format)];
    },
    shared: () => [],
    async values(_, first, out) {
      table.read(rowsFrom(first, out.length / dim), out);
    },
  };
}

function servedFormat({ spec: { storage }, parameters }: Table): RowFormat {
  const { view, nestedShift = 0, stepBytes = 4 } = storage;
  if (isQuantized(storage.bits)) {
    const bits = servedBits(storage.bits - nestedShift);
    return { kind: 'steps', bits, tableStep: null, stepBytes, isAffine: false };
  }
  if (view?.kind === 'grid') {
    const tableStep = storage.hasRowStep ? null : parameters[0];
    return { kind: 'steps', bits: view.bits, tableStep, stepBytes: 4, isAffine: false };
  }
  // Sixteen bits between two fp32 numbers have no packed form.
  const bits = view?.kind === 'min-max' ? quantizedBits.find((width) => width === view.bits) : undefined;
  if (bits === undefined) return { kind: 'values' };
  return {
    kind: 'quantized',
    layout: 'bitrow-rows',
    format: { kind: 'affine', bits, side: 'fp32', clusters: 0 },
  };
}

/** Fused rows: packed codes (n, ·), each row's step behind its own where rows have one. */
function fusedRows(
  codes: Uint8Array,
  steps: Float32Array,
  dim: number,
  format: Extract<RowFormat, { kind: 'steps' }>,
): Uint8Array {
  if (format.tableStep !== null) return codes;
  const [{ rowBytes }] = rowArrays(format, dim);
  const codeBytes = packedBytes(dim, format.bits);
  const bytes = new Uint8Array(steps.length * rowBytes);
  const view = new DataView(bytes.buffer);
  for (const [row, step] of steps.entries()) {
    const at = row * rowBytes;
    bytes.set(codes.subarray(row * codeBytes, (row + 1) * codeBytes), at);
    if (format.stepBytes === 2) view.setUint16(at + codeBytes, toHalf(step), true);
    else view.setFloat32(at + codeBytes, step, true);
  }
  return bytes;
}
