import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { askKeepers, stopKeeper } from '../../src/keeper/ask.ts';
import { sweepKeepers } from '../../src/keeper/sweep.ts';
import { statusText } from '../../src/report/status-text.ts';
import {
  alive,
  bundleRig,
  findPort,
  KeeperRig,
  processesWith,
  testPlan,
  until,
  type Said,
} from '../support/keeper-rig.ts';

let bundles: string;
let dist: string;
let rig: KeeperRig;

beforeAll(async () => {
  bundles = mkdtempSync(join(tmpdir(), 'ccd-'));
  dist = await bundleRig(bundles);
});
afterAll(() => rmSync(bundles, { recursive: true, force: true }));
beforeEach(() => {
  rig = new KeeperRig(dist);
});
afterEach(() => rig.end());

const joinedEvent = z.object({
  joined: z.boolean(),
  token: z.string(),
  url: z.string(),
  port: z.int(),
  sessionDir: z.string(),
  session: z.string(),
  keeper: z.object({ id: z.string(), pid: z.int(), socket: z.string() }),
});
const joined = (said: Said) => joinedEvent.parse(said);
const pidOf = (said: Said): number => z.object({ pid: z.int() }).parse(said).pid;

/** Status of a request with that token. */
function ask(url: string, token: string, path = '/v1/models'): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}${path}`,
      { headers: { authorization: `Bearer ${token}` }, agent: false },
      (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      },
    );
    asked.once('error', reject).end();
  });
}

/** Pids of the fake host and its engine. */
const hosts = (): readonly number[] => processesWith(`-I -B ${rig.folder}`);

const nothingLeft = async (): Promise<void> => {
  await until(() => rig.keepers().length === 0 && hosts().length === 0 && processesWith(rig.folder).length === 0);
};

describe('one session', () => {
  test('starts a keeper, gets a token that works, and leaves nothing behind', async () => {
    const session = rig.session({ agent: ['sleep', '60'] });
    const { token, url, sessionDir, keeper } = joined(await session.heard('joined'));
    await session.heard('ready');
    expect(await ask(url, token)).toBe(200);
    expect(await ask(url, 'guessed')).toBe(401);
    expect(hosts()).toHaveLength(2);
    const folder = dirname(keeper.socket);
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect([mode(folder), mode(sessionDir), mode(join(folder, 'keeper.json')), mode(join(folder, 'tmp'))]).toEqual([
      '700',
      '700',
      '600',
      '700',
    ]);
    expect(mode(keeper.socket)).toBe('600');
    expect(readFileSync(join(rig.paths.logs, 'keeper.log'), 'utf8')).toBe('');
    process.kill(pidOf(await session.heard('agent')), 'SIGKILL');
    session.leave();
    expect(await session.heard('left')).toMatchObject({ last: true });
    expect([rig.keepers(), hosts()]).toEqual([[], []]);
    await until(() => !alive(keeper.pid));
  });

  test('killed with -9: its agent, the keeper and the engine go, and so do all folders', async () => {
    const session = rig.session({ agent: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.2; done'] });
    const { sessionDir } = joined(await session.heard('joined'));
    const agent = pidOf(await session.heard('agent'));
    await session.heard('ready');
    session.kill();
    await until(() => !existsSync(sessionDir));
    await until(() => !alive(agent));
    await nothingLeft();
  });

  test('an engine that is deaf to SIGTERM and SIGINT is killed at the end of the ladder', async () => {
    const session = rig.session({ plan: testPlan(['deaf']) });
    await session.heard('ready');
    const left = performance.now();
    session.leave();
    expect(await session.heard('stopping')).toMatchObject({ graceMs: 600 });
    await session.heard('left');
    expect(performance.now() - left).toBeGreaterThan(550);
    await nothingLeft();
  });

  test('is asked before a deaf engine is killed, again after a no, and not at all without a terminal', async () => {
    const stop = { interruptMs: 100, killMs: 300, askBeforeKill: true };
    const terminal = { path: '/dev/null', state: '0' };
    const yes = rig.session({ plan: testPlan(['deaf'], { stop }), terminal, answerKill: true });
    await yes.heard('ready');
    yes.leave();
    expect(await yes.heard('ask-kill')).toMatchObject({ afterMs: 300 });
    await yes.heard('left');

    const no = rig.session({ plan: testPlan(['deaf'], { stop }), terminal, answerKill: false });
    await no.heard('ready');
    no.leave();
    await until(() => no.said.filter(({ event }) => event === 'ask-kill').length === 2);
    expect(hosts()).toHaveLength(2);
    // Nobody is left who could say yes.
    no.kill();
    await nothingLeft();

    const silent = rig.session({ plan: testPlan(['deaf'], { stop }) });
    await silent.heard('ready');
    silent.leave();
    await silent.heard('left');
    expect(silent.said.map(({ event }) => event)).not.toContain('ask-kill');
  });

  test('leaves while the engine still loads', async () => {
    const session = rig.session({ plan: testPlan(['load=60000']) });
    const { url, token } = joined(await session.heard('joined'));
    expect(await session.heard('progress')).toMatchObject({ progress: { stage: 'loading' } });
    expect(await ask(url, token)).toBe(503);
    session.leave();
    await session.heard('left');
    await nothingLeft();
  });
});

describe('two sessions', () => {
  test('share a keeper; the first is killed with -9, its token is refused, the second goes on', async () => {
    const first = rig.session({ agent: ['sleep', '60'] });
    const one = joined(await first.heard('joined'));
    await first.heard('ready');
    const second = rig.session({ agent: ['sleep', '60'] });
    const two = joined(await second.heard('joined'));
    await second.heard('ready');
    expect([one.joined, two.joined]).toEqual([false, true]);
    expect(two.keeper.id).toBe(one.keeper.id);
    expect(two.token).not.toBe(one.token);
    expect([await ask(one.url, one.token), await ask(two.url, two.token)]).toEqual([200, 200]);
    first.kill();
    await until(() => !existsSync(one.sessionDir));
    expect([await ask(one.url, one.token), await ask(two.url, two.token)]).toEqual([401, 200]);
    expect(alive(pidOf(await second.heard('agent')))).toBe(true);
    second.leave();
    expect(await second.heard('left')).toMatchObject({ last: true });
  });

  test('that start in the same moment end on one keeper', async () => {
    const sessions = Array.from({ length: 4 }, () => rig.session());
    const all = await Promise.all(sessions.map(async (session) => joined(await session.heard('joined'))));
    expect(new Set(all.map(({ keeper }) => keeper.id)).size).toBe(1);
    expect(all.filter((one) => !one.joined)).toHaveLength(1);
    expect(rig.keepers()).toHaveLength(1);
    await Promise.all(sessions.map((session) => session.heard('ready')));
    for (const session of sessions) session.leave();
    await Promise.all(sessions.map((session) => session.heard('left')));
    await nothingLeft();
  });

  test('of another model get a keeper of their own on the next port; of the same, but larger, are refused', async () => {
    const first = rig.session();
    const one = joined(await first.heard('joined'));
    const plan = testPlan();
    const other = rig.session({ plan: { ...plan, weights: { ...plan.weights, repo: 'owner/other' } } });
    const two = joined(await other.heard('joined'));
    expect(two.keeper.id).not.toBe(one.keeper.id);
    expect(two.port).toBeGreaterThan(one.port);
    const larger = rig.session({ plan: testPlan([], { context: 65_536 }) });
    expect(await larger.heard('error')).toMatchObject({
      failure: {
        reason: 'keeper-differs',
        differences: ['it runs with a context of 32,768 tokens, 65,536 were asked for'],
      },
    });
  });

  test.each([32_768, 65_536])(
    'joining one that is just ending waits for it and then starts anew, with %i',
    async (context) => {
      const first = rig.session({ plan: testPlan(['deaf']) });
      const one = joined(await first.heard('joined'));
      await first.heard('ready');
      first.leave();
      await first.heard('stopping');
      const second = rig.session({ plan: testPlan([], { context }) });
      const two = joined(await second.heard('joined'));
      expect(two.keeper.id).not.toBe(one.keeper.id);
      expect(two.port).toBe(one.port);
      expect(alive(one.keeper.pid)).toBe(false);
    },
  );
});

describe('the keeper', () => {
  test('killed with -9: host and engine go, the session is told, and the next one sweeps what is left', async () => {
    const session = rig.session();
    const { keeper } = joined(await session.heard('joined'));
    await session.heard('ready');
    process.kill(keeper.pid, 'SIGKILL');
    expect(await session.heard('lost')).toMatchObject({ failure: { reason: 'keeper-lost' } });
    await until(() => hosts().length === 0);
    expect(rig.keepers()).toEqual([keeper.id]);
    const next = rig.session();
    expect(joined(await next.heard('joined')).joined).toBe(false);
    expect(rig.keepers()).not.toContain(keeper.id);
  });

  test('told to end by SIGTERM: sessions hear it, and agents whose session does nothing are ended', async () => {
    const session = rig.session({ agent: ['sleep', '60'] });
    const { keeper } = joined(await session.heard('joined'));
    const agent = pidOf(await session.heard('agent'));
    await session.heard('ready');
    process.kill(keeper.pid, 'SIGTERM');
    await session.heard('stopping');
    await session.heard('lost');
    expect(alive(agent)).toBe(false);
    await nothingLeft();
  });

  test('ends when its first session never joins', async () => {
    const session = rig.session({ firstJoinMs: 300 });
    joined(await session.heard('joined'));
    session.leave();
    await session.heard('left');
    // One whose starter is gone before it could join.
    const plan = testPlan(['load=60000']);
    const doomed = rig.session({ plan, firstJoinMs: 300 });
    await until(() => rig.keepers().length > 0);
    doomed.kill();
    await nothingLeft();
  });

  test('tells what the engine died of, while loading and later, and a new one can be started at once', async () => {
    const loading = rig.session({ plan: testPlan(['exit=7']) });
    expect(await loading.heard('failed')).toMatchObject({
      failure: {
        reason: 'engine-exited',
        code: 7,
        signal: null,
        cause: { kind: 'unknown' },
        logTail: ['Traceback: it went wrong'],
      },
    });
    const later = rig.session({ plan: testPlan(['die=150']), doors: { firstDelayMs: 1 } });
    const { url, token, port } = joined(await later.heard('joined'));
    await later.heard('ready');
    expect(await later.heard('failed')).toMatchObject({
      failure: { reason: 'engine-given-up', why: 'memory', context: 16_384, cause: { kind: 'out-of-memory' } },
    });
    await expect(ask(url, token)).rejects.toThrow();
    const next = rig.session();
    const { joined: wasThere, port: again } = joined(await next.heard('joined'));
    expect([wasThere, again]).toEqual([false, port]);
    await next.heard('ready');
  });

  test('ends what is left of an engine whose host was killed', async () => {
    const session = rig.session({ plan: testPlan(['crash', 'load=60000']), doors: { firstDelayMs: 1 } });
    const failure = { reason: 'engine-given-up', why: 'too-often', restarts: 5, cause: { kind: 'killed' } };
    expect(await session.heard('failed')).toMatchObject({ failure });
    await until(() => hosts().length === 0);
  });

  test.each([
    ['fetch:not-found:no', { reason: 'model-unknown', id: 'owner/name' }],
    ['fetch:gated:no', { reason: 'model-gated', token: 'none' }],
    ['fetch:unreachable:timed out', { reason: 'hub-unreachable', problem: 'timed out' }],
    ['check:code-refused:it has code', { reason: 'model-refused', problem: 'it has code' }],
    ['config:other:odd', { reason: 'keeper-failed', problem: 'odd' }],
  ])('says %s of the host in the words of a failure', async (order, failure) => {
    const session = rig.session({ plan: testPlan([`fail=${order}`]) });
    expect(await session.heard('failed')).toMatchObject({ failure });
  });
});

describe('the public port', () => {
  test('is the next one where another program has the first, and an error where that one was asked for', async () => {
    const taken = createServer();
    const first = await findPort();
    await once(taken.listen({ host: '127.0.0.1', port: first }), 'listening');
    try {
      const moved = rig.session({ plan: testPlan([], { port: { wanted: null, first, last: first + 19 } }) });
      expect(joined(await moved.heard('joined')).port).toBeGreaterThan(first);
      const plan = testPlan([], { port: { wanted: first, first, last: first } });
      const asked = rig.session({ plan: { ...plan, weights: { ...plan.weights, repo: 'owner/other' } } });
      expect(await asked.heard('error')).toMatchObject({ failure: { reason: 'port-taken', first, last: first } });
      expect(taken.listening).toBe(true);
      expect(rig.keepers()).toHaveLength(1);
    } finally {
      taken.close();
    }
  });
});

describe('status and stop', () => {
  test('tell of every keeper and its sessions, and end them all', async () => {
    expect(statusText({ ...(await askKeepers(rig.paths)), now: new Date() })).toBe('Nothing is running.');
    const first = rig.session({ agent: ['sleep', '60'] });
    const one = joined(await first.heard('joined'));
    await first.heard('ready');
    const plan = testPlan(['load=60000']);
    const second = rig.session({ plan: { ...plan, weights: { ...plan.weights, repo: 'owner/other' } } });
    const two = joined(await second.heard('joined'));
    await second.heard('progress');
    mkdirSync(join(rig.paths.run, '0badf00d'));
    const asked = await askKeepers(rig.paths);
    expect([asked.silent, asked.dead]).toEqual([[], ['0badf00d']]);
    expect(asked.keepers).toMatchObject([
      { id: one.keeper.id, url: one.url, phase: 'ready', sessions: [{ pid: first.pid, agent: 'test' }] },
      { id: two.keeper.id, url: two.url, phase: 'loading', sessions: [{ pid: second.pid, agent: null }] },
    ]);
    for (const { memoryBytes } of asked.keepers) {
      expect(memoryBytes.keeper).toBeLessThan(100e6);
      expect(memoryBytes.engine).toBeGreaterThan(1e6);
    }
    const text = statusText({ ...asked, now: new Date() });
    for (const words of ['owner/name: ready', one.url, `process ${first.pid}`, 'loading the model']) {
      expect(text).toContain(words);
    }
    expect(text).not.toContain(one.token);
    const graces: number[] = [];
    const onStopping = (graceMs: number): void => void graces.push(graceMs);
    const stopping = rig.keepers().map((id) => stopKeeper(rig.paths, id, { onStopping, limitMs: null }));
    await Promise.all([first.heard('stopping'), second.heard('stopping')]);
    first.leave();
    second.leave();
    await Promise.all([...stopping, first.heard('left'), second.heard('left')]);
    expect(graces).toEqual([600, 600]);
    await sweepKeepers(rig.paths);
    await nothingLeft();
  });
});

describe('leftovers', () => {
  test('of dead keepers and broken records are passed over and swept', async () => {
    mkdirSync(join(rig.paths.run, '0badf00d'), { recursive: true, mode: 0o700 });
    writeFileSync(join(rig.paths.run, '0badf00d', 'keeper.json'), '{"half":');
    mkdirSync(join(rig.paths.run, 'deadbeef'));
    const session = rig.session();
    const { keeper } = joined(await session.heard('joined'));
    expect(rig.keepers()).toEqual([keeper.id]);
  });

  test('of logs: the last five stay, server.log is the newest', async () => {
    for (let round = 0; round < 7; round += 1) {
      const session = rig.session({ plan: testPlan(['exit=7']) });
      await session.heard('failed');
      session.leave();
      await session.heard('left');
      // Their names hold the second.
      await until(() => rig.keepers().length === 0);
    }
    const logs = readdirSync(rig.paths.logs).filter((name) => name.startsWith('server-'));
    expect(logs).toHaveLength(5);
    expect(readFileSync(join(rig.paths.logs, 'server.log'), 'utf8')).toContain('it went wrong');
  });
});
