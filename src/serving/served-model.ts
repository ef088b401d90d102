// What the server asks of a model: the open models of scoring/open.ts, behind an interface, so that tests can put a
// model in its place that is slow, fails or dies.
import { type OpenOptions, openTexts, type TextModel } from '../scoring/open.js';

/** An open model, as far as the server uses it. */
export type ServedModel = Pick<
  TextModel,
  'kind' | 'version' | 'schema' | 'fingerprint' | 'tableBytes' | 'queuedRows' | 'predictTexts' | 'close'
>;

/** How a server's models score. */
export interface EngineOptions {
  workers: number;
  maxBatch: number;
  maxDelayMs: number;
  /** Whether requests have values that are looked up, or ids. */
  vocabularies: boolean;
}

export type OpenServedModel = (
  path: string,
  options: EngineOptions & Pick<OpenOptions, 'signal' | 'onBatch' | 'onWorkerFailure'>,
) => Promise<ServedModel>;

/** Opens a run or a bundle. @throws UserError */
export const openServedModel: OpenServedModel = (path, options) => openTexts(path, options);
