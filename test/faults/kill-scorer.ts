// A thread that scores dies, when the process gets SIGUSR2: it is sent a batch that there is not. `node --import <this
// file> main.js serve …`.

import { syncBuiltinESMExports } from 'node:module';
import threads, { Worker } from 'node:worker_threads';

if (threads.isMainThread) {
  const scorers: Worker[] = [];
  threads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      if (String(args[0]).endsWith('/pool-worker.js')) scorers.push(this);
    }
  };
  syncBuiltinESMExports();
  process.on('SIGUSR2', () => scorers.pop()?.postMessage({ batch: -1, rows: 1 }));
}
