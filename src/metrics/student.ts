// Quantiles of Student's t distribution for a whole number of degrees of freedom, by the finite sums that its integral
// has then (Abramowitz & Stegun, 26.7.3 and 26.7.4) and bisection. No approximation: exact up to float64.

/**
 * The value below which a t-distributed number lies with the given probability.
 *
 * @param probability between 0 and 1, both excluded
 * @param degrees degrees of freedom, a whole number from 1
 * @example studentQuantile(0.95, 4) // 2.1318…, half the width of a 90 % interval of five values, in standard errors
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`a probability of ${probability}`);
  if (!Number.isInteger(degrees) || degrees < 1) throw new RangeError(`${degrees} degrees of freedom`);
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  const central = 2 * probability - 1;
  let low = 0;
  let high = Math.PI / 2;
  // θ = atan(t / √degrees), since a bounded interval can be halved until nothing lies between its ends.
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return Math.sqrt(degrees) * Math.tan(low);
    if (centralProbability(middle, degrees) < central) low = middle;
    else high = middle;
  }
}

/** P(|T| ≤ √degrees · tan θ). */
function centralProbability(theta: number, degrees: number): number {
  const cosine = Math.cos(theta);
  const isOdd = degrees % 2 === 1;
  // Odd: cos θ + 2/3 cos³ θ + (2·4)/(3·5) cos⁵ θ + …; even: 1 + 1/2 cos² θ + (1·3)/(2·4) cos⁴ θ + …; to cos^(degrees − 2).
  let sum = 0;
  let term = isOdd ? cosine : 1;
  for (let power = isOdd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= ((power + 1) / (power + 2)) * cosine * cosine;
  }
  return isOdd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}
