import type { EngineCause } from '../../errors.ts';
import { firstDelayMs, recent, restartDelay } from './backoff.ts';
import { isForMemory, isLasting } from './cause.ts';

export type Phase = 'starting' | 'ready' | 'degraded' | 'restarting' | 'unloaded' | 'failed';

/** An engine as its keeper sees it: one value, changed by `next` alone. */
export interface Health {
  readonly phase: Phase;
  /** It has been ready at least once. */
  readonly served: boolean;
  /** When it was started again by itself, within the window; ms on the monotonic clock. */
  readonly restarts: readonly number[];
  /** What is waited before the first of them, ms. */
  readonly firstDelayMs: number;
}

export const newHealth: Health = { phase: 'starting', served: false, restarts: [], firstDelayMs };

/** What happens to an engine. `at` in ms on the monotonic clock. */
export type EngineEvent =
  | { readonly kind: 'answered' }
  /** At work and without a sign for a suspicious time; or with one again. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'sign' }
  | {
      readonly kind: 'died';
      readonly at: number;
      readonly cause: EngineCause;
      /** By a signal, and not with an exit code of its own. */
      readonly bySignal: boolean;
      /** A report of a kernel panic that is newer than its start, or than the last one before this keeper. */
      readonly panic: boolean;
      /** Whether there is a plan that needs less memory. */
      readonly canBeSafer: boolean;
    }
  /** Nobody asked for anything for the time the user named. */
  | { readonly kind: 'idle' }
  /** A request is there. */
  | { readonly kind: 'wanted' };

/** Why an engine is not started again: what it died of lasts, too often, no smaller plan is left, or the Mac panicked. */
export type GaveUp = 'lasting' | 'too-often' | 'memory' | 'panic';

export type Action =
  | { readonly do: 'nothing' }
  | { readonly do: 'restart'; readonly afterMs: number; readonly safer: boolean }
  | { readonly do: 'give-up'; readonly why: GaveUp }
  | { readonly do: 'unload' }
  | { readonly do: 'load' };

export interface Step {
  readonly health: Health;
  readonly action: Action;
}

/** What becomes of an engine, and what is to be done about it. Pure. */
export function next(health: Health, event: EngineEvent): Step {
  const { phase } = health;
  const stays: Step = { health, action: { do: 'nothing' } };
  if (phase === 'failed') return stays;
  switch (event.kind) {
    case 'answered':
      return { health: { ...health, phase: 'ready', served: true }, action: { do: 'nothing' } };
    case 'silent':
      return phase === 'ready' ? { ...stays, health: { ...health, phase: 'degraded' } } : stays;
    case 'sign':
      return phase === 'degraded' ? { ...stays, health: { ...health, phase: 'ready' } } : stays;
    case 'idle':
      return phase === 'ready' ? { health: { ...health, phase: 'unloaded' }, action: { do: 'unload' } } : stays;
    case 'wanted':
      return phase === 'unloaded' ? { health: { ...health, phase: 'starting' }, action: { do: 'load' } } : stays;
    case 'died':
      return phase === 'unloaded' ? stays : afterDeath(health, event);
    default:
      return event satisfies never;
  }
}

function afterDeath(health: Health, death: Extract<EngineEvent, { kind: 'died' }>): Step {
  const giveUp = (why: GaveUp): Step => ({
    health: { ...health, phase: 'failed' },
    action: { do: 'give-up', why },
  });
  if (death.panic) return giveUp('panic');
  if (isLasting(death.cause)) return giveUp('lasting');
  const forMemory = isForMemory(death.cause);
  // One that never came up and was not killed from outside will not come up the next time either.
  if (!health.served && (forMemory || !death.bySignal)) return giveUp('lasting');
  if (forMemory && !death.canBeSafer) return giveUp('memory');
  const afterMs = restartDelay(health.restarts, death.at, health.firstDelayMs);
  if (afterMs === null) return giveUp('too-often');
  return {
    health: { ...health, phase: 'restarting', restarts: [...recent(health.restarts, death.at), death.at] },
    action: { do: 'restart', afterMs, safer: forMemory },
  };
}
