import { knownSpeed, speedFile } from '../keeper/speed-file.ts';
import { expectFirstToken } from '../keeper/speeds.ts';
import { sweepKeepers } from '../keeper/sweep.ts';
import { startOrJoin } from '../keeper/start.ts';
import type { Link } from '../keeper/link.ts';
import { monotonicMs } from '../os/clock.ts';
import { terminalState, type TerminalState } from '../os/terminal.ts';
import { firstTokenText } from '../report/first-token-text.ts';
import { directText, openPortText } from '../report/front-text.ts';
import { progressText } from '../report/progress-text.ts';
import type { EngineRestart } from '../keeper/protocol.ts';
import { restartText } from '../report/restart-text.ts';
import { duration } from '../report/units.ts';
import { agentCommand } from './agent-command.ts';
import type { Launch, Session } from './launch.ts';
import { promptKeyOf } from './prompt-key.ts';
import { limitRaise } from './raise.ts';

/**
 * Joins or starts the keeper and waits, with progress on the screen, until the engine answers. Pushes the leaving of
 * the keeper on the lifeline. Where an engine cannot load the model, the next one of the list is taken, with a word.
 * Fails with what the engine or the download failed with.
 */
export async function openSession(launch: Launch): Promise<Session> {
  const { screen, lifeline, plan } = launch;
  const began = monotonicMs();
  const terminal = plan.session.agent === null ? null : await terminalState(launch.system);
  const limit = limitRaise(launch);
  // Pushed before anything is awaited: a signal in between must not leave a session that nobody ends. Released in reverse.
  if (limit !== null) lifeline.push('GPU limit', limit.release);
  let attempt: Attempt = { launch, limit, terminal, began };
  for (;;) {
    const { opened, left } = open(attempt);
    try {
      return await opened;
    } catch (error) {
      const next = await launch.nextEngine?.(error);
      if (next == null) throw error;
      screen.settle();
      await lifeline.during(left());
      for (const word of next.words) screen.say(word);
      attempt = { ...attempt, launch: { ...launch, plan: next.plan } };
    }
  }
}

interface Attempt {
  readonly launch: Launch;
  readonly limit: ReturnType<typeof limitRaise>;
  readonly terminal: TerminalState | null;
  readonly began: number;
}

/** One engine's try; `left` leaves its keeper again. */
function open({ launch, limit, terminal, began }: Attempt): {
  readonly opened: Promise<Session>;
  readonly left: () => Promise<void>;
} {
  const { system, paths, screen, lifeline, plan } = launch;
  const joining = startOrJoin({
    paths,
    plan: plan.keeper,
    env: system.env,
    join: {
      pid: process.pid,
      terminal,
      agent: plan.session.agent?.id ?? null,
      ceiling: plan.session.ceiling,
      cwd: launch.cwd,
      promptKey: promptKeyOf(launch),
    },
    signal: lifeline.ended,
    ...(limit && { beforeJoin: limit.raise }),
    onWait: () => screen.live('start', 'Another cclocal is starting; waiting for it.'),
    onStopping: (graceMs) => {
      if (graceMs > 5_000) screen.live('stop', `Stopping the engine; this can take up to ${duration(graceMs / 1000)}.`);
    },
    ...(system.tty.stdin && system.tty.stderr ? { askKill: (afterMs: number) => askKill(launch, afterMs) } : {}),
  });
  let leaving: Promise<void> | null = null;
  const leave = async (): Promise<void> => {
    if (lifeline.caught !== null) screen.live('stop', 'Stopping.');
    const opened = await joining.catch(() => null);
    const left = await opened?.link.leave();
    if (left?.lost) await sweepKeepers(paths);
    limit?.left(left?.last ?? true);
    screen.settle();
  };
  const left = (): Promise<void> => (leaving ??= leave());
  lifeline.push('engine', left);
  return { opened: untilReady({ launch, limit, terminal, began }, joining), left };
}

async function untilReady(
  { launch, terminal, began }: Attempt,
  joining: ReturnType<typeof startOrJoin>,
): Promise<Session> {
  const { screen, lifeline } = launch;
  const { link, joined } = await lifeline.during(joining);
  const keeperAt = monotonicMs();
  sayWhere(launch, link, joined);
  tellRestarts(launch, link);
  link.on('progress', (progress) => screen.live(progress.stage, progressText(progress)));
  await lifeline.during(link.ready());
  screen.settle();
  const readyAt = monotonicMs();
  if (!joined) screen.say(`Ready after ${duration((readyAt - began) / 1000)}.`);
  sayFirstToken(launch, joined);
  return {
    link,
    command: agentCommand(launch, link),
    terminal,
    seconds: { keeper: (keeperAt - began) / 1000, engine: (readyAt - keeperAt) / 1000 },
  };
}

/** At once where nobody has the screen; else when the agent is gone, all in one line. */
function tellRestarts({ screen, lifeline, plan }: Launch, link: Link): void {
  const restarts: EngineRestart[] = [];
  const say = (): void => {
    const text = restartText(restarts);
    if (text !== null) screen.say(text);
  };
  link.on('restarting', (restart) => {
    restarts.push(restart);
    if (plan.session.agent === null) say();
  });
  if (plan.session.agent !== null) lifeline.push('words about restarts', say);
}

/** Nothing at the first launch of a model on this machine: nobody knows then. */
function sayFirstToken({ screen, paths, plan }: Launch, joined: boolean): void {
  const { id, serves, prompts } = plan.keeper.engine;
  if (plan.session.agent === null || plan.keeper.gateway === null) return;
  const known = knownSpeed(speedFile(paths), { model: serves, engine: id, mode: prompts.mode });
  if (known === null) return;
  screen.say(firstTokenText(expectFirstToken(known, joined), known.warmUp !== null && !joined));
}

function sayWhere({ screen, plan, request }: Launch, link: Link, joined: boolean): void {
  if (plan.keeper.gateway === null) screen.say(directText);
  if (joined)
    screen.say(`${plan.model.label} is already running (keeper ${link.keeper.id}, port ${link.port}); joining it.`);
  else if (request.port === null && link.port !== plan.keeper.port.first) {
    screen.say(`Port ${plan.keeper.port.first} is in use by another program; using ${link.port}.`);
  }
  const { openPort } = link.keeper;
  if (openPort !== null && !request.server) screen.say(openPortText(openPort));
}

async function askKill({ screen, system }: Launch, afterMs: number): Promise<boolean> {
  screen.settle();
  const { terminalAsk } = await import('../report/ask.ts');
  return terminalAsk(system).confirm(
    `The engine has not ended after ${duration(afterMs / 1000)}. Killing it can leave GPU memory in use until the next restart of this Mac. Kill it?`,
  );
}
