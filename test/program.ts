// Runs the program in a process of its own, as a user does.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ProgramOutcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const inject = new URL('./faults/inject.js', import.meta.url).href;

export interface Program {
  pid: number;
  ended: Promise<ProgramOutcome>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `bitrow` with these arguments; `fault` is what faults/inject.ts reads. */
export function startProgram(argv: readonly string[], fault?: string): Program {
  const preload = fault === undefined ? [] : ['--import', inject];
  const child = spawn(process.execPath, [...preload, main, ...argv], {
    env: { ...process.env, ...(fault === undefined ? {} : { FAULT: fault }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  const ended = new Promise<ProgramOutcome>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
  return { pid: child.pid ?? -1, ended, kill: (signal) => child.kill(signal) };
}

/** The same, to its end. */
export function runProgram(argv: readonly string[], fault?: string): Promise<ProgramOutcome> {
  return startProgram(argv, fault).ended;
}
