// A run that was trained for a moment, its bundle, and its raw rows: for tests of what reads bundles.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleOptions, writeBundle } from '../src/exporting/bundle.js';
import { type PartialConfig, type RawRow, resolveConfig, train } from '../src/index.js';
import { type Bundle, encodeBundle, readBundle } from '../src/scoring/bundle/bundle-file.js';
import { openRun } from '../src/scoring/open-run.js';

/** The rows of a raw file, as an open model takes them. */
export function rawRows(file: string): RawRow[] {
  const [header, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((name, i) => [name, cells[i]]));
  });
}

/** A folder of runs and bundles; `remove` it. */
export class BundleFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'bitrow-bundle-'));
  private made = 0;

  place(name: string): string {
    return join(this.path, `${name}-${this.made++}`);
  }

  /** Trains a run. */
  async run(data: string, config: PartialConfig): Promise<string> {
    const out = this.place('run');
    const small = { model: { dim: 6 }, training: { epochs: 1, batchSize: 300 } };
    await train({ data, out, config: resolveConfig(small, config), threads: 1 });
    return out;
  }

  async bundle(run: string, options: BundleOptions = {}): Promise<string> {
    const out = this.place('bundle');
    await writeBundle(await openRun(run, options.checkpoint ?? 'best', 1), out, options);
    return out;
  }

  /** A copy of a bundle. */
  copy(bundle: string): string {
    const out = this.place('copy');
    cpSync(bundle, out, { recursive: true });
    return out;
  }

  /** A copy that says something else, with a checksum that is right. */
  async altered(bundle: string, change: (content: Bundle) => void): Promise<string> {
    const out = this.copy(bundle);
    const content = await readBundle(out);
    change(content);
    writeFileSync(join(out, 'bundle.json'), encodeBundle(content));
    return out;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
