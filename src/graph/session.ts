// A model loaded in onnxruntime, run on the caller's memory: feeds are read and results written where they lie,
// without copies, as long as the views are of an ordinary ArrayBuffer or an unshared WebAssembly memory (shared
// memory is refused by onnxruntime). A run blocks its thread, so sessions live in worker threads, one each.
import * as onnxruntime from 'onnxruntime-node';
import { describeShape, elementCount } from './shape.js';

/** Memory and the shape it has in this run, row-major. */
export interface View {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export interface SessionOptions {
  /** Threads within one operator; more than 1 changes the order of sums. Default 1. */
  readonly threads?: number;
  /** Writes a JSON profile to `${profile}_<time>.json` when the session is released. */
  readonly profile?: string;
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Reads every input from `feeds` and writes every output in `fetches`, and only those, into its view. */
  run(feeds: Readonly<Record<string, View>>, fetches: Readonly<Record<string, View>>): Promise<void>;
  release(): Promise<void>;
}

/** Loads an ONNX model. */
export async function createSession(
  model: Uint8Array,
  { threads = 1, profile }: SessionOptions = {},
): Promise<Session> {
  const session = await onnxruntime.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    // Gradients fade into denormals, which cost a hundred times as much as zeros.
    extra: { session: { set_denormal_as_zero: '1' } },
  });
  const tensors = new Map<string, onnxruntime.Tensor>();
  /** The tensor of the last run when its memory and shape are still the same. */
  const tensorsOf = (views: Readonly<Record<string, View>>) =>
    Object.fromEntries(
      Object.entries(views).map(([name, { data, shape }]) => {
        const known = tensors.get(name);
        if (
          known !== undefined &&
          known.data === data &&
          describeShape(known.dims) === describeShape(shape)
        ) {
          return [name, known];
        }
        const tensor = tensorOf(name, data, shape);
        tensors.set(name, tensor);
        return [name, tensor];
      }),
    );
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, fetches) {
      await session.run(tensorsOf(feeds), tensorsOf(fetches));
    },
    async release() {
      if (profile !== undefined) session.endProfiling();
      await session.release();
    },
  };
}

function tensorOf(name: string, data: Float32Array, shape: readonly number[]): onnxruntime.Tensor {
  if (data.buffer instanceof SharedArrayBuffer) {
    throw new Error(`The view of '${name}' is of shared memory, which onnxruntime does not take.`);
  }
  if (data.length !== elementCount(shape)) {
    throw new Error(`The view of '${name}' has ${data.length} numbers for shape ${describeShape(shape)}.`);
  }
  return new onnxruntime.Tensor('float32', data, shape);
}
