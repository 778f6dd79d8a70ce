import { describe, expect, test } from 'vitest';
import type { EngineCause } from '../../src/errors.ts';
import { mostRestarts, restartDelay, windowMs } from '../../src/keeper/supervise/backoff.ts';
import { deathCause } from '../../src/keeper/supervise/cause.ts';
import { hangAfterMs } from '../../src/keeper/supervise/hang.ts';
import { newHealth, next, type EngineEvent, type Health } from '../../src/keeper/supervise/health.ts';
import { saferPlan } from '../../src/keeper/supervise/safer.ts';
import { failureText } from '../../src/report/failure-text.ts';
import { restartText } from '../../src/report/restart-text.ts';
import { gatewayPlan } from '../support/gateway-door.ts';
import { testPlan } from '../support/keeper-rig.ts';

const killed: EngineCause = { kind: 'killed', detail: 'SIGKILL' };
const memory: EngineCause = { kind: 'out-of-memory', detail: 'Insufficient Memory' };
const died = (over: Partial<Extract<EngineEvent, { kind: 'died' }>> = {}): EngineEvent => ({
  ...{ kind: 'died', at: 0, cause: killed, bySignal: true, panic: false, canBeSafer: true },
  ...over,
});
const ready: Health = next(newHealth, { kind: 'answered' }).health;

describe('the state of an engine', () => {
  test('goes from starting over ready and restarting to ready again', () => {
    expect([newHealth.phase, ready.phase]).toEqual(['starting', 'ready']);
    const { health, action } = next(ready, died());
    expect([health.phase, action]).toEqual(['restarting', { do: 'restart', afterMs: 250, safer: false }]);
    expect(next(health, { kind: 'answered' }).health).toMatchObject({ phase: 'ready', restarts: [0] });
  });

  test('is degraded while it is silent at work, and only then', () => {
    const silent = next(ready, { kind: 'silent' }).health;
    expect(silent.phase).toBe('degraded');
    expect(next(silent, { kind: 'sign' }).health.phase).toBe('ready');
    expect(next(newHealth, { kind: 'silent' }).health.phase).toBe('starting');
  });

  test('unloads when idle and loads when wanted, and a death in between is none', () => {
    const unloaded = next(ready, { kind: 'idle' });
    expect([unloaded.health.phase, unloaded.action.do]).toEqual(['unloaded', 'unload']);
    expect(next(unloaded.health, died()).action.do).toBe('nothing');
    const loads = next(unloaded.health, { kind: 'wanted' });
    expect([loads.health.phase, loads.action.do]).toEqual(['starting', 'load']);
    expect(next(ready, { kind: 'wanted' }).action.do).toBe('nothing');
  });

  test('is given up when it dies too often within the window, each time after a longer wait', () => {
    let health = ready;
    const waits: number[] = [];
    for (let life = 0; life < mostRestarts; life += 1) {
      const step = next(health, died({ at: life }));
      if (step.action.do === 'restart') waits.push(step.action.afterMs);
      health = next(step.health, { kind: 'answered' }).health;
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000]);
    const last = next(health, died({ at: mostRestarts }));
    expect([last.health.phase, last.action]).toEqual(['failed', { do: 'give-up', why: 'too-often' }]);
    expect(next(last.health, { kind: 'answered' }).health.phase).toBe('failed');
    expect(next(health, died({ at: windowMs + mostRestarts })).action).toMatchObject({ do: 'restart', afterMs: 250 });
  });

  test('gets safer where memory was lacking, and is refused when nothing is left to make smaller', () => {
    for (const cause of [memory, { kind: 'limit-lowered', detail: '' } as const]) {
      expect(next(ready, died({ cause, bySignal: false })).action).toMatchObject({ do: 'restart', safer: true });
      expect(next(ready, died({ cause, canBeSafer: false })).action).toEqual({ do: 'give-up', why: 'memory' });
    }
  });

  test('is never started again after a kernel panic, or when what it died of lasts', () => {
    expect(next(ready, died({ panic: true })).action).toEqual({ do: 'give-up', why: 'panic' });
    for (const kind of ['import', 'flag', 'model-type', 'hub'] as const)
      expect(next(ready, died({ cause: { kind, detail: '' } })).action).toEqual({ do: 'give-up', why: 'lasting' });
  });

  test('that never came up is started again only if somebody killed it', () => {
    const unknown: EngineCause = { kind: 'unknown', detail: '' };
    expect(next(newHealth, died()).action.do).toBe('restart');
    expect(next(newHealth, died({ cause: unknown, bySignal: false })).action.do).toBe('give-up');
    expect(next(newHealth, died({ cause: memory })).action.do).toBe('give-up');
    expect(next(ready, died({ cause: unknown, bySignal: false })).action.do).toBe('restart');
  });
});

test('the wait grows up to half a minute', () => {
  expect(restartDelay([], 0, 20_000)).toBe(20_000);
  expect(restartDelay([0], 0, 20_000)).toBe(30_000);
});

test('a limit that was lowered under the engine is the cause, where it ended for want of memory or without a word', () => {
  const lowered = { before: 40_000, now: 30_000 };
  expect(deathCause(memory, lowered)).toEqual({ kind: 'limit-lowered', detail: 'from 40000 MiB to 30000 MiB' });
  expect(deathCause(killed, { before: 40_000, now: 0 }).kind).toBe('limit-lowered');
  expect(deathCause({ kind: 'import', detail: '' }, lowered).kind).toBe('import');
  for (const seen of [
    { before: 30_000, now: 40_000 },
    { before: 0, now: 0 },
    { before: null, now: 30_000 },
    { before: 30_000, now: null },
  ])
    expect(deathCause(memory, seen)).toBe(memory);
});

test('a hang takes as long as its prompt makes it: three times the prediction, a minute at least', () => {
  expect(hangAfterMs(30_000, 300)).toBe(300_000);
  expect(hangAfterMs(10, 300)).toBe(60_000);
  expect(hangAfterMs(null, null)).toBe(60_000);
  // Nobody knows yet: as slow as the slowest.
  expect(hangAfterMs(30_000, null)).toBe(1_200_000);
});

test('one notch safer: the context to three quarters, to a half, then smaller prefill steps, then nothing', () => {
  const flags = ['serve', '--prefill-step-size', '2048', '--cache-memory-mb', '1000'];
  const first = testPlan(flags, { gateway: gatewayPlan });
  const one = saferPlan(first, first);
  expect(one?.change).toEqual({ what: 'context', from: 32_768, to: 24_576 });
  expect([one?.plan.context, one?.plan.gateway?.context]).toEqual([24_576, 24_576]);
  expect(one?.plan.engine.flags).toEqual(['serve', '--prefill-step-size', '2048', '--cache-memory-mb', '750']);
  const two = saferPlan(one?.plan ?? first, first);
  expect(two?.plan.context).toBe(16_384);
  const three = saferPlan(two?.plan ?? first, first);
  expect(three?.change).toEqual({ what: 'prefill-step', from: 2_048, to: 512 });
  expect(three?.plan.engine.flags).toEqual(['serve', '--prefill-step-size', '512', '--cache-memory-mb', '500']);
  expect(saferPlan(three?.plan ?? first, first)).toBeNull();
  // A context in which no agent can work is not tried.
  const small = testPlan(flags, { context: 9_000 });
  expect(saferPlan(small, small)?.change.what).toBe('prefill-step');
});

describe('words', () => {
  test('about restarts: one line, with the cause and what became smaller', () => {
    expect(restartText([])).toBeNull();
    expect(restartText([{ cause: killed, change: null }])).toBe(
      'The engine was restarted once: something killed it (SIGKILL).',
    );
    const text = restartText([
      { cause: memory, change: { what: 'context', from: 32_768, to: 24_576 } },
      { cause: memory, change: { what: 'context', from: 24_576, to: 16_384 } },
    ]);
    expect(text).toBe(
      'The engine was restarted 2 times, at last because it ran out of GPU memory (Insufficient Memory). Its context is 16,384 tokens since then, not 32,768.',
    );
  });

  test('about an engine that was given up: the numbers, and what to try', () => {
    const failure = {
      reason: 'engine-given-up' as const,
      ...{ cause: memory, restarts: 3, windowSeconds: 1_800, context: 16_384 },
      ...{ prefillStep: 512, peakBytes: 2 ** 34, panicPath: null, logPath: '/log' },
    };
    const { what, next: hint } = failureText({ ...failure, why: 'memory' });
    for (const part of ['16,384 tokens', '512 at a time', 'GB']) expect(what).toContain(part);
    expect(hint).toMatch(/smaller model.*\/resume.*\/log/);
    expect(failureText({ ...failure, why: 'too-often' }).what).toContain('restarted 3 times within 30 min');
    expect(failureText({ ...failure, why: 'panic', panicPath: '/x.panic' }).what).toMatch(/kernel panic.*\/x\.panic/);
  });
});
