/** Restarts of one engine within the window; with the next one it is given up. */
export const mostRestarts = 5;
/** Longer than five loads of a large model take, so that an engine that dies at each of them is given up too, ms. */
export const windowMs = 30 * 60_000;

/** Before the first restart, ms. */
export const firstDelayMs = 250;
const longestMs = 30_000;

/**
 * How long to wait before the next start, ms: twice as long with each restart within the window, because a Mac takes a
 * moment to give back what the GPU held. Null = it was restarted too often. `restarts` and `now` are ms on one clock.
 * Pure.
 */
export function restartDelay(restarts: readonly number[], now: number, firstMs = firstDelayMs): number | null {
  const { length } = recent(restarts, now);
  return length >= mostRestarts ? null : Math.min(longestMs, firstMs * 2 ** length);
}

/** Those that still count. Pure. */
export const recent = (restarts: readonly number[], now: number): readonly number[] =>
  restarts.filter((at) => now - at < windowMs);
