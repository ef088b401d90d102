// The frame of the command line: builds commander's program from the registry, and turns whatever happens into an
// exit code and either text or exactly one JSON object. 0 is success, 1 a failure, 2 bad usage, 130 Ctrl-C.
import { Command, CommanderError } from 'commander';
import { UserError } from '../errors.js';
import { version } from '../version.js';
import type { CommandSpec, ListedCommand, Result } from './command.js';
import { Interrupted } from './interrupted.js';
import { usageError } from './usage-error.js';

export interface Streams {
  out: (text: string) => void;
  err: (text: string) => void;
}

/** Runs one command line (without node and script). Gives the exit code; prints, but never exits. */
export async function runCommandLine(
  commands: Readonly<Record<string, ListedCommand>>,
  argv: readonly string[],
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  const json = beforeTerminator(argv).includes('--json');
  const verbose = beforeTerminator(argv).includes('--verbose');
  const name = askedCommand(argv);
  const spec = Object.hasOwn(commands, name) ? await commands[name].load() : undefined;
  let exitCode = 0;
  // Help and version are text too: with --json they are held back and put into an object.
  let help = '';
  const showHelp = json
    ? (text: string) => {
        help += text;
      }
    : streams.out;
  const program = emptyProgram(showHelp);
  for (const [listed, { summary }] of Object.entries(commands)) {
    program.command(listed).copyInheritedSettings(program).summary(summary);
  }
  const command = program.commands.find((known) => known.name() === name);
  if (spec && command) {
    declare(command, spec, async () => {
      const result = await spec.run({ args: command.args, options: command.opts(), json, signal });
      printResult(result, json, streams);
      exitCode = result.exitCode ?? 0;
    });
  }
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      if (json) streams.out(`${JSON.stringify(await helpObject(spec, error, help))}\n`);
      return 0;
    }
    if (signal.aborted) {
      const stopped = error instanceof Interrupted ? error : new Interrupted();
      return printFailure(stopped, 130, json, verbose, streams);
    }
    const known = error instanceof CommanderError ? usageError(error, program, command) : error;
    return printFailure(known, known instanceof UserError ? known.exitCode : 1, json, verbose, streams);
  }
}

/** The name of the command that a command line asks for, known or not; empty where it has none. */
function askedCommand(argv: readonly string[]): string {
  return argv.find((arg) => !arg.startsWith('-')) ?? '';
}

/** The program without its commands. */
function emptyProgram(showHelp: (text: string) => void): Command {
  return (
    new Command('bitrow')
      .description('Train click-through-rate models with embedding tables of 2, 4, 8 or 16 bits.')
      .version(version, '--version', 'print the version')
      .helpOption('--help', 'show this help')
      .helpCommand(false)
      .showSuggestionAfterError(false)
      .exitOverride()
      // Errors are worded and printed here, not by commander.
      .configureOutput({ writeOut: showHelp, writeErr: () => {} })
      .addHelpText('after', '\n`bitrow <command> --help` shows an example.')
  );
}

/** Everything about the command that is asked for; of the others the summary will do. */
function declare(command: Command, spec: CommandSpec, action: () => Promise<void>): void {
  command.description(command.summary()).helpOption('--help', 'show this help').allowExcessArguments(false);
  spec.declare(command);
  command.option('--json', 'print one JSON object on standard output and nothing else');
  command.option('--verbose', 'show the stack of an error');
  command.addHelpText('after', `\nExample:\n  ${spec.example}`);
  command.action(action);
}

/** What `--help --json` prints: what the command itself has to say, else the text. */
async function helpObject(
  spec: CommandSpec | undefined,
  { code }: CommanderError,
  text: string,
): Promise<unknown> {
  if (code === 'commander.version') return { version };
  return spec?.helpJson ? await spec.helpJson() : { help: text };
}

function printResult(result: Result, json: boolean, streams: Streams): void {
  streams.out(json ? `${JSON.stringify(result.json)}\n` : `${result.text}\n`);
}

function printFailure(
  error: unknown,
  code: number,
  json: boolean,
  verbose: boolean,
  streams: Streams,
): number {
  const { message, help } = describe(error);
  if (json) streams.out(`${JSON.stringify({ error: message, help })}\n`);
  streams.err(`${message}\n`);
  if (help !== null) streams.err(`help: ${help}\n`);
  if (verbose && error instanceof Error) streams.err(`${error.stack}\n`);
  return code;
}

function describe(error: unknown): { message: string; help: string | null } {
  if (error instanceof UserError) return { message: error.message, help: error.help ?? null };
  if (error instanceof Interrupted) return { message: error.message, help: null };
  const message = error instanceof Error ? error.message : String(error);
  return { message: `bitrow failed: ${message}`, help: 'run it again with --verbose to see where' };
}

/** What stands after `--` is no option. */
function beforeTerminator(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}
