// A server in front of models that need no training: their logit is the length of the row's texts, and they are as
// slow, dead or broken as a test wants.
import { pino } from 'pino';
import { UserError } from '../src/errors.js';
import { inputColumnsOf, type Schema } from '../src/schema/schema.js';
import type { Prediction, PredictOptions } from '../src/scoring/open.js';
import { type CellTexts, startOf } from '../src/scoring/row-texts.js';
import { type Limits, limitsSchema } from '../src/serving/limits.js';
import { parseModelSources } from '../src/serving/model-source.js';
import type { OpenServedModel, ServedModel } from '../src/serving/served-model.js';
import { Server, type ServerOptions } from '../src/serving/server.js';

export const fakeSchema: Schema = {
  label: 'click = 1',
  fields: [
    { name: 'user', value: { kind: 'column', column: 'user' } },
    { name: 'size', value: { kind: 'bucket', column: 'size', small: 'integer' } },
    {
      name: 'hour',
      value: { kind: 'time', column: 'when', format: 'unix-seconds', zone: 'UTC', part: 'hour' },
    },
  ],
  numbers: [{ name: 'price', column: 'price' }],
};

/** A model whose calls wait until they are let go. */
export class FakeModel implements ServedModel {
  readonly kind = 'run';
  readonly schema: Schema = fakeSchema;
  readonly fingerprint = 'f'.repeat(64);
  readonly tableBytes = 1000;
  queuedRows = 0;
  isClosed = false;
  /** Every row that was asked with, without what is missing. */
  readonly seen: Record<string, string>[] = [];
  private held: (() => void)[] = [];

  constructor(
    readonly version: string,
    /** Whether calls wait for `release`. */
    public isHeld = false,
    public failure: Error | undefined = undefined,
  ) {}

  async predictTexts(texts: CellTexts, { signal }: PredictOptions = {}): Promise<Prediction> {
    const rows = textRows(texts, inputColumnsOf(fakeSchema));
    if (this.isClosed) throw new UserError('The model is closed.');
    this.queuedRows += rows.length;
    this.seen.push(...rows);
    try {
      await new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        if (this.isHeld) this.held.push(resolve);
        else setImmediate(resolve);
      });
      if (this.failure) throw this.failure;
      const logits = Float32Array.from(rows, (row) => Object.values(row).join('').length);
      return {
        logits,
        probabilities: logits.map((x) => 1 / (1 + Math.exp(-x))),
        oov: { user: rows.length, size: 0, hour: 0 },
      };
    } finally {
      this.queuedRows -= rows.length;
    }
  }

  release(): void {
    this.isHeld = false;
    for (const resolve of this.held.splice(0)) resolve();
  }

  async close(): Promise<void> {
    this.release();
    this.isClosed = true;
  }
}

/** Texts of cells as rows, without what is missing. */
export function textRows(
  { rows, text, ends }: CellTexts,
  columns: readonly string[],
): Record<string, string>[] {
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      columns.flatMap((column, c) => {
        const cell = row * columns.length + c;
        const found = Buffer.from(text.slice(startOf(ends, cell), ends[cell])).toString();
        return found === '' ? [] : [[column, found]];
      }),
    ),
  );
}

export interface FakeServerOptions extends Partial<Omit<ServerOptions, 'limits' | 'sources'>> {
  models?: string[];
  limits?: Partial<Limits>;
  /** Whether the models are loaded. Default: yes. */
  isLoaded?: boolean;
}

/** A server with fake models. */
export async function fakeServer(
  options: FakeServerOptions = {},
): Promise<{ server: Server; opened: FakeModel[]; close(): Promise<number> }> {
  const opened: FakeModel[] = [];
  const { models = ['ctr=somewhere'], limits, isLoaded = true, ...others } = options;
  const open: OpenServedModel = async (path) => {
    const model = new FakeModel(`${path}-${opened.length}`);
    opened.push(model);
    return model;
  };
  const server = new Server({
    sources: parseModelSources(models),
    host: '127.0.0.1',
    port: 0,
    limits: limitsSchema.parse({ drainIdleMs: 250, ...limits }),
    engine: { workers: 1, maxBatch: 64, maxDelayMs: 0, vocabularies: true },
    ignoreUnknown: false,
    token: null,
    allowedHosts: [],
    watchMs: 0,
    log: pino({ level: 'silent' }),
    open,
    ...others,
  });
  if (isLoaded) await server.load();
  return { server, opened, close: () => server.close() };
}

/** The rows of a body of JSON, posted. */
export function jsonPost(url: string, body: unknown, headers: Record<string, string> = {}) {
  return {
    method: 'POST' as const,
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
