import type { Failure } from '../errors.ts';
import { causeText } from './cause-text.ts';
import { count, duration, size } from './units.ts';

type GivenUp = Extract<Failure, { reason: 'engine-given-up' }>;

/** An engine that was restarted and is not any more, with the numbers, and what to try. Pure. */
export function givenUpText(failure: GivenUp): { readonly what: string; readonly next: string } {
  const { why, cause, restarts, windowSeconds, panicPath } = failure;
  const log = `Its log: ${failure.logPath}`;
  const resume = 'In the agent, /resume continues the conversation.';
  switch (why) {
    case 'too-often':
      return {
        what: `The engine was restarted ${times(restarts)} within ${duration(windowSeconds)} and ended again: ${causeText(cause)}`,
        next: `Try a smaller model such as --gemma-light, or --safe to choose a smaller context. ${resume} ${log}`,
      };
    case 'memory':
      return {
        what: `The engine ran out of GPU memory even with ${smallest(failure)}: ${causeText(cause)}`,
        next: `Close what else uses the GPU, or take a smaller model such as --gemma-light; cclocal fit shows what fits. ${resume} ${log}`,
      };
    case 'panic':
      return {
        what: `The engine was not started again, because this Mac had a kernel panic after its last start (${panicPath ?? 'no report'}).`,
        next: `Take a smaller model such as --gemma-light, or --safe to choose a smaller context. ${resume} ${log}`,
      };
    default:
      return why satisfies never;
  }
}

const times = (restarts: number): string => (restarts === 1 ? 'once' : `${restarts} times`);

function smallest({ context, prefillStep, peakBytes }: GivenUp): string {
  const step = prefillStep === null ? '' : `, reading ${count(prefillStep)} at a time`;
  const peak = peakBytes === null ? '' : ` (it took ${size(peakBytes)} at its highest)`;
  return `a context of ${count(context)} tokens${step}${peak}`;
}
