// Commander's own complaints in the form of all others: a sentence that lists what is known, exit code 2.
import type { Command, CommanderError } from 'commander';
import { UserError, unknownName } from '../errors.js';

/** The error to print for one that commander raised while reading a command line that asks for a command, or for none. */
export function usageError(error: CommanderError, program: Command, asked: Command | undefined): UserError {
  const command = asked ?? program;
  const help = `see \`bitrow ${command === program ? '' : `${command.name()} `}--help\``;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.unknownOption') {
    const options = command.createHelp().visibleOptions(command);
    return unknownName(
      'option',
      quoted,
      options.map((option) => option.long ?? option.flags),
    );
  }
  if (error.code === 'commander.unknownCommand' || (command === program && error.code === 'commander.help')) {
    return unknownName(
      'command',
      quoted,
      program.commands.map((known) => known.name()),
    );
  }
  const sentence = error.message.replace(/^error: /, '');
  const capital = sentence.charAt(0).toUpperCase() + sentence.slice(1);
  return new UserError(capital.endsWith('.') ? capital : `${capital}.`, help, 2);
}
