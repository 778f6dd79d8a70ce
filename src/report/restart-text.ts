import type { EngineRestart } from '../keeper/protocol.ts';
import { causeText } from './cause-text.ts';
import { count } from './units.ts';

/**
 * What a user is told of the restarts of a session, in one line, when the screen is free; the agent was told of a smaller
 * context by its ceiling. Pure. Null = there were none.
 */
export function restartText(restarts: readonly EngineRestart[]): string | null {
  const last = restarts.at(-1);
  if (last === undefined) return null;
  const times = restarts.length === 1 ? 'once' : `${restarts.length} times, at last because`;
  const began = restarts.length === 1 ? `The engine was restarted ${times}:` : `The engine was restarted ${times}`;
  return [`${began} ${causeText(last.cause)}`, ...changes(restarts)].join(' ');
}

function changes(restarts: readonly EngineRestart[]): readonly string[] {
  const made = restarts.flatMap(({ change }) => (change === null ? [] : [change]));
  const contexts = made.filter(({ what }) => what === 'context');
  const step = made.findLast(({ what }) => what === 'prefill-step');
  const [from, to] = [contexts[0]?.from, contexts.at(-1)?.to];
  return [
    ...(from === undefined || to === undefined
      ? []
      : [`Its context is ${count(to)} tokens since then, not ${count(from)}.`]),
    ...(step === undefined ? [] : [`It reads ${count(step.to)} tokens at a time, not ${count(step.from)}.`]),
  ];
}
