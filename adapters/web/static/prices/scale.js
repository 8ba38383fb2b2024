/* Round numbers for axes. */

/** The least of 1, 2, 5 times a power of ten that is not below a value > 0. */
export function round(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= value - 1e-12);
}

/** Marks in [low, high], about `n` of them. */
export function marks(low, high, n = 4) {
  const step = round(Math.max(high - low, 1e-9) / n);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** A value in whole steps, without the rest that floating point leaves. */
export const inSteps = (value, step) => Number((Math.round(value / step) * step).toPrecision(10));
