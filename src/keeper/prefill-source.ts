import type { Engine } from '../engines/engine.ts';
import type { PrefillSource } from '../gateway/seen/index.ts';
import type { KeeperPlan } from '../launch/plan.ts';
import { prefillStepOf } from './supervise/safer.ts';

/** Where the engine tells how far it has read a prompt. Pure. */
export function prefillSource(
  { tellsPrefill }: Pick<Engine, 'tellsPrefill'>,
  plan: Pick<KeeperPlan, 'engine'>,
  engineLog: string,
): PrefillSource {
  switch (tellsPrefill) {
    case 'status':
      return { from: 'status', step: prefillStepOf(plan) };
    case 'log':
      return { from: 'log', path: engineLog };
    case 'reply':
      return { from: 'reply' };
    default:
      return tellsPrefill satisfies never;
  }
}
