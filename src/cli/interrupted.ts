// What a command throws when it was asked to stop.

/** Nothing is wrong: exit code 130. The message says what is left behind. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor(message = 'Stopped.') {
    super(message);
  }
}
