// PyTorch's quantization beside ours: a process of Python that does the same work on the same rows when it is told to
// (bench/peers/quantize.py).
import { startPython } from './python-peer.js';

export type PeerRequest =
  | { do: 'prepack'; bits: number; greedy: boolean; first: number; rows: number; store?: string }
  | { do: 'lookup'; bits: number; ids: string; bags: number; each: number; store?: string };

export interface TorchPeer {
  /** PyTorch's version. */
  version: string;
  /** Seconds that the work took there, without the way to and fro. */
  run(request: PeerRequest): Promise<number>;
  close(): void;
}

/**
 * Starts the process on a file of fp32 values (rows, dim).
 *
 * @returns why there is none, where Python has no torch or is none
 */
export async function startTorch(
  python: string,
  table: string,
  rows: number,
  dim: number,
): Promise<TorchPeer | string> {
  const peer = await startPython(python, 'quantize.py', [table, String(rows), String(dim)]);
  if (typeof peer === 'string') return peer;
  return {
    version: String(peer.hello.torch),
    run: async (request) => Number((await peer.ask(request)).seconds),
    close: peer.close,
  };
}
