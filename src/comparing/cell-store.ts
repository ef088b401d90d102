// The directory of a comparison:
//
//   comparison.json       the newest call's comparison (reports/comparison.ts), after every cell
//   cells/KEY/cell.json   a finished cell, whichever call asked for it; KEY as in cell-key.ts
//   cells/KEY/run/        its run: config.yaml, run.json, metrics.jsonl; while it trains, and if kept, the weights too
//   lock                  while a process compares here
//
// A cell without cell.json has not finished, and its run is resumed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import type { Cell, Comparison } from '../reports/comparison.js';
import { isLockAside, LOCK_FILE, RunLock } from '../runs/lock.js';
import { cannotWrite, namesIn, writeWhole } from '../runs/whole-file.js';
import { storedCellKey } from './cell-key.js';

const COMPARISON_FILE = 'comparison.json';
export const CELL_FILE = 'cell.json';
const CELLS = 'cells';

const storedCellSchema = z.object({
  format: z.literal('bitrow-cell-1'),
  data: z.object({
    fingerprint: z.string(),
    splits: z.array(z.object({ name: z.string(), rows: z.int(), sha256: z.string() })),
  }),
  /** With its seed; of the version that trained it. */
  config: z.unknown(),
  /** The split that was scored once beside validation. */
  split: z.string().nullable(),
  threads: z.int(),
  /** Of the process that finished it, with scoring; absent where there was no training. */
  elapsedSeconds: z.number().optional(),
  /** What has a say in the bits of a result. */
  made: z.record(z.string(), z.string()),
  cell: z.custom<Cell>((cell) => typeof cell === 'object' && cell !== null && 'status' in cell),
});
/** What cell.json holds. */
export type StoredCell = z.infer<typeof storedCellSchema>;
/** What tells data sets apart. */
export type DataIdentity = StoredCell['data'];

export function dataIdentity({ fingerprint, splits }: Manifest): DataIdentity {
  return { fingerprint, splits: splits.map(({ name, rows, sha256 }) => ({ name, rows, sha256 })) };
}

/** The directory of a comparison, held by this process until it is closed. */
export class CellStore {
  private readonly cells = new Map<string, StoredCell>();

  private constructor(
    readonly out: string,
    private readonly data: DataIdentity,
    private readonly lock: RunLock,
  ) {}

  /** @throws UserError when the place holds something else, cells of other data, or another process is at work in it */
  static async open(out: string, data: DataIdentity): Promise<CellStore> {
    requireOwn(out);
    await mkdir(join(out, CELLS), { recursive: true }).catch((error: unknown) => {
      throw cannotWrite(out, error);
    });
    const lock = await RunLock.take(out, {
      work: (directory) => `The comparison '${directory}' is being made`,
      help: 'wait for it, or stop it with Ctrl-C and give the same command again',
    });
    const store = new CellStore(out, data, lock);
    try {
      for (const name of readdirSync(join(out, CELLS))) store.read(name);
      return store;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  folder(key: string): string {
    return cellFolder(this.out, key);
  }

  get(key: string): StoredCell | undefined {
    return this.cells.get(key);
  }

  /** All finished cells, of this call and of earlier ones. */
  all(): StoredCell[] {
    return [...this.cells.values()];
  }

  /** Looks again at a cell that another process has written. */
  reload(key: string): StoredCell | undefined {
    this.read(key);
    return this.cells.get(key);
  }

  async writeComparison(comparison: Comparison): Promise<void> {
    await writeWhole(join(this.out, COMPARISON_FILE), `${JSON.stringify(comparison, null, 1)}\n`);
  }

  close(): Promise<void> {
    return this.lock.release();
  }

  private read(name: string): void {
    const path = join(this.out, CELLS, name, CELL_FILE);
    if (!existsSync(path)) return;
    const stored = parseCell(path);
    requireSameData(this.out, stored.data, this.data);
    const key = storedCellKey(stored.config, stored.data.fingerprint);
    if (key !== undefined) this.cells.set(key, stored);
  }
}

/** Where a cell of the comparison in `out` stands; its run is in it, as `run`. */
export function cellFolder(out: string, key: string): string {
  return join(out, CELLS, key);
}

/** Writes a finished cell. @throws UserError when it cannot */
export async function writeCell(folder: string, stored: StoredCell): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, CELL_FILE), `${JSON.stringify(stored, null, 1)}\n`);
}

function requireSameData(out: string, was: DataIdentity, is: DataIdentity): void {
  const help = 'choose another --out';
  if (was.fingerprint !== is.fingerprint) {
    throw new UserError(
      `'${out}' holds cells of a data set with fingerprint ${was.fingerprint}, this one has ${is.fingerprint}.`,
      help,
    );
  }
  for (const { name, rows, sha256 } of was.splits) {
    const split = is.splits.find((candidate) => candidate.name === name);
    if (split?.rows === rows && split.sha256 === sha256) continue;
    throw new UserError(
      `'${out}' holds cells of a data set with other rows in split '${name}' (${rows} there, ${split?.rows ?? 'none'} here; ${sha256} and ${split?.sha256 ?? 'nothing'}).`,
      help,
    );
  }
}

function parseCell(path: string): StoredCell {
  try {
    return storedCellSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UserError(
      `'${path}' is no cell of this version of bitrow.`,
      'delete its folder to have it trained again',
    );
  }
}

/** Refuses a place that holds something, but no comparison. */
function requireOwn(out: string): void {
  const names = namesIn(out);
  const others = names.filter((name) => name !== LOCK_FILE && !isLockAside(name));
  if (others.length === 0 || others.includes(CELLS)) return;
  throw new UserError(
    `The output '${out}' exists and holds something else (no ${CELLS}/ in it); it is never replaced.`,
    'choose another --out',
  );
}
