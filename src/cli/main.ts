#!/usr/bin/env node
// The `bitrow` program: standard streams, Ctrl-C and exit code around runCommandLine.
import { commands } from './commands.js';
import { Interrupted } from './interrupted.js';
import { runCommandLine } from './program.js';

const controller = new AbortController();
const stop = () => {
  // Asked twice: give up tidying. By the signal itself, which a shell reports as 130: `process.exit` would end
  // threads in the middle of native code, and the process with a dump.
  if (controller.signal.aborted) {
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  }
  controller.abort(new Interrupted());
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// A reader such as `head` that goes away is no failure, and does not end a training.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCommandLine(
  commands,
  process.argv.slice(2),
  { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) },
  controller.signal,
);
