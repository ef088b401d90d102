// How far the writing of tables is, and whether it shall go on.
import type { ExportSettings } from './exporter.js';
import { type ServedTable, tiersOfServed } from './served-table.js';

/** Called with rows that were written. @throws the signal's reason when it is aborted */
export function rowProgress(
  tables: readonly ServedTable[],
  { onProgress, signal }: Pick<ExportSettings, 'onProgress' | 'signal'>,
): (rows: number) => void {
  const total = tables.flatMap(tiersOfServed).reduce((sum, { tier }) => sum + tier.rows, 0);
  let done = 0;
  return (rows) => {
    signal?.throwIfAborted();
    done += rows;
    onProgress({ stage: 'write', done, total, unit: 'rows' });
  };
}
