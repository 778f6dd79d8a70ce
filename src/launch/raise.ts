import type { KeeperRecord } from '../keeper/record.ts';
import type { GuardDoors } from '../limit/look.ts';
import type { RaisedLimit } from '../limit/raise.ts';
import type { Paths } from '../os/paths.ts';
import type { System } from '../os/system.ts';
import { raiseText, restoredText } from '../report/limit-text.ts';
import type { Screen } from '../report/screen.ts';
import type { Lifeline } from './lifeline.ts';
import type { MemoryPlan } from './plan.ts';

/** What a raise of the GPU limit needs of a launch. */
export interface RaiseOrder {
  readonly system: System;
  readonly paths: Pick<Paths, 'limit'>;
  readonly screen: Screen;
  readonly lifeline: Lifeline;
  readonly plan: { readonly memory: Pick<MemoryPlan, 'raiseLimit'> };
  /** Stand-ins of the tests. */
  readonly guard?: GuardDoors;
}

/** The GPU limit of one launch: raised between a new keeper and its engine, and gone back once the engine is gone. */
export interface LimitRaise {
  /** Asks for the password, in words first. Fails with `limit-not-raised`, `home-unusable`, or Interrupted. */
  readonly raise: (keeper: Pick<KeeperRecord, 'pid'>) => Promise<void>;
  /** To be told whether this session was the last one on its engine. */
  readonly left: (last: boolean) => void;
  /** After the engine's own release: waits a moment for the guard, and says in a line what came of it. */
  readonly release: () => Promise<void>;
}

/** Null = no raise is planned. A session that joins a running keeper never calls `raise`, and `release` is then silent. */
export function limitRaise({ system, paths, screen, lifeline, plan, guard }: RaiseOrder): LimitRaise | null {
  const planned = plan.memory.raiseLimit;
  if (planned === null) return null;
  let raising: Promise<RaisedLimit> | null = null;
  let last = true;
  return {
    raise: async ({ pid }) => {
      screen.settle();
      // An engine that did not work out may have had its own: two keepers' raises would not know of each other.
      const before = await raising?.catch(() => null);
      if (before != null) await lifeline.during(before.restored());
      screen.say(raiseText(planned.fromMiB, planned.toMiB));
      const { raiseLimit } = await import('../limit/raise.ts');
      // A root guard that is started all the same, after a signal, finds no keeper any more and does nothing.
      raising = raiseLimit({
        system,
        folder: paths.limit,
        ...planned,
        keeperPid: pid,
        signal: lifeline.ended,
        ...guard,
      });
      await lifeline.during(raising);
    },
    left: (wasLast) => {
      last = wasLast;
    },
    release: async () => {
      // One that failed, or was interrupted, takes its own note back before this settles.
      const raised = await raising?.catch(() => null);
      if (raised == null) return;
      if (!last) {
        screen.say('The GPU limit stays raised for the other session on this engine, and goes back when that ends.');
        return;
      }
      screen.live('limit', 'Waiting until the GPU limit is back.');
      screen.settle(restoredText(await raised.restored(), raised.priorMiB));
    },
  };
}
