// The one error a person is meant to read: a sentence with the value and the allowed range, and where there
// is one thing to do, a help line. Anything else that is thrown is a defect of bitrow and keeps its stack.

/** A mistake in input, options or files. `message` is a sentence; `help` says the one thing to do, if there is one. */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(
    message: string,
    readonly help?: string,
    /** 2 for bad usage (an unknown option or name), 1 for everything else. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}

/** The sentence for a name that is not in a registry or list: says what exists. */
export function unknownName(kind: string, name: string, known: readonly string[]): UserError {
  return new UserError(`Unknown ${kind} '${name}' (known: ${known.join(', ')}).`, undefined, 2);
}
