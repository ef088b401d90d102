// Every command by its name, in the order of `bitrow --help`: one file and one line each.
import type { CommandSpec } from './command.js';
import { prepareCommand } from './prepare.js';

export const commands = { prepare: prepareCommand } as const satisfies Record<string, CommandSpec>;
