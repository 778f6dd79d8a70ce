import type { KeeperStatus } from '../keeper/protocol.ts';
import { activityText } from './activity-text.ts';
import { count, duration, size } from './units.ts';

const phases: Readonly<Record<KeeperStatus['phase'], string>> = {
  fetching: 'fetching the model',
  loading: 'loading the model',
  ready: 'ready',
  degraded: 'gives no sign of life; it is restarted if that goes on',
  restarting: 'restarting',
  unloaded: 'unloaded while idle; the next request loads it again',
  stopping: 'stopping',
  failed: 'failed, waits for its sessions to leave',
};

/** What runs, for `cclocal status`. Pure. */
export function statusText(asked: {
  readonly keepers: readonly KeeperStatus[];
  readonly silent: readonly string[];
  readonly now: Date;
}): string {
  const { keepers, silent, now } = asked;
  if (keepers.length === 0 && silent.length === 0) return 'Nothing is running.';
  return [
    ...keepers.map((keeper) => keeperText(keeper, now)),
    ...silent.map((id) => `Keeper ${id} does not answer. End it with: cclocal stop`),
  ].join('\n\n');
}

function keeperText(keeper: KeeperStatus, now: Date): string {
  const { memoryBytes, sessions } = keeper;
  const since = (from: string): string => duration(Math.max(0, (now.getTime() - Date.parse(from)) / 1000));
  const engine = engineMemory(memoryBytes);
  return [
    `${keeper.model}: ${phases[keeper.phase]}`,
    `  endpoint  ${keeper.url}`,
    ...(keeper.openUrl === null ? [] : [`  open to   every program here, without a token: ${keeper.openUrl}`]),
    `  context   ${count(keeper.context)} tokens`,
    ...(keeper.gateway === null ? [] : activityText(keeper.gateway)),
    `  engine    ${keeper.engine}${engine}, up for ${since(keeper.startedAt)}`,
    `  keeper    ${keeper.id}, process ${keeper.pid} (${size(memoryBytes.keeper)})`,
    `  log       ${keeper.engineLog}`,
    ...(sessions.length === 0 ? ['  no sessions'] : ['  sessions']),
    ...sessions.map(
      ({ pid, agent, cwd, since: from }) => `    ${agent ?? 'server'} in ${cwd}, process ${pid}, for ${since(from)}`,
    ),
  ].join('\n');
}

/** What the engine takes, in brackets; nothing where nobody knows. */
function engineMemory({ engine, enginePeak }: KeeperStatus['memoryBytes']): string {
  const said = [
    ...(enginePeak === null ? [] : [`${size(enginePeak.bytes)} at its highest`]),
    ...(engine === null ? [] : [`now ${size(engine)} of RAM, GPU memory apart`]),
  ];
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}

/** While `cclocal stop` waits. Pure. */
export const stoppingText = (graceMs: number): string =>
  `Stopping; the engine is given up to ${duration(graceMs / 1000)}.`;

/** What `cclocal stop` ended. Pure. */
export function stoppedText(stopped: readonly KeeperStatus[]): string {
  if (stopped.length === 0) return 'Nothing was running.';
  return stopped
    .map(
      ({ model, sessions: { length } }) => `Stopped ${model} (${length === 1 ? '1 session' : `${length} sessions`}).`,
    )
    .join('\n');
}
