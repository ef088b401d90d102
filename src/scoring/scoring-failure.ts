// What ends a call of `predict` that is nobody's mistake: the thread that scored it is gone.

/** The thread that scored a call's rows died. It is replaced; the same call can be made again. */
export class ScoringFailure extends Error {
  override readonly name = 'ScoringFailure';
}
