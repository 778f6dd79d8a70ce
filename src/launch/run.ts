import type { AgentCommand } from '../agents/agent.ts';
import { CclocalError, type Failure } from '../errors.ts';
import type { Link } from '../keeper/link.ts';
import { startLastWatch } from '../os/last-watch.ts';
import { restoreTerminal } from '../os/restore-terminal.ts';
import { signalNumber } from '../os/signals.ts';
import type { Exit, Started } from '../os/spawn.ts';
import { startAgent } from './agent-start.ts';
import { endAgent } from './end-agent.ts';
import type { Launch, Session } from './launch.ts';
import type { Lifeline } from './lifeline.ts';

/** Runs the agent to its end on an open session; returns how it ended. */
export async function runAgent(
  launch: Launch,
  { link, command, terminal }: Session,
  extra: {
    readonly args?: readonly string[];
    readonly cwd?: string;
    readonly stdout?: 'stderr';
    readonly errorFile?: string;
  } = {},
): Promise<Exit> {
  const { lifeline, plan } = launch;
  const facts = { path: plan.session.agent?.path ?? null, version: plan.session.agent?.version ?? null };
  const cwd = extra.cwd ?? launch.cwd;
  const whole = { ...command, args: [...command.args, ...(extra.args ?? [])] };
  const confined = await confinement(launch, { link, command: whole, cwd, program: facts.path });
  const started = await startAgent({
    facts: { ...facts, path: confined?.program ?? facts.path },
    agent: launch.agent,
    command: confined?.command ?? whole,
    cwd,
    ...(extra.stdout && { stdout: extra.stdout }),
    ...(extra.errorFile !== undefined && { errorFile: extra.errorFile }),
  });
  link.agentStarted(started.pid);
  const watch = startLastWatch(started.pid, terminal, { PATH: launch.system.env['PATH'] ?? '/usr/bin:/bin' });
  lifeline.agentHasTerminal = launch.system.tty.stdin;
  try {
    return await untilOver(started, link, lifeline);
  } finally {
    lifeline.agentHasTerminal = false;
    void watch.then((one) => one?.over());
    // A killed agent could not put the terminal back itself.
    if (terminal !== null && (await started.exited).signal !== null) await restoreTerminal(terminal, true);
    await confined?.end();
  }
}

/** Null without --airgap; its code is loaded only with it. */
async function confinement(
  { plan, agent, paths, screen }: Launch,
  start: {
    readonly link: Link;
    readonly command: AgentCommand;
    readonly cwd: string;
    readonly program: string | null;
  },
) {
  const { airgap } = plan.session;
  const { program } = start;
  if (airgap === null || program === null) return null;
  const { confine } = await import('./airgap-session.ts');
  const { mcp, skills } = plan.session.admitted;
  const reads = [...mcp, ...skills.map(({ folder }) => folder)];
  const confined = await confine({ ...start, program, airgap, paths, reads, agentId: agent.id });
  const end = async (): Promise<void> => {
    const { receipt, path } = confined.end();
    const { receiptText } = await import('../report/receipt-text.ts');
    screen.say(receiptText(receipt, path));
  };
  return { ...confined, end };
}

/** The agent's own end, or its end by us: a signal to cclocal, or an engine that is gone. */
async function untilOver(agent: Started, link: Link, lifeline: Lifeline): Promise<Exit> {
  const ended = untilEnded(link, lifeline).catch((error: unknown) => ({ error }));
  const over = await Promise.race([agent.exited.then((exit) => ({ exit })), ended]);
  if ('exit' in over) return over.exit;
  await endAgent(agent);
  throw over.error;
}

/** Never settles while all is well; rejects when a signal came, or when the engine or its keeper is gone. */
export function untilEnded(link: Link, lifeline: Lifeline): Promise<never> {
  return lifeline.during(
    new Promise<never>((_, reject) => {
      const end = (failure: Failure): void => reject(new CclocalError(failure));
      link.on('failed', end);
      link.on('lost', end);
      link.on('stopping', () => end({ reason: 'keeper-stopped' }));
    }),
  );
}

/** An agent's exit code passes through; a death by signal n is 128 + n. */
export function exitCodeOf(exit: Exit): number {
  if (exit.signal !== null) return 128 + signalNumber(exit.signal);
  return exit.code ?? 1;
}
