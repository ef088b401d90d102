// Runs a command line in this process and keeps what it prints.
import { commands } from '../src/cli/commands.js';
import { runCommandLine } from '../src/cli/program.js';

export interface CommandLineOutcome {
  code: number;
  out: string;
  err: string;
}

export async function bitrow(argv: readonly string[], signal?: AbortSignal): Promise<CommandLineOutcome> {
  let out = '';
  let err = '';
  const streams = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await runCommandLine(commands, argv, streams, signal ?? new AbortController().signal);
  return { code, out, err };
}
