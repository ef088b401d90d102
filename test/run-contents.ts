// What a run came to, without what differs between two equal runs: times. For comparing runs in every bit.
import { createHash } from 'node:crypto';
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import { RunDirectory } from '../src/runs/run-directory.js';

/** SHA-256 of every tensor of the best model and of the newest checkpoint, the metrics and the result. */
export interface RunContents {
  state: string;
  best: Record<string, string>;
  last: Record<string, string>;
  metrics: unknown[];
  result: unknown;
}

export async function runContents(path: string): Promise<RunContents> {
  const directory = await RunDirectory.open(path);
  return {
    state: directory.run.state,
    best: await tensors(directory.checkpoint('best')),
    last: await tensors(directory.checkpoint('last')),
    metrics: (await directory.metrics()).map((line) => without(line, timings)),
    result: without(directory.run.result, ['run', 'resumedFrom', 'checkpoints', 'memory', ...timings]),
  };
}

const timings = ['samplesPerSecond', 'seconds', 'trainSeconds', 'validationSeconds'];

function without(value: unknown, names: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(Object(value)).filter(([name]) => !names.includes(name)));
}

async function tensors(path: string): Promise<Record<string, string>> {
  const file = await SafetensorsReader.open(path);
  try {
    const hashes: Record<string, string> = { metadata: JSON.stringify(file.metadata) };
    for (const name of file.tensors.keys()) {
      const { data } = await file.readTensor(name);
      hashes[name] = createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex');
    }
    return hashes;
  } finally {
    await file.close();
  }
}
