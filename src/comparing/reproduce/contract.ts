// What `compare()` takes and gives, until this branch has it: to be replaced by an import of ../compare.js.
import type { Comparison } from '../../reports/comparison.js';
import type { Config } from '../../runs/config.js';

export interface VariantSpec {
  name: string;
  config: Config;
}

export interface CompareOptions {
  data: string;
  out: string;
  variants: readonly VariantSpec[];
  seeds: readonly number[];
  split?: string | null;
  threads?: number | undefined;
  jobs?: number | 'auto' | undefined;
  command: string;
  onProgress?: ((event: unknown) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export type Compare = (options: CompareOptions) => Promise<Comparison>;
