import { expect, it } from 'vitest';
import { resolveConfig } from '../runs/resolve-config.js';
import { emptyCell } from './cell-record.js';
import type { StoredCell } from './cell-store.js';
import { storedWarnings } from './stored-warnings.js';

const config = resolveConfig({});
const made = { bitrow: '1.0.0', processor: 'A' };
const stored = (more: Partial<StoredCell> = {}): StoredCell => ({
  format: 'bitrow-cell-1',
  data: { fingerprint: '', splits: [] },
  config,
  split: 'test',
  threads: 2,
  made,
  cell: { ...emptyCell(config), status: 'finished' },
  ...more,
});
const now = { split: 'test', threads: 2, made };

it('says nothing of cells that are as they would be made now', () => {
  expect(storedWarnings([stored(), stored()], now)).toEqual([]);
  expect(storedWarnings([stored()], { ...now, split: null })).toEqual([]);
  expect(storedWarnings([stored({ made: {} })], now)).toEqual([]);
  const diverged = { ...emptyCell(config), status: 'diverged' } as const;
  expect(storedWarnings([stored({ split: 'train', threads: 1, cell: diverged })], now)).toEqual([]);
});

it('names the split, what they were made with, and their threads', () => {
  expect(storedWarnings([stored({ split: null }), stored({ split: 'train' }), stored()], now)).toEqual([
    '2 finished cells were scored on nothing, train beside validation, not on test: they have no number of test here.',
  ]);
  expect(storedWarnings([stored({ made: { ...made, processor: 'B' } })], now)).toEqual([
    "1 finished cell was made with processor 'B', this is 'A': numbers may differ in their last bits, and speeds are not comparable.",
  ]);
  expect(storedWarnings([stored({ threads: 1 })], now)).toEqual([
    '1 finished cell was trained on 1 threads, now it is 2: speeds are not comparable.',
  ]);
});
