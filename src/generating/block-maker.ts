// Makes blocks of rows of a file: text, labels, and what the planted model scores on them.
import { gzipSync } from 'node:zlib';
import { sigmoid } from '../metrics/calibration.js';
import { crossEntropy } from '../metrics/logloss.js';
import { LogitHistogram } from './best-metrics.js';
import type { Calibrated } from './calibrate.js';
import { LineWriter } from './line-writer.js';
import type { Laws } from './plan.js';
import { PlantedModel } from './planted-model.js';
import { type ShapeName, shapes } from './registry.js';
import { RowSource } from './row-source.js';

/** All that a file's rows depend on. */
export interface FileSpec {
  readonly like: ShapeName;
  readonly laws: Laws;
  readonly calibrated: Calibrated;
  readonly rows: number;
  readonly seed: number;
  /** Each block by gzip; such blocks one after the other are a gzip file. */
  readonly gzip: boolean;
}

/** Rows of every block but the last. */
export const blockRows = 8192;

/** One block of the file. */
export interface Block {
  readonly text: Uint8Array<ArrayBuffer>;
  readonly rows: number;
  readonly positives: number;
  /** Sum of the cross-entropy of labels and planted probabilities. */
  readonly loss: number;
}

/** Makes any block of a file. */
export class BlockMaker {
  readonly histogram = new LogitHistogram();
  private readonly source: RowSource;
  private readonly model: PlantedModel;
  private readonly lines: LineWriter;

  constructor(private readonly spec: FileSpec) {
    const { like, laws, rows, seed } = spec;
    this.source = new RowSource(shapes[like], laws, seed);
    this.model = new PlantedModel(shapes[like], laws, seed);
    this.lines = new LineWriter(shapes[like], Math.min(blockRows, rows), rows);
  }

  /** @returns null where the file has ended */
  make(block: number): Block | null {
    const { source, model, lines, histogram, spec } = this;
    const { scale, bias } = spec.calibrated;
    const first = block * blockRows;
    const end = Math.min(first + blockRows, spec.rows);
    if (first >= end) return null;
    let positives = 0;
    let loss = 0;
    for (let index = first; index < end; index++) {
      source.draw(index);
      const logit = scale * model.effects(source.row) + bias;
      const label = source.chance < sigmoid(logit) ? 1 : 0;
      positives += label;
      loss += crossEntropy(logit, label);
      histogram.add(logit, label);
      lines.add(index, source.row, label);
    }
    const text = lines.take();
    return { text: spec.gzip ? gzipped(text) : text, rows: end - first, positives, loss };
  }
}

/** By gzip, quickly. */
export function gzipped(text: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(gzipSync(text, { level: 3 }));
}
