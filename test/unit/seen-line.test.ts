import { describe, expect, test } from 'vitest';
import type { Activity } from '../../src/gateway/seen/activity.ts';
import { lineText, widest } from '../../src/gateway/seen/line-text.ts';
import type { PrefillView } from '../../src/gateway/seen/prefill.ts';
import type { Turn } from '../../src/gateway/seen/turn.ts';

const view = (over: Partial<PrefillView> = {}): PrefillView => ({
  share: 0.614,
  told: true,
  tokensPerSecond: 41.2,
  secondsLeft: 171,
  ...over,
});
const exact = (tokens: number) => ({ tokens, exact: true });
const prefill = (over: Partial<Extract<Activity, { kind: 'prefill' }>> = {}): Activity => ({
  kind: 'prefill',
  prompt: exact(18_637),
  view: view(),
  seconds: 12.4,
  left: false,
  ...over,
});
const turn = (over: Partial<Turn> = {}): Turn => ({
  outcome: 'done',
  status: 200,
  stop: 'end_turn',
  inputTokens: 18_000,
  cachedTokens: 16_200,
  outputTokens: 637,
  queueMs: 0,
  timeToFirstTokenMs: 3_210,
  prefillMs: 3_200,
  tokensPerSecond: 41.2,
  totalMs: 20_000,
  ...over,
});
const idle = (over: Partial<Turn> = {}): Activity => ({ kind: 'idle', last: turn(over) });

const unknown: PrefillView = { share: null, told: false, tokensPerSecond: null, secondsLeft: null };

describe('a status line', () => {
  test.each<[Activity, string]>([
    [{ kind: 'engine', phase: 'loading', seconds: 12.4, holds: false }, 'loading the model · 12 s'],
    [{ kind: 'engine', phase: 'restarting', seconds: 3, holds: true }, 'engine restarting · 3 s · your request waits'],
    [{ kind: 'engine', phase: 'ended', seconds: 3, holds: false }, 'the engine has ended'],
    [
      { kind: 'engine', phase: 'unloaded', seconds: 3, holds: false },
      'unloaded while idle · your next prompt loads it again',
    ],
    [{ kind: 'waiting', before: 1, seconds: 4 }, 'waiting: 1 before you · 4 s'],
    [{ kind: 'waiting', before: 0, seconds: 0 }, 'waiting · 0 s'],
    [prefill(), 'prefill 61 % · 18.2k of 32k · 41 tok/s · ~3 min left'],
    [
      prefill({ view: view({ told: false, secondsLeft: 21.6 }) }),
      'prefill ~61 % · 18.2k of 32k · ~41 tok/s · ~22 s left',
    ],
    [prefill({ view: unknown }), 'prefill · 18.2k of 32k · 12 s'],
    [prefill({ view: unknown, prompt: null }), 'prefill · 12 s'],
    [
      prefill({ prompt: { tokens: 18_637, exact: false }, view: view({ secondsLeft: null }) }),
      'prefill 61 % · ~18.2k of 32k · 41 tok/s',
    ],
    [prefill({ left: true }), 'interrupted · prefill 61 % · 18.2k of 32k · 41 tok/s'],
    [prefill({ view: view({ share: 0.9999, secondsLeft: null }) }), 'prefill 99 % · 18.2k of 32k · 41 tok/s'],
    [
      { kind: 'writing', prompt: exact(18_000), tokens: 637, perSecond: 9.44, left: false },
      'writing · 18.2k of 32k · 9.4 tok/s · 637 tokens',
    ],
    [{ kind: 'writing', prompt: exact(18_432), tokens: 1, perSecond: null, left: false }, 'writing · 18.0k of 32k'],
    [{ kind: 'idle', last: null }, 'ready · 32k context'],
    [idle(), '18.2k of 32k · 41 tok/s · first token 3.2 s · 90 % cached'],
    [idle({ cachedTokens: null, tokensPerSecond: null }), '18.2k of 32k · first token 3.2 s'],
    [idle({ outcome: 'failed', status: 529 }), 'the last reply failed (529)'],
    [idle({ outcome: 'refused', status: 400 }), 'refused: too long or not understood'],
  ])('%j is "%s"', (activity, text) => expect(lineText(activity, 32_768)).toBe(text));

  test('measures prompt and window alike', () => {
    expect(lineText(prefill({ prompt: exact(18_200) }), 24_000)).toContain('18.2k of 24k');
    expect(lineText(prefill({ prompt: exact(32_768) }), 32_768)).toContain('32k of 32k');
    expect(lineText(prefill({ prompt: exact(150) }), 131_072)).toContain('0.1k of 128k');
  });

  test('is never wider than a narrow terminal, and says the most first', () => {
    const many = exact(1_999_999);
    const lines = [
      prefill({ prompt: { ...many, exact: false }, view: view({ told: false, tokensPerSecond: 123_456 }), left: true }),
      { kind: 'writing', prompt: many, tokens: 123_456, perSecond: 12_345, left: true } as const,
      idle({ inputTokens: 999_999, cachedTokens: 999_999, tokensPerSecond: 1_000, timeToFirstTokenMs: 1_799_000 }),
      { kind: 'engine', phase: 'restarting', seconds: 100_000, holds: true } as const,
      { kind: 'waiting', before: 1_000_000, seconds: 100_000 } as const,
    ].map((activity) => lineText(activity, 2_000_000));
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(widest);
      expect(line).toMatch(/^[\x20-\x7e·]+$/);
    }
    expect(lines[0]).toMatch(/^interrupted · prefill ~61 %/);
  });
});
