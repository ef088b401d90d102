// What a command is: commander's declaration, which must import nothing heavy, and an action that loads what it
// needs when it runs. To add one: a file that exports a CommandSpec, and an entry in commands.ts.
import type { Command } from 'commander';

/** A command as `bitrow --help` knows it, without having loaded it. */
export interface ListedCommand {
  summary: string;
  load(): Promise<CommandSpec>;
}

export interface CommandSpec {
  /** A command line that works, shown under --help. */
  example: string;
  /** Declares arguments and options. `--json` and `--verbose` are added to every command. */
  declare(command: Command): void;
  /** What `--help --json` prints in place of the help's text. */
  helpJson?(): Promise<unknown>;
  /** Does the work. What it returns is printed: `text` for people, or `json` with --json. */
  run(invocation: Invocation): Promise<Result>;
}

export interface Invocation {
  /** Positional arguments as declared. */
  args: readonly string[];
  /** Options as commander parsed them; the command validates them. */
  options: Readonly<Record<string, unknown>>;
  json: boolean;
  /** Aborted by Ctrl-C, perhaps before the work begins. */
  signal: AbortSignal;
}

export interface Result {
  text: string;
  json: Record<string, unknown>;
  /** 1 where the work is done, but for a part that failed. Default: 0. */
  exitCode?: 0 | 1;
}
