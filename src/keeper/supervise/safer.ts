import type { KeeperPlan } from '../../launch/plan.ts';

/** What one notch safer means, for the words about it; tokens. */
export type Change =
  | { readonly what: 'context'; readonly from: number; readonly to: number }
  | { readonly what: 'prefill-step'; readonly from: number; readonly to: number };

export interface Safer {
  readonly plan: KeeperPlan;
  readonly change: Change;
}

/** An agent's first request is 5,000 to 7,000 tokens; with less than this there is no room to work, tokens. */
const leastContext = 8_192;
/** Parts of the first context that are tried, one after the other. */
const contexts = [3 / 4, 1 / 2];
/** Reading in smaller steps costs time; below this it saves nothing worth it, tokens. */
const leastStep = 256;
const stepShare = 1 / 4;

const stepFlag = '--prefill-step-size';
/** Stored conversations are never longer than the context, so what is kept of them shrinks with it. */
const storedFlags = ['--cache-memory-mb', '--prompt-cache-bytes'];

/**
 * The plan one notch safer after a death for want of memory: a smaller context, in two steps, then smaller steps of the
 * prefill, then null. `first` = the plan before any notch. Pure.
 */
export function saferPlan(plan: KeeperPlan, first: KeeperPlan): Safer | null {
  for (const share of contexts) {
    const to = Math.floor((first.context * share) / 1024) * 1024;
    if (to < leastContext || to >= plan.context) continue;
    return { plan: withContext(plan, to), change: { what: 'context', from: plan.context, to } };
  }
  const from = prefillStepOf(plan);
  const to = from === null ? 0 : Math.max(leastStep, Math.floor(from * stepShare));
  const before = prefillStepOf(first);
  if (from === null || from !== before || to >= from) return null;
  return { plan: withStep(plan, to), change: { what: 'prefill-step', from, to } };
}

/** Tokens of a prompt that the engine reads at a time; null = its flags do not say. Pure. */
export function prefillStepOf({ engine: { flags } }: Pick<KeeperPlan, 'engine'>): number | null {
  const value = Number(flags[flags.indexOf(stepFlag) + 1]);
  return flags.includes(stepFlag) && Number.isInteger(value) && value > 0 ? value : null;
}

function withContext(plan: KeeperPlan, context: number): KeeperPlan {
  const share = context / plan.context;
  const flags = storedFlags.reduce(
    (all, flag) => replaced(all, flag, (value) => Math.max(1, Math.floor(value * share))),
    plan.engine.flags,
  );
  const gateway = plan.gateway === null ? null : { ...plan.gateway, context };
  return { ...plan, context, gateway, engine: { ...plan.engine, flags } };
}

function withStep(plan: KeeperPlan, step: number): KeeperPlan {
  const flags = replaced(plan.engine.flags, stepFlag, () => step);
  const expects = plan.expects === null ? null : { ...plan.expects, prefillStep: step };
  return { ...plan, expects, engine: { ...plan.engine, flags } };
}

/** Flags with another number behind this one; as they are where it does not stand among them. */
function replaced(flags: readonly string[], flag: string, change: (value: number) => number): readonly string[] {
  const at = flags.indexOf(flag);
  const value = Number(flags[at + 1]);
  if (at === -1 || !Number.isFinite(value)) return flags;
  return [...flags.slice(0, at + 1), String(change(value)), ...flags.slice(at + 2)];
}
