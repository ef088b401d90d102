// Round numbers for a logarithmic axis, as many as there is room for.

/** From few to many in each power of ten. */
const densities = [[1], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]] as const;

/** @param least ticks that should be there, if the densest choice has as many */
export function logTicks([low, high]: readonly [number, number], least = 4): number[] {
  let ticks: number[] = [];
  for (const factors of densities) {
    ticks = [];
    for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; exponent++) {
      for (const factor of factors) {
        const tick = Number(`${factor}e${exponent}`);
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    if (ticks.length >= least) break;
  }
  return ticks;
}
