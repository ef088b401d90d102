// Faults for a program that knows nothing of them: `node --import <this file> main.js …` with FAULT=name:n ends the
// process by SIGKILL the n-th time it gets to the named point. Node.js loads it into worker threads too.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Worker } from 'node:worker_threads';
import { Table } from '../../src/embedding/table.js';

const [fault, number = '1'] = (process.env.FAULT ?? '').split(':');
let left = Number(number);

/** The process ends here, when it is the named point's turn. */
function at(point: FaultPoint): void {
  if (fault === point && --left === 0) process.kill(process.pid, 'SIGKILL');
}

/** What `FAULT` can name. */
export const faultPoints = {
  'before the run directory': 'no directory yet',
  'before run.json': 'lock and config.yaml written, run.json not',
  'during a write': 'between two writes of a checkpoint',
  'before the rename': 'a checkpoint written whole under its temporary name',
  'between rename and pointer': 'a checkpoint renamed, its manifest still names the ones before',
  'before the pointer': 'the new manifest written whole under its temporary name',
  'after the pointer': 'the manifest names the new checkpoint, the oldest is not yet removed',
  'after the best copy': "best.safetensors replaced, the epoch's end in no checkpoint",
  'after the metrics': "metrics.jsonl has the epoch's line, no checkpoint knows it",
  'during evaluation': 'a validation batch with the team',
  'between two passes': "ALPT's weights computed, steps and codes not: in a worker thread",
  'during an update': 'some rows written, others not: in a worker thread',
} as const;
export type FaultPoint = keyof typeof faultPoints;

const { open, rename, mkdir } = fs;
const isCheckpoint = (path: string) => path.includes('/checkpoints/');

fs.mkdir = (async (path: string, options: { recursive: true }) => {
  if (!isCheckpoint(`${path}/`)) at('before the run directory');
  return mkdir(path, options);
}) as typeof mkdir;

fs.open = (async (path: string, ...rest: [string]) => {
  const file = await open(path, ...rest);
  if (isCheckpoint(path) && path.endsWith('.safetensors.partial')) {
    const write = file.write.bind(file) as (...args: unknown[]) => Promise<unknown>;
    let writes = 0;
    file.write = (async (...args: unknown[]) => {
      if (writes++ === 3) at('during a write');
      return write(...args);
    }) as typeof file.write;
  }
  if (path.endsWith('metrics.jsonl')) {
    const close = file.close.bind(file);
    file.close = async () => {
      await close();
      at('after the metrics');
    };
  }
  return file;
}) as typeof open;

fs.rename = async (from, to) => {
  const path = String(to);
  if (path.endsWith('run.json')) at('before run.json');
  if (isCheckpoint(path) && path.endsWith('.safetensors')) at('before the rename');
  if (path.endsWith('checkpoints/manifest.json')) at('before the pointer');
  await rename(from, to);
  if (isCheckpoint(path) && path.endsWith('.safetensors')) at('between rename and pointer');
  if (path.endsWith('checkpoints/manifest.json')) at('after the pointer');
  if (path.endsWith('best.safetensors')) at('after the best copy');
};
syncBuiltinESMExports();

const postMessage = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (this: Worker, message: { kind?: string }) {
  postMessage.call(this, message);
  if (message.kind === 'score') at('during evaluation');
};

const { forward, writeCodes } = Table.prototype;
Table.prototype.forward = function (this: Table, ...args) {
  forward.apply(this, args);
  at('between two passes');
};
Table.prototype.writeCodes = function (this: Table, ...args) {
  writeCodes.apply(this, args);
  at('during an update');
};
