// One thread that loads files of a bundle: whichever nobody has begun.
import { workerData } from 'node:worker_threads';
import { serve } from '../../team/serve.js';
import { type LoadedContent, type LoadedFile, loadFile } from './load-file.js';

/** What each thread is given. */
export interface LoadWorkerData {
  files: LoadedFile[];
  /** One number: files that were begun. */
  begun: SharedArrayBuffer;
}

const { files, begun } = workerData as LoadWorkerData;
const counter = new Int32Array(begun);
serve((_: 'load'): LoadedContent[] => {
  const loaded: LoadedContent[] = [];
  for (let i = Atomics.add(counter, 0, 1); i < files.length; i = Atomics.add(counter, 0, 1)) {
    loaded.push(loadFile(files[i]));
  }
  return loaded;
});
