/** An engine may be busy with other things than our request for so long, whatever that holds, ms. */
const leastMs = 60_000;
/** A prompt is read more slowly the longer it is, and a machine may be busy: so many times the prediction is a hang. */
const times = 3;
/** What a slow machine reads of a large model, tokens a second; for a first prompt, when nothing was learnt yet. */
const slowest = 25;

/**
 * How long an engine at work may give no sign (no byte, no answer to its health question) before it is taken for hung,
 * ms: three times what reading the prompt should take, a minute at least. `tokens` = its prompt, null = not counted yet;
 * `perSecond` = tokens that this engine was seen to read, null = not known. Pure.
 */
export function hangAfterMs(tokens: number | null, perSecond: number | null, least = leastMs): number {
  const predicted = perSecond === null ? (tokens ?? 0) / slowest : (times * (tokens ?? 0)) / perSecond;
  return Math.max(least, predicted * 1_000);
}

/** From this part of it on the engine is called degraded. */
export const degradedShare = 1 / 3;
