import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KeeperPlan } from '../../src/launch/plan.ts';
import { pathsFor, type Paths } from '../../src/os/paths.ts';
import { bundle, bundled } from './bundle.ts';

/** A line that a session of the tests said. */
export interface Said {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface TestSession {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything it said so far. */
  readonly said: readonly Said[];
  /** The first event of this name, waited for. */
  readonly heard: (event: string) => Promise<Said>;
  readonly leave: () => void;
  readonly kill: () => void;
  /** Settles when the process is gone. */
  readonly exited: Promise<void>;
}

export interface SessionOrder {
  readonly plan?: KeeperPlan;
  readonly agent?: readonly string[];
  readonly terminal?: { readonly path: string; readonly state: string };
  readonly answerKill?: boolean;
  readonly firstJoinMs?: number;
  /** What happens between a new keeper and its first join: it waits for the line "go", or fails. */
  readonly before?: 'wait' | 'fail';
  readonly env?: Readonly<Record<string, string>>;
  /** What stands in for a Mac in a keeper that it starts; see keeper-entry.ts. */
  readonly doors?: object;
}

const fakeHost = fileURLToPath(new URL('../fixtures/keeper/fake_host.py', import.meta.url));

/** A home of its own with keepers on the fake host, and session processes that join them. */
export class KeeperRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'cck-'));
  readonly home = join(this.folder, 'h');
  readonly paths: Paths = pathsFor({ CCLOCAL_HOME: this.home }, this.home);
  readonly #dist: string;
  readonly #hostProgram: string;
  readonly #sessions = new Set<TestSession>();

  /** `hostProgram` null = a copy of the fake host, whose processes can then be told by their command line. */
  constructor(dist: string, hostProgram: string | null = null) {
    this.#dist = dist;
    this.#hostProgram = hostProgram ?? join(this.folder, 'fake_host.py');
    if (hostProgram === null) cpSync(fakeHost, this.#hostProgram);
    mkdirSync(this.home, { mode: 0o700 });
  }

  /** Starts a session process; it joins or starts a keeper at once. */
  session(order: SessionOrder = {}): TestSession {
    const child = spawn(process.execPath, [bundled(this.#dist, 'keeper-session.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const said: Said[] = [];
    let wake: () => void = () => undefined;
    let news = new Promise<void>((resolve) => (wake = resolve));
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(JSON.parse(line) as Said);
      wake();
      news = new Promise<void>((resolve) => (wake = resolve));
    });
    const exited = once(child, 'close').then(() => wake());
    const heard = async (event: string): Promise<Said> => {
      for (;;) {
        const found = said.find((one) => one.event === event);
        if (found) return found;
        const over = child.exitCode !== null || child.signalCode !== null;
        if (over) throw new Error(`the session ended without "${event}": ${JSON.stringify(said)}\n${this.log()}`);
        await news;
      }
    };
    child.stdin.on('error', () => undefined);
    const program = {
      file: process.execPath,
      args: [bundled(this.#dist, 'keeper-entry.ts'), this.#hostProgram, JSON.stringify(order.doors ?? {})],
    };
    const { plan = testPlan(), agent = null, terminal = null, answerKill = null } = order;
    const { firstJoinMs = null, before = null } = order;
    const env = order.env ?? { PATH: process.env['PATH'] ?? '', HOME: this.folder };
    child.stdin.write(
      `${JSON.stringify({ home: this.home, plan, program, env, agent, terminal, answerKill, firstJoinMs, before })}\n`,
    );
    const session: TestSession = {
      child,
      pid: child.pid ?? 0,
      said,
      heard,
      leave: () => void child.stdin.write('leave\n'),
      kill: () => void child.kill('SIGKILL'),
      exited,
    };
    this.#sessions.add(session);
    return session;
  }

  /** Folders of keepers there are. */
  keepers(): readonly string[] {
    try {
      return readdirSync(this.paths.run).filter((name) => /^[0-9a-f]{8}$/.test(name));
    } catch {
      return [];
    }
  }

  log(): string {
    try {
      return readdirSync(this.paths.logs)
        .filter((name) => name !== 'server.log')
        .map((name) => `--- ${name}\n${readFileSync(join(this.paths.logs, name), 'utf8')}`)
        .join('\n');
    } catch {
      return 'no logs';
    }
  }

  /** Ends everything that is left, and removes the folder. */
  async end(): Promise<void> {
    for (const session of this.#sessions) session.kill();
    await Promise.all([...this.#sessions].map((session) => session.exited));
    await until(() => this.keepers().every((id) => recordPid(join(this.paths.run, id, 'keeper.json')) === null));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function recordPid(file: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
    return alive(pid) ? pid : null;
  } catch {
    return null;
  }
}

/** Bundles the programs that the rig starts. */
export const bundleRig = (folder: string): Promise<string> =>
  bundle(folder, ['./keeper-entry.ts', './keeper-session.ts']);

/** A port that was free a moment ago, with nineteen more above it. */
export async function findPort(): Promise<number> {
  for (;;) {
    const server = createServer();
    await once(server.listen({ host: '127.0.0.1', port: 0 }), 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    if (port + 19 < 65_536) return port;
  }
}

const freePort = await findPort();
/** The interpreter itself: a shim in front of it costs each start a tenth of a second. */
const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

/** A keeper's half on the fake host, which does what `args` say. */
export function testPlan(args: readonly string[] = [], other: Partial<KeeperPlan> = {}): KeeperPlan {
  return {
    engine: {
      id: 'vllm-mlx',
      dialect: 'anthropic',
      python,
      own: true,
      flags: args,
      env: {},
      serves: 'owner/name',
      prompts: { mode: 'simple', toolParser: 'hermes', templateKwargs: {} },
      why: 'a test',
    },
    weights: {
      repo: 'owner/name',
      revision: null,
      snapshotPath: '/snapshot',
      complete: true,
      bytes: 1000,
      trustCode: false,
      hubCache: '/hub',
    },
    context: 32_768,
    diskCache: null,
    gateway: null,
    // Any free one: the range begins where nobody was a moment ago.
    port: { wanted: null, first: freePort, last: freePort + 19 },
    privacy: 'standard',
    expects: null,
    idleUnloadMs: null,
    stop: { interruptMs: 300, killMs: 600, askBeforeKill: false },
    ...other,
  };
}

/** Whether a process lives; one that has ended and was not collected yet does not. */
export function alive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    if (process.platform === 'linux') return false;
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits for a condition that nobody announces; fails with the test's own time-out. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Living processes whose command line holds the text. */
export function processesWith(text: string): readonly number[] {
  const listed = execFileSync('ps', ['-A', '-ww', '-o', 'pid=', '-o', 'stat=', '-o', 'command='], { encoding: 'utf8' });
  return listed
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && !found[2]?.startsWith('Z') && found[3]?.includes(text))
    .map((found) => Number(found?.[1]));
}

/** A process and everything it started, as far as that still has its parents. */
export function familyOf(pid: number): readonly number[] {
  const listed = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' });
  const parents = listed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = [pid];
  for (const one of family) family.push(...parents.filter(([, parent]) => parent === one).map(([child]) => child ?? 0));
  return family;
}
