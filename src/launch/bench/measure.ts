import { randomInt } from 'node:crypto';
import { monotonicMs } from '../../os/clock.ts';
import type { Said, Timed } from './timed-request.ts';

/** What one engine showed; see BenchResult. */
export interface Measured {
  readonly promptTokens: number;
  readonly readPerSecond: number;
  readonly writtenPerSecond: number | null;
  readonly coldMs: number;
  readonly warmMs: number;
}

export interface Measure {
  /** Sends a conversation and times the reply to it. */
  readonly ask: (messages: readonly Said[], maxTokens: number) => Promise<Timed>;
  /** The most tokens that a prompt may have here. */
  readonly mostTokens: number;
  /** How far it is: 0 to 1, and what is done now. */
  readonly onProgress: (share: number, doing: string) => void;
  readonly now?: () => number;
}

/** The first request finds the engine's kernels not compiled yet; it tells how long words are in tokens, and how fast. */
const probeWords = 150;
/** A prompt like an agent's with some files in it, tokens; a slow machine gets a shorter one. */
const [leastTokens, usualTokens] = [512, 8_192];
/** What reading one prompt may take, and after what time no further round begins, seconds. */
const [readSeconds, roundsSeconds] = [12, 40];
const rounds = 3;
const [replyTokens, nextReplyTokens] = [128, 16];
/** A rate from fewer tokens says nothing. */
const tellingTokens = 8;

/**
 * Reads a new prompt and goes on with its conversation, up to three times: the middle one of each figure counts. Each
 * prompt begins with other words, so nothing of it can be in a cache.
 */
export async function measure({ ask, mostTokens, onProgress, now = monotonicMs }: Measure): Promise<Measured> {
  onProgress(0, 'the first request');
  const first = await ask(question(probeWords), nextReplyTokens);
  const probe = await ask(question(probeWords), nextReplyTokens);
  const perWord = Math.max(first.inputTokens / probeWords, 0.2);
  const affordable = (readRate(probe) ?? usualTokens) * readSeconds;
  const tokens = Math.min(Math.max(affordable, leastTokens), usualTokens, mostTokens);
  const words = Math.floor(tokens / perWord);
  const began = now();
  const colds: Timed[] = [];
  const warms: Timed[] = [];
  for (let round = 0; round < rounds && (round === 0 || now() - began < roundsSeconds * 1000); round += 1) {
    const share = (part: number): number => 0.1 + (0.9 * (round + part)) / rounds;
    onProgress(share(0), `reading ${Math.round(words * perWord)} tokens (${round + 1} of ${rounds})`);
    const asked = question(words);
    const cold = await ask(asked, replyTokens);
    onProgress(share(0.8), `going on (${round + 1} of ${rounds})`);
    const answer: Said = { role: 'assistant', content: cold.text.trim() || 'Yes.' };
    warms.push(await ask([...asked, answer, { role: 'user', content: 'Go on.' }], nextReplyTokens));
    colds.push(cold);
  }
  return {
    promptTokens: middle(colds.map(({ inputTokens }) => inputTokens)) ?? 0,
    readPerSecond: middle(colds.flatMap((one) => readRate(one) ?? [])) ?? 0,
    writtenPerSecond: middle(colds.flatMap((one) => writeRate(one) ?? [])),
    coldMs: middle(colds.map(({ firstMs }) => firstMs)) ?? 0,
    warmMs: middle(warms.map(({ firstMs }) => firstMs)) ?? 0,
  };
}

/** Tokens read a second; null where everything came from a cache. */
function readRate({ inputTokens, cachedTokens, firstMs }: Timed): number | null {
  const read = inputTokens - cachedTokens;
  return read > 0 && firstMs > 0 ? (read * 1000) / firstMs : null;
}

/** Tokens written a second behind the first one; null where there were too few. */
function writeRate({ outputTokens, firstMs, lastMs }: Timed): number | null {
  return outputTokens < tellingTokens || lastMs <= firstMs ? null : ((outputTokens - 1) * 1000) / (lastMs - firstMs);
}

function middle(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

const vocabulary =
  'apple river stone window garden letter number market winter summer paper bridge silver yellow mountain doctor table ' +
  'music forest engine animal kitchen morning evening island coffee history picture village teacher student holiday';

/** A prompt of so many words, with others at its beginning each time, and something to write that is long enough. */
function question(words: number): readonly Said[] {
  const some = vocabulary.split(' ');
  const text = Array.from({ length: words }, () => some[randomInt(some.length)] ?? '').join(' ');
  const unique = randomInt(2 ** 40).toString(36);
  return [
    {
      role: 'user',
      content: `${unique} Here is a list of words: ${text}. Now count from 1 to 100, one number a line.`,
    },
  ];
}
