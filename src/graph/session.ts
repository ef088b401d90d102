// A model loaded in onnxruntime, run on the caller's memory: feeds are read and results written where they lie,
// as long as the views are of an ordinary ArrayBuffer or an unshared WebAssembly memory (shared memory is refused
// by onnxruntime). A run blocks its thread, so sessions live in worker threads. Nothing else knows onnxruntime.
import { MessageChannel } from 'node:worker_threads';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { describeShape, elementCount } from './shape.js';

/** The version of onnxruntime that runs here; stored in a run, since another one may give other bits. */
export const onnxruntimeVersion = env.versions.node ?? 'unknown';

/** Memory and the shape it has in this run, row-major. */
export interface View {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What an input can be given: of exported models, ids and raw numbers too. */
export interface FedView {
  readonly data: Float32Array | Float64Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** How far onnxruntime changes a graph before it runs it. */
export const optimizationLevels = ['disabled', 'basic', 'extended', 'layout', 'all'] as const;
export type OptimizationLevel = (typeof optimizationLevels)[number];

/** How a model is run. */
export interface SessionOptions {
  /** Threads within one operator. Default 1; more may change the order of a sum, and so its last bits. */
  readonly threads?: number;
  /** When released, the session writes the times of all operators to `${profile}_<date>.json`. */
  readonly profile?: string;
  /** Default: all. */
  readonly optimization?: OptimizationLevel;
}

/** A loaded model. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Reads every input from `feeds` and writes the outputs named in `fetches` into their views. The whole graph is
   * computed, whatever is fetched.
   *
   * @throws when a view is of shared memory, has not as many numbers as its shape, or does not fit the model
   */
  run(feeds: Readonly<Record<string, FedView>>, fetches: Readonly<Record<string, View>>): Promise<void>;
  /** Frees the model. The session cannot run any more. */
  release(): Promise<void>;
}

/** Loads an ONNX model: its bytes, such as {@link toOnnx} writes, or the path of a file. */
export async function createSession(
  model: Uint8Array | string,
  { threads = 1, profile, optimization = 'all' }: SessionOptions = {},
): Promise<Session> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    graphOptimizationLevel: optimization,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Errors only: they are thrown anyway, and a library does not log.
    logSeverityLevel: 3,
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    // Not session.set_denormal_as_zero: it holds for the first thread of the process that makes a session, for
    // ever and for its JavaScript and WebAssembly too, and for no other thread, so threads would disagree.
  };
  const session =
    typeof model === 'string'
      ? await InferenceSession.create(model, options)
      : await InferenceSession.create(model, options);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, fetches) {
      discard(await session.run(tensorsOf(feeds), tensorsOf(fetches)), fetches);
    },
    async release() {
      if (profile !== undefined) session.endProfiling();
      await session.release();
    },
  };
}

function tensorsOf(views: Readonly<Record<string, FedView>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(views).map(([name, { data, shape }]) => {
      if (data.buffer instanceof SharedArrayBuffer) {
        throw new Error(`The view of '${name}' is of shared memory, which onnxruntime does not take.`);
      }
      if (data.length !== elementCount(shape)) {
        throw new Error(
          `The view of '${name}' has ${data.length} numbers (its shape ${describeShape(shape)} has ${elementCount(shape)}).`,
        );
      }
      return [name, tensorOf(data, shape)];
    }),
  );
}

function tensorOf(data: FedView['data'], shape: readonly number[]): Tensor {
  if (data instanceof BigInt64Array) return new Tensor('int64', data, shape);
  return data instanceof Float64Array
    ? new Tensor('float64', data, shape)
    : new Tensor('float32', data, shape);
}

const { port1: nowhere } = new MessageChannel();
nowhere.close();

/**
 * onnxruntime-node 1.30.0 writes into the given outputs, and then copies each of them into a new ArrayBuffer for
 * its return value (OrtValueToNapiValue). Transferred to a closed port, those are freed now and their memory is
 * reused, warm, by the next run; left to the garbage collector they cost 3 % of a training step, in page faults.
 */
function discard(results: InferenceSession.OnnxValueMapType, fetches: Readonly<Record<string, View>>): void {
  const copies = Object.entries(results).flatMap(([name, { data }]) =>
    data instanceof Float32Array && data.buffer !== fetches[name].data.buffer
      ? [data.buffer as ArrayBuffer]
      : [],
  );
  nowhere.postMessage(undefined, copies);
}
