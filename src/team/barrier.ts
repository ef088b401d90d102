// Where threads wait for each other. Blocks the thread: for worker threads only.

export class Barrier {
  /** Int32 words a barrier needs in shared memory, initially 0. */
  static readonly WORDS = 2;

  /** @param words shared words: those who have arrived, and the number of times the barrier has opened */
  constructor(
    private readonly words: Int32Array,
    private readonly parties: number,
  ) {}

  /** Returns when all parties have called it. */
  wait(): void {
    if (this.parties === 1) return;
    const opened = Atomics.load(this.words, 1);
    if (Atomics.add(this.words, 0, 1) + 1 === this.parties) {
      Atomics.store(this.words, 0, 0);
      Atomics.add(this.words, 1, 1);
      Atomics.notify(this.words, 1);
    } else {
      while (Atomics.load(this.words, 1) === opened) Atomics.wait(this.words, 1, opened);
    }
  }
}
