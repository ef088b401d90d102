// `bitrow/client`: asks a bitrow server, from Node.js or a browser, with nothing but fetch. It imports nothing.

/** A value of a raw row. null, undefined and '' are missing; a bigint keeps all its digits; a Date is read on the UTC clock. */
export type ClientCell = string | number | bigint | boolean | Date | null | undefined;

/** The cells of a row by the names of their columns. */
export type ClientRow = Readonly<Record<string, ClientCell>>;

export interface ClientOptions {
  /** The server's token, where it has one. */
  token?: string | undefined;
  /** For a request and its retries. Default: 10,000. */
  timeoutMs?: number | undefined;
  /** How often a request is repeated that was answered with 503 (overload, restart). Default: 2. */
  retries?: number | undefined;
  /** In place of the global fetch. */
  fetch?: typeof fetch | undefined;
}

export interface AskOptions {
  /** Needed where the server has several models. */
  model?: string | undefined;
  /** By default the server chooses. */
  version?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What a model makes of rows, in their order. */
export interface ClientPrediction {
  model: string;
  version: string;
  /** 1 / (1 + e^−logit). */
  probabilities: number[];
  logits: number[];
  /** Per field, its values that training never saw; fields without any are absent. */
  oov: Record<string, number>;
}

export interface ModelDescription {
  name: string;
  versions: string[];
  platform: string;
  inputs: { name: string; datatype: string; shape: number[] }[];
  outputs: { name: string; datatype: string; shape: number[] }[];
}

/** A request that the server did not answer with a result. `message` is the server's sentence. */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(
    message: string,
    /** Of HTTP. */
    readonly status: number,
  ) {
    super(message);
  }
}

/**
 * Asks a bitrow server.
 *
 * @example
 * const client = new Client('http://127.0.0.1:8080');
 * const { probabilities } = await client.predict([{ user: 'u1', item: 'i7', hour: 20 }]);
 */
export class Client {
  private readonly address: string;

  /** @param address of the server, such as `http://127.0.0.1:8080` */
  constructor(
    address: string,
    private readonly options: ClientOptions = {},
  ) {
    this.address = address.replace(/\/+$/, '');
  }

  /**
   * Scores rows.
   *
   * @throws ClientError for rows that the server refuses, or when it does not answer in time
   * @throws TypeError for a number that JSON has no way to write, such as NaN
   */
  async predict(
    rows: readonly ClientRow[],
    { model, version, signal }: AskOptions = {},
  ): Promise<ClientPrediction> {
    const body = JSON.stringify(rows.map(jsonRow));
    return (await this.ask(`/predict${place(model, version)}`, signal, body)) as ClientPrediction;
  }

  /** What a model is asked with and answers. @throws ClientError */
  async describe(
    model: string,
    { version, signal }: Omit<AskOptions, 'model'> = {},
  ): Promise<ModelDescription> {
    return (await this.ask(`/v2/models${place(model, version)}`, signal)) as ModelDescription;
  }

  /** Whether the server, or one of its models, would answer now. Asks once. */
  async isReady(model?: string, signal?: AbortSignal): Promise<boolean> {
    const path = model === undefined ? '/v2/health/ready' : `/v2/models${place(model)}/ready`;
    try {
      const response = await this.send(path, this.signal(signal));
      await response.arrayBuffer();
      return response.ok;
    } catch (error) {
      if (signal?.aborted) throw error;
      return false;
    }
  }

  private async ask(path: string, asked?: AbortSignal, body?: string): Promise<unknown> {
    const signal = this.signal(asked);
    for (let left = this.options.retries ?? 2; ; left--) {
      const response = await this.send(path, signal, body);
      const text = await response.text();
      if (response.ok) return JSON.parse(text);
      if (response.status !== 503 || left <= 0)
        throw new ClientError(sentenceOf(text, response), response.status);
      const seconds = Number(response.headers.get('retry-after') ?? 1);
      await wait(1000 * (Number.isFinite(seconds) ? seconds : 1), signal);
    }
  }

  private send(path: string, signal: AbortSignal, body?: string): Promise<Response> {
    const { token, fetch: ask = fetch } = this.options;
    return ask(`${this.address}${path}`, {
      signal,
      ...(body !== undefined && { method: 'POST', body }),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
  }

  private signal(asked: AbortSignal | undefined): AbortSignal {
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? 10_000);
    return asked ? AbortSignal.any([asked, timeout]) : timeout;
  }
}

function place(model?: string, version?: string): string {
  const name = model === undefined ? '' : `/${encodeURIComponent(model)}`;
  return version === undefined ? name : `${name}/versions/${encodeURIComponent(version)}`;
}

/** A row as JSON can hold it: nothing is rounded, and nothing becomes missing on the way. */
function jsonRow(row: ClientRow, i: number): Record<string, string | number | boolean | null | undefined> {
  return Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, jsonCell(cell, i, column)]));
}

function jsonCell(
  cell: ClientCell,
  row: number,
  column: string,
): string | number | boolean | null | undefined {
  if (typeof cell === 'bigint') return String(cell);
  if (cell instanceof Date) {
    if (!Number.isNaN(cell.getTime()))
      return cell
        .toISOString()
        .replace('T', ' ')
        .replace(/\.?0*Z$/, '');
  } else if (typeof cell !== 'number' || Number.isFinite(cell)) return cell;
  throw new TypeError(
    `Row ${row}, column '${column}': ${String(cell)} cannot be sent (allowed: finite numbers and times).`,
  );
}

function sentenceOf(text: string, { status, statusText }: Response): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === 'string') return error;
  } catch {
    // Not from bitrow: a proxy before it.
  }
  return `The server answered ${status} ${statusText}.`;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
