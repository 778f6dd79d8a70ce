import type { Failure } from '../../errors.ts';
import type { KeeperPlan } from '../../launch/plan.ts';
import type { Paths } from '../../os/paths.ts';
import type { EngineOrder } from '../engine-process.ts';
import type { EngineRestart, FromKeeper } from '../protocol.ts';
import type { WitnessDoors } from './witness.ts';

export interface SupervisorOrder extends Omit<EngineOrder, 'onReady' | 'onFailed'> {
  readonly paths: Pick<Paths, 'cache'>;
  readonly doors?: WitnessDoors & { readonly firstDelayMs?: number };
  /** The most that the engine has taken, bytes; null = not known. */
  readonly peakBytes: () => Promise<number | null>;
  /** It answers; with the plan that it runs on now. */
  readonly onReady: (ready: Ready, plan: KeeperPlan) => void;
  /** It has ended, and it is not known yet what is done about it. */
  readonly onDown: () => void;
  readonly onRestart: (restart: EngineRestart, plan: KeeperPlan) => void;
  /** It was ended because nobody needs it; and it is needed again. */
  readonly onUnloaded: () => void;
  readonly onLoading: () => void;
  /** It is given up; told once at most, and not for an end that was asked for. */
  readonly onFailed: (failure: Failure) => void;
}

type Ready = Extract<FromKeeper, { type: 'ready' }>;
