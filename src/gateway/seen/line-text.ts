import type { Activity, Prompt } from './activity.ts';
import type { Turn } from './turn.ts';

/** Columns that a status line has at most; a narrow terminal has few more. */
export const widest = 60;

/**
 * A session's status line, at most 60 columns, no control characters. What is an estimate has a `~` before it. Pure.
 * `context` = the ceiling, tokens.
 */
export function lineText(activity: Activity, context: number): string {
  const parts = partsOf(activity, context).filter((part) => part !== '');
  // What does not fit goes from the end, where the least is said.
  while (parts.length > 1 && parts.join(separator).length > widest) parts.pop();
  return parts.join(separator).slice(0, widest);
}

const separator = ' · ';

function partsOf(activity: Activity, context: number): string[] {
  switch (activity.kind) {
    case 'engine': {
      if (activity.phase === 'ended') return ['the engine has ended'];
      if (activity.phase === 'unloaded') return ['unloaded while idle', 'your next prompt loads it again'];
      const what = activity.phase === 'loading' ? 'loading the model' : 'engine restarting';
      return [what, whole(activity.seconds), activity.holds ? 'your request waits' : ''];
    }
    case 'warming':
      return ["reading the agent's prompt", whole(activity.seconds), activity.holds ? 'your request waits' : ''];
    case 'waiting':
      return [activity.before === 0 ? 'waiting' : `waiting: ${activity.before} before you`, whole(activity.seconds)];
    case 'prefill': {
      const { share, told, tokensPerSecond, secondsLeft } = activity.view;
      const { left, prompt } = activity;
      const percent = share === null ? '' : ` ${told ? '' : '~'}${Math.floor(share * 100)} %`;
      return [
        left ? 'interrupted' : '',
        `prefill${percent}`,
        used(prompt, context),
        tokensPerSecond === null ? '' : rate(tokensPerSecond, !told),
        secondsLeft === null ? (share === null ? whole(activity.seconds) : '') : `~${whole(secondsLeft)} left`,
      ];
    }
    case 'writing': {
      const { left, prompt, tokens, perSecond } = activity;
      const so = prompt === null ? null : { ...prompt, tokens: prompt.tokens + tokens };
      return [
        left ? 'interrupted' : '',
        'writing',
        used(so, context),
        perSecond === null ? '' : rate(perSecond),
        tokens < 2 ? '' : `${tokens} tokens`,
      ];
    }
    case 'idle':
      return activity.last === null
        ? ['ready', `${thousands(context, context)} context`]
        : idle(activity.last, context);
  }
}

function idle(last: Turn, context: number): string[] {
  const { outcome, status, inputTokens, outputTokens, cachedTokens, timeToFirstTokenMs, tokensPerSecond } = last;
  if (outcome === 'refused') return [status === 400 ? 'refused: too long or not understood' : `refused (${status})`];
  if (outcome === 'failed') return [`the last reply failed (${status})`];
  return [
    inputTokens === null ? '' : used({ tokens: inputTokens + (outputTokens ?? 0), exact: true }, context),
    tokensPerSecond === null ? '' : rate(tokensPerSecond),
    timeToFirstTokenMs === null ? '' : `first token ${seconds(timeToFirstTokenMs / 1000)}`,
    cachedTokens === null || inputTokens === null ? '' : `${percent(cachedTokens, inputTokens)} cached`,
  ];
}

const used = (prompt: Prompt | null, context: number): string =>
  prompt === null
    ? ''
    : `${prompt.exact ? '' : '~'}${thousands(prompt.tokens, context)} of ${thousands(context, context)}`;

const percent = (part: number, whole: number): string => `${Math.floor((100 * part) / whole)} %`;

const rate = (perSecond: number, estimated = false): string =>
  `${estimated ? '~' : ''}${perSecond < 9.95 ? perSecond.toFixed(1) : Math.round(perSecond)} tok/s`;

/**
 * Tokens in thousands. A window of 32,768 is called 32k everywhere, so where it is a multiple of 1,024 everything is
 * counted in those: one measure for both, or a prompt could be "32.6k of 32k" and still fit.
 */
function thousands(tokens: number, context: number): string {
  const unit = context % 1024 === 0 ? 1024 : 1000;
  const value = tokens / unit;
  if (Number.isInteger(value) || value >= 999.5) return `${Math.round(value)}k`;
  return `${value.toFixed(1)}k`;
}

const seconds = (value: number): string => (value < 9.95 ? `${value.toFixed(1)} s` : whole(value));

function whole(value: number): string {
  if (value < 119.5) return `${Math.round(value)} s`;
  return value < 7170 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}
