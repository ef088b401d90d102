// Where threads wait for each other. Blocks the thread: for worker threads only.

/** Looks at the barrier before the thread sleeps: some microseconds, when the others are nearly there. */
const SPINS = 2000;

/** Thrown to threads that wait for one that will not come. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';

  constructor() {
    super('Another thread of the team failed.');
  }
}

/** A barrier that can be passed again and again by the same parties, until one of them abandons it. */
export class Barrier {
  /** Int32 words a barrier needs in shared memory, initially 0. */
  static readonly WORDS = 3;

  /** @param words shared words: those who have arrived, the number of times it has opened, whether it is abandoned */
  constructor(
    private readonly words: Int32Array,
    private readonly parties: number,
  ) {}

  /** Returns when all parties have called it. @throws Abandoned when one of them cannot */
  wait(): void {
    if (this.parties === 1) return;
    const opened = Atomics.load(this.words, 1);
    if (Atomics.add(this.words, 0, 1) + 1 === this.parties) {
      Atomics.store(this.words, 0, 0);
      Atomics.add(this.words, 1, 1);
      Atomics.notify(this.words, 1);
    } else {
      for (let i = 0; i < SPINS && Atomics.load(this.words, 1) === opened; i++);
      while (Atomics.load(this.words, 1) === opened) {
        if (Atomics.load(this.words, 2) !== 0) throw new Abandoned();
        Atomics.wait(this.words, 1, opened, 1000);
      }
    }
    if (Atomics.load(this.words, 2) !== 0) throw new Abandoned();
  }

  /** Frees all who wait, now and later: for when a party has failed. May be called by any thread. */
  abandon(): void {
    Atomics.store(this.words, 2, 1);
    Atomics.notify(this.words, 1);
  }
}
