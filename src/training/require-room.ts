// Refuses a training whose memory or files have no room here, before anything is allocated. The system would not: pages
// of a table are reserved when it is made and taken one by one as its rows are written, until hours later the kernel
// ends the process that it thinks best.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import { existingPlace, freeDisk } from '../machine/free-disk.js';
import { freeMemory } from '../machine/free-memory.js';
import { sizeText } from '../machine/size-text.js';
import type { Config } from '../runs/config.js';
import { type SmallerSetting, smallerSettings } from './smaller-settings.js';
import { memoryNeeded, type TrainingNeeds, trainingNeeds } from './training-memory.js';

/** What there is, in bytes. */
export interface Room {
  /** For this process, what it holds already included. */
  memory: number;
  /** For the run's directory, what is in it already included. */
  disk: number;
}

/** What the machine has for a run at `out`, or as it is said. */
export function roomFor(out: string, { memory, disk }: Partial<Room> = {}): Room {
  return {
    memory: memory ?? freeMemory() + process.memoryUsage.rss(),
    disk: disk ?? freeDisk(out) + weightBytes(out),
  };
}

/** What a training is to be made from, as far as room is concerned. */
export interface RoomQuestion {
  config: Config;
  dataset: EncodedDataset;
  threads: number;
  out: string;
  room: Room;
  /** Whether another setting may be proposed: not where a run goes on, or continues another. */
  isFree: boolean;
  /** What goes on all the same. */
  override: string;
}

/** @throws UserError with what is needed, what there is, and the largest setting that fits */
export function requireRoom(question: RoomQuestion): void {
  const problem = roomProblem(question);
  if (problem) throw problem;
}

/** The error that `requireRoom` throws; undefined where everything has room. */
export function roomProblem(question: RoomQuestion): UserError | undefined {
  const { config, dataset, threads, out, room, isFree, override } = question;
  const kept = keptBytes(dataset, out);
  const needs = trainingNeeds(config, dataset.manifest, threads);
  const shortages = [memoryShortage(needs, room.memory), diskShortage(needs, kept, room.disk, out)];
  const said = shortages.filter((sentence) => sentence !== undefined);
  if (said.length === 0) return undefined;
  const proposal = isFree ? largestThatFits(config, dataset.manifest, threads, room, kept) : undefined;
  const help = [...(proposal === undefined ? [] : [proposal]), `to go on all the same, ${override}`];
  return new UserError(said.join(' '), help.join('; '));
}

function memoryShortage(needs: TrainingNeeds, room: number): string | undefined {
  const needed = memoryNeeded(needs);
  if (needed <= room) return undefined;
  const { table, step, optimizer, buffers } = needs.memory;
  const parts = Object.entries({ table, step, optimizer, buffers }).map(
    ([name, bytes]) => `${name} ${sizeText(bytes)}`,
  );
  return `Training needs ${sizeText(needed)} of memory and ${sizeText(room)} are free: ${parts.join(', ')}, and about ${sizeText(needs.process)} for Node.js, onnxruntime and rows read ahead.`;
}

function diskShortage({ disk }: TrainingNeeds, kept: number, room: number, out: string): string | undefined {
  const needed = disk.total + kept;
  if (needed <= room) return undefined;
  const vocabularies = kept > 0 ? `, vocabularies of ${sizeText(kept)}` : '';
  return `The run '${out}' may need ${sizeText(needed)} on the disk and ${sizeText(room)} are free: checkpoints of ${sizeText(disk.checkpoint)}, up to three at a time, the best model of ${sizeText(disk.best)}${vocabularies}.`;
}

function largestThatFits(
  config: Config,
  manifest: Manifest,
  threads: number,
  room: Room,
  kept: number,
): string | undefined {
  let last: SmallerSetting | undefined;
  for (const setting of smallerSettings(config)) {
    last = setting;
    const needs = trainingNeeds(setting.config, manifest, threads);
    if (memoryNeeded(needs) > room.memory || needs.disk.total + kept > room.disk) continue;
    return `${setting.flags} fits (${sizeText(memoryNeeded(needs))} of memory, ${sizeText(needs.disk.total + kept)} of disk)`;
  }
  return rowsThatFit(last?.config ?? config, last?.flags ?? '', manifest, threads, room, kept);
}

/** Where no setting fits: how many rows would, with the smallest. */
function rowsThatFit(
  config: Config,
  flags: string,
  manifest: Manifest,
  threads: number,
  room: Room,
  kept: number,
): string {
  const needs = trainingNeeds(config, manifest, threads);
  const rows = manifest.vocabularies.reduce((sum, { size }) => sum + size, 0);
  const perRow = {
    memory: (needs.memory.table + needs.memory.step + needs.memory.optimizer) / rows,
    disk: needs.disk.total / rows,
  };
  const most = Math.floor(
    Math.min(
      (room.memory - (memoryNeeded(needs) - rows * perRow.memory)) / perRow.memory,
      (room.disk - kept) / perRow.disk,
    ),
  );
  const setting = flags === '' ? '' : `, with ${flags}`;
  return most > 0
    ? `at most ${most.toLocaleString('en-US')} of the table's ${rows.toLocaleString('en-US')} rows fit${setting}: prepare the data with a higher --min-count`
    : 'not even a table without rows fits: lower --batch-size or --threads';
}

/** Bytes of the vocabularies that the run keeps: none on the disk of the data, where they are links. */
function keptBytes({ dir, manifest }: EncodedDataset, out: string): number {
  try {
    if (statSync(dir).dev === statSync(existingPlace(out)).dev) return 0;
    return manifest.vocabularies.reduce((sum, { index }) => sum + statSync(join(dir, index.file)).size, 0);
  } catch {
    // What is missing is said where it is read.
    return 0;
  }
}

/** Bytes of the weights that a run has already: they are replaced, or are some of those that it may have. */
function weightBytes(run: string): number {
  return [run, join(run, 'checkpoints')].reduce((sum, folder) => {
    try {
      const files = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
      return files.reduce((of, name) => of + statSync(join(folder, name)).size, sum);
    } catch {
      return sum;
    }
  }, 0);
}
