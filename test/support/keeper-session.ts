// A session process of the tests' own. Reads one JSON order {order, agent} on standard input, joins or starts a keeper,
// starts the agent and tells every event as a JSON line; the line "leave" makes it leave, and the end of its input end.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CclocalError, fail } from '../../src/errors.ts';
import { startOrJoin, type StartOrJoin } from '../../src/keeper/start.ts';
import { pathsFor } from '../../src/os/paths.ts';

interface Order {
  readonly home: string;
  readonly plan: StartOrJoin['plan'];
  readonly program: NonNullable<StartOrJoin['program']>;
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: { path: string; state: string } | null;
  readonly agent: readonly string[] | null;
  readonly answerKill: boolean | null;
  readonly firstJoinMs: number | null;
  readonly before: 'wait' | 'fail' | null;
}

const tell = (event: object): void =>
  void process.stdout.write(`${JSON.stringify({ at: performance.now(), ...event })}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const first: { value: string } = await lines.next();
const { home, plan, program, env, terminal, agent, answerKill, firstJoinMs, before } = JSON.parse(first.value) as Order;

try {
  const began = performance.now();
  const { link, joined } = await startOrJoin({
    paths: pathsFor({ CCLOCAL_HOME: home }, home),
    plan,
    program,
    env,
    join: {
      pid: process.pid,
      terminal,
      agent: agent === null ? null : 'test',
      ceiling: plan.context,
      cwd: process.cwd(),
      promptKey: null,
    },
    ...(firstJoinMs === null ? {} : { firstJoinMs }),
    ...(before === null
      ? {}
      : {
          beforeJoin: async (keeper) => {
            tell({ event: 'before', keeper });
            if (before === 'fail') fail({ reason: 'limit-not-raised', wantedMiB: 1, problem: 'a test', hint: '' });
            await lines.next();
          },
        }),
    onWait: () => tell({ event: 'waits' }),
    onStopping: (graceMs) => tell({ event: 'stopping', graceMs }),
    ...(answerKill === null
      ? {}
      : {
          askKill: (afterMs) => {
            tell({ event: 'ask-kill', afterMs });
            return Promise.resolve(answerKill);
          },
        }),
  });
  const { token, url, port, sessionDir, keeper, session } = link;
  tell({ event: 'joined', joined, took: performance.now() - began, token, url, port, sessionDir, session, keeper });
  link.on('progress', (progress) => tell({ event: 'progress', progress }));
  link.on('ready', (ready) => tell({ event: 'ready', ready }));
  link.on('restarting', (restart) => tell({ event: 'restarting', restart }));
  link.on('failed', (failure) => tell({ event: 'failed', failure }));
  link.on('lost', (failure) => tell({ event: 'lost', failure }));
  if (agent !== null) {
    const [file = '', ...args] = agent;
    const child = spawn(file, args, { stdio: 'ignore' });
    if (child.pid !== undefined) link.agentStarted(child.pid);
    child.unref();
    tell({ event: 'agent', pid: child.pid });
  }
  const command = await lines.next();
  if (command.value === 'leave') {
    const left = await link.leave();
    tell({ event: 'left', ...left });
  }
} catch (error) {
  if (!(error instanceof CclocalError)) throw error;
  tell({ event: 'error', failure: error.failure });
}
process.exit();
