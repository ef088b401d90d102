// What worker threads are started with.

/** Options of this process that a thread takes. */
export function workerArguments(): string[] {
  // Node.js ends a thread that runs a file with this option, which belongs to `node --input-type=module -e …`.
  return process.execArgv.filter((option) => !option.startsWith('--input-type'));
}
