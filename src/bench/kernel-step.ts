// One training step on one thread, taken apart into its kernels, as training calls them: blocks of 1,024 rows, one operation
// after the other; X of one micro-batch after the other. The gradient of X is made up.
import { microBatches } from '../batch/micro-batches.js';
import { planBytes } from '../batch/plan.js';
import type { Batch } from '../batch/reader.js';
import { RowPlanner } from '../batch/row-planner.js';
import type { Manifest } from '../data/manifest.js';
import { CHUNK_ROWS } from '../embedding/shard.js';
import { Table } from '../embedding/table.js';
import { allocateTable } from '../embedding/table-memory.js';
import type { Kernels } from '../kernels/kernels.js';
import { PAGE_BYTES, pagesOf } from '../kernels/pages.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Config } from '../runs/config.js';
import { datasetShape, embeddingSpec, fieldOffsets } from '../scoring/blueprint.js';

/** What one kernel did in a step. */
export interface KernelWork {
  kernel: string;
  /** What its rows are. */
  per: 'row' | 'occurrence';
  rows: number;
  ms: number;
  /** That it has to read and write for each of them, as a formula and its value. */
  formula: string;
  bytes: number;
}

/** The table and the memory of a step. */
export class KernelStep {
  private constructor(
    private readonly config: Config,
    private readonly table: Table,
    private readonly planner: RowPlanner,
    private readonly memory: SharedMemory,
    private readonly kernels: Kernels,
  ) {}

  static create(
    config: Config,
    manifest: Manifest,
    createKernels: (memory: SharedMemory) => Kernels,
  ): KernelStep {
    const shape = datasetShape(manifest);
    const table = new Table(
      allocateTable(embeddingSpec(config, shape, { threads: 1, isTraining: true })),
      0,
      createKernels,
    );
    const { batchSize } = config.training;
    const occurrences = batchSize * shape.fieldVocabularies.length;
    const bytes = planBytes({ rows: batchSize, fields: shape.fieldVocabularies.length, bagIds: null }, 64);
    // The plan; values, gradient, change, X and sums of all; three lists.
    const pages = pagesOf(bytes + occurrences * (5 * 4 * config.model.dim + 3 * 4) + PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return new KernelStep(
      config,
      table,
      new RowPlanner(batchSize, fieldOffsets(shape)),
      memory,
      createKernels(memory),
    );
  }

  /** Writes every row's initial value, and so touches every page. */
  touchAll(): void {
    for (let first = 0; first < this.table.rows; first += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, this.table.rows - first);
      this.table.touch(Uint32Array.from({ length: count }, (_, i) => first + i));
    }
  }

  /** Everything a step leaves behind: rows as stored, steps, and what was computed on the way. */
  *results(rows: Uint32Array): Generator<[name: string, bytes: Uint8Array]> {
    const values = new Float32Array(rows.length * this.table.spec.dim);
    const steps = new Float32Array(rows.length);
    this.table.readStored(rows, values);
    this.table.readSteps(rows, steps);
    yield ['values after the step', new Uint8Array(values.buffer)];
    yield ['steps after the step', new Uint8Array(steps.buffer)];
    // Before it lies what kernels work in.
    yield ['sums, gradients and changes', new Uint8Array(this.memory.buffer, PAGE_BYTES)];
  }

  /** A step on a batch. @returns its kernels with their times, and the batch's rows */
  run(batch: Batch, optimizer: Optimizer, trainingStep: number): { rows: Uint32Array; works: KernelWork[] } {
    const { table, kernels, config } = this;
    const { dim } = table.spec;
    const { recordBytes } = table.spec.layout;
    const { rows: batchRows } = batch;
    const micro = microBatches(batchRows, config.training.microBatch);
    const plan = this.planner.plan(batch.ids, batchRows, micro[0].paddedRows, this.memory.buffer, PAGE_BYTES);
    const F = plan.positions.length / batchRows;
    const { rows } = plan;
    let end = PAGE_BYTES + planBytes({ rows: batchRows, fields: F, bagIds: null }, 64);
    const floats = (length: number) => {
      const array = new Float32Array(this.memory.buffer, Math.ceil(end / 64) * 64, length);
      end = array.byteOffset + array.byteLength;
      return array;
    };
    const [values, gradient, change] = [
      floats(rows.length * dim),
      floats(rows.length * dim),
      floats(rows.length * dim),
    ];
    const x = floats(micro[0].paddedRows * F * dim);
    const sums = floats(micro.length * plan.sumStride * dim);
    const [steps, dSteps, newSteps] = [floats(rows.length), floats(rows.length), floats(rows.length)];
    const works = new Map<string, KernelWork>();
    const note = (
      kernel: string,
      per: KernelWork['per'],
      count: number,
      formula: string,
      bytes: number,
      work: () => void,
    ) => {
      const began = performance.now();
      work();
      const ms = performance.now() - began;
      const known = works.get(kernel);
      if (known) {
        known.rows += count;
        known.ms += ms;
      } else works.set(kernel, { kernel, per, rows: count, ms, formula, bytes });
    };
    const blocks = Array.from({ length: Math.ceil(rows.length / CHUNK_ROWS) }, (_, i) => {
      const [from, to] = [i * CHUNK_ROWS, Math.min(rows.length, (i + 1) * CHUNK_ROWS)];
      const some = (array: Float32Array, width: number) => array.subarray(from * width, to * width);
      return {
        from,
        rows: rows.subarray(from, to),
        values: some(values, dim),
        gradient: some(gradient, dim),
        change: some(change, dim),
        steps: some(steps, 1),
        dSteps: some(dSteps, 1),
        newSteps: some(newSteps, 1),
      };
    });
    const line = 4 * dim;
    const stored = table.spec.layout.stateOffset;
    const state = recordBytes - stored;
    for (const block of blocks) {
      note('touch and read', 'row', block.rows.length, 'stored + 4·D', stored + line, () => {
        table.touch(block.rows);
        table.read(block.rows, block.values);
      });
    }
    for (const [m, { firstRow, rows: count }] of micro.entries()) {
      const { local, starts, occurrences, firstSum } = plan.microBatches[m];
      note('expand', 'occurrence', count * F, '4 + 8·D', 4 + 2 * line, () =>
        kernels.expandRows(
          values.byteOffset,
          plan.positions.byteOffset + 4 * firstRow * F,
          count * F,
          dim,
          x.byteOffset,
        ),
      );
      for (let i = 0; i < count * F * dim; i++) x[i] = 1e-4 * Math.sin(i + trainingStep);
      const perRow = local.length / (count * F);
      note(
        'segment sum',
        'occurrence',
        count * F,
        '4 + 4·D·(1 + U_m/occurrences)',
        4 + line * (1 + perRow),
        () =>
          kernels.segmentSum(
            x.byteOffset,
            starts.byteOffset,
            occurrences.byteOffset,
            local.length,
            dim,
            sums.byteOffset + 4 * firstSum * dim,
          ),
      );
    }
    const workAt = 0;
    const rule = { trainingStep, learningRate: config.optimizer.learningRate, weightDecay: 0 };
    const isFull = config.method.name === 'full';
    for (const block of blocks) {
      const count = block.rows.length;
      const ofRow = plan.sumIndices.length / rows.length;
      note('combine', 'row', count, '8 + 4·D·(1 + sums/U)', 8 + line * (1 + ofRow), () =>
        kernels.combineRows(
          plan.sumStarts.byteOffset + 4 * block.from,
          plan.sumMicroBatches.byteOffset,
          plan.sumIndices.byteOffset,
          count,
          micro.length,
          sums.byteOffset,
          plan.sumStride,
          dim,
          block.gradient.byteOffset,
          workAt,
        ),
      );
      note('adam', 'row', count, '2·state + 12·D', 2 * state + 3 * line, () =>
        table.valueChange(optimizer, rule, block.rows, block.values, block.gradient, block.change),
      );
      if (isFull) {
        note('write', 'row', count, '2·stored + 4·D', 2 * stored + line, () =>
          table.writeValues(block.rows, block.change),
        );
        continue;
      }
      note('forward', 'row', count, 'stored + 8·D', stored + 2 * line, () =>
        table.forward(block.rows, block.change, block.values),
      );
      note('step gradient', 'row', count, 'stored + 8·D', stored + 2 * line, () =>
        table.stepGradient(block.rows, block.change, block.gradient, () => 1e-3, block.dSteps),
      );
      table.readSteps(block.rows, block.steps);
      block.newSteps.set(block.steps);
      for (let i = 0; i < count; i++) block.newSteps[i] *= 1 + 1e-3 * Math.sign(block.dSteps[i]);
      note('write codes', 'row', count, '2·stored + 4·D', 2 * stored + line, () =>
        table.writeCodes(block.rows, block.change, block.newSteps, trainingStep, 'stochastic'),
      );
    }
    return { rows: rows.slice(), works: [...works.values()] };
  }
}
