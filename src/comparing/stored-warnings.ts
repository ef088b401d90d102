// What a comparison says of cells that an earlier call finished, where they are not what this call would have made.
import type { StoredCell } from './cell-store.js';

/** As this call makes cells. */
export interface MadeNow {
  split: string | null;
  threads: number;
  made: StoredCell['made'];
}

/** Sentences, one for each thing that differs in some of the finished cells. */
export function storedWarnings(stored: readonly StoredCell[], now: MadeNow): string[] {
  const finished = stored.filter(({ cell }) => cell.status === 'finished');
  const told = (
    differ: (stored: StoredCell) => boolean,
    sentence: (were: string, cells: StoredCell[]) => string,
  ) => {
    const cells = finished.filter(differ);
    if (cells.length === 0) return [];
    return [
      sentence(cells.length === 1 ? '1 finished cell was' : `${cells.length} finished cells were`, cells),
    ];
  };
  return [
    ...told(
      ({ split }) => now.split !== null && split !== now.split,
      (were, cells) =>
        `${were} scored on ${listed(cells.map(({ split }) => split ?? 'nothing'))} beside validation, not on ${now.split}: ${cells.length === 1 ? 'it has' : 'they have'} no number of ${now.split} here.`,
    ),
    ...Object.entries(now.made).flatMap(([what, here]) =>
      told(
        // What an earlier version did not note is not told apart.
        ({ made }) => what in made && made[what] !== here,
        (were, cells) =>
          `${were} made with ${what} '${listed(cells.map(({ made }) => made[what]))}', this is '${here}': numbers may differ in their last bits, and speeds are not comparable.`,
      ),
    ),
    ...told(
      ({ threads }) => threads !== now.threads,
      (were, cells) =>
        `${were} trained on ${listed(cells.map(({ threads }) => String(threads)))} threads, now it is ${now.threads}: speeds are not comparable.`,
    ),
  ];
}

function listed(values: readonly string[]): string {
  return [...new Set(values)].join(', ');
}
