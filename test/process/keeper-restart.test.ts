import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { askKeepers } from '../../src/keeper/ask.ts';
import type { KeeperStatus } from '../../src/keeper/protocol.ts';
import type { KeeperPlan } from '../../src/launch/plan.ts';
import { readJournal, writeJournal } from '../../src/limit/journal-file.ts';
import { gatewayPlan } from '../support/gateway-door.ts';
import {
  alive,
  bundleRig,
  familyOf,
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

const quick = { firstDelayMs: 1 };
const plan = (args: readonly string[] = [], other: Partial<KeeperPlan> = {}): KeeperPlan =>
  testPlan(args, { gateway: gatewayPlan, ...other });

const joinedEvent = z.object({
  ...{ token: z.string(), url: z.string(), port: z.int() },
  keeper: z.object({ id: z.string(), pid: z.int() }),
});
type Joined = z.infer<typeof joinedEvent>;
const joined = (said: Said): Joined => joinedEvent.parse(said);

/** The engine's process: the host's only child. */
function engineOf({ keeper }: Joined): number {
  const [, host = 0, engine = 0] = familyOf(keeper.pid);
  expect(familyOf(host)).toEqual([host, engine]);
  return engine;
}

async function message(
  { url, token }: Joined,
  content = 'hi',
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': token, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'owner/name', max_tokens: 100, messages: [{ role: 'user', content }] }),
  });
  return { status: response.status, text: await response.text() };
}

const status = async (): Promise<KeeperStatus | undefined> => (await askKeepers(rig.paths)).keepers[0];

describe('an engine that is killed', () => {
  test('is started again on the same address, stays in the journal of the limit, and the request waits for it', async () => {
    mkdirSync(rig.paths.limit, { recursive: true, mode: 0o700 });
    const owner = { pid: process.pid, started: 'Sat Nov 21 10:00:00 2026' };
    writeJournal(rig.paths.limit, { boot: 'F0E1D2C3-0000', owner, prior: 0, sets: [30_000], engines: [] });
    const session = rig.session({ plan: plan(['load=200']), doors: quick });
    const at = joined(await session.heard('joined'));
    await session.heard('ready');
    const first = engineOf(at);
    process.kill(first, 'SIGKILL');
    // While it is gone, or before anybody has noticed: both must end in an answer.
    const answer = await message(at);
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('Hello')]);
    expect(await session.heard('restarting')).toMatchObject({ restart: { cause: { kind: 'killed' }, change: null } });
    const second = engineOf(at);
    expect(second).not.toBe(first);
    expect(await status()).toMatchObject({ phase: 'ready', url: at.url, gateway: { restarts: 1 } });
    const journal = readJournal(rig.paths.limit);
    const listed = journal === null || journal === 'broken' ? [] : journal.engines.map(({ pid }) => pid);
    expect(listed).toEqual(expect.arrayContaining([...familyOf(at.keeper.pid)]));
    expect(listed).not.toContain(first);
    expect(session.said.filter(({ event }) => event === 'failed' || event === 'lost')).toEqual([]);
    // The screen is the agent's: it hears of no progress once it was told that the engine is ready.
    const names = session.said.map(({ event }) => event);
    expect(names.slice(names.indexOf('ready'))).not.toContain('progress');
  });

  test('while it loads is loaded again, and the session waits on', async () => {
    const session = rig.session({ plan: plan(['load=1000']), doors: quick });
    const at = joined(await session.heard('joined'));
    await until(() => familyOf(at.keeper.pid).length === 3);
    const first = engineOf(at);
    process.kill(first, 'SIGKILL');
    await session.heard('ready');
    expect(engineOf(at)).not.toBe(first);
    expect(session.said.map(({ event }) => event)).not.toContain('failed');
  });

  test('is not started again when its keeper ends while it waits to', async () => {
    const session = rig.session({ plan: plan(), doors: { firstDelayMs: 600_000 } });
    const at = joined(await session.heard('joined'));
    await session.heard('ready');
    process.kill(engineOf(at), 'SIGKILL');
    await session.heard('restarting');
    expect((await status())?.phase).toBe('restarting');
    session.leave();
    await session.heard('left');
    await until(() => !alive(at.keeper.pid) && processesWith(rig.folder).length === 0);
  });

  test('is not started again after a kernel panic', async () => {
    const panics = join(rig.folder, 'reports');
    mkdirSync(panics);
    const session = rig.session({ plan: plan(), doors: { ...quick, panics } });
    const at = joined(await session.heard('joined'));
    await session.heard('ready');
    const report = join(panics, 'Kernel-2026-11-21.panic');
    writeFileSync(report, '{}');
    process.kill(engineOf(at), 'SIGKILL');
    expect(await session.heard('failed')).toMatchObject({
      failure: { reason: 'engine-given-up', why: 'panic', restarts: 0, panicPath: report },
    });
  });

  test('after the limit of GPU memory was lowered died of that', async () => {
    const session = rig.session({ plan: plan(), doors: { ...quick, limits: [40_000, 30_000] } });
    const at = joined(await session.heard('joined'));
    await session.heard('ready');
    process.kill(engineOf(at), 'SIGKILL');
    expect(await session.heard('restarting')).toMatchObject({
      restart: { cause: { kind: 'limit-lowered', detail: 'from 40000 MiB to 30000 MiB' } },
    });
  });
});

test('an engine that ran out of memory comes back with a smaller context, which is what clients are told', async () => {
  const session = rig.session({ plan: plan(['die=100', `dies=1:${join(rig.folder, 'lives')}`]), doors: quick });
  const at = joined(await session.heard('joined'));
  expect(await session.heard('restarting')).toMatchObject({
    restart: { cause: { kind: 'out-of-memory' }, change: { what: 'context', from: 32_768, to: 24_576 } },
  });
  await until(async () => (await status())?.phase === 'ready');
  const models = await fetch(`${at.url}/v1/models`, { headers: { 'x-api-key': at.token } });
  expect(await models.json()).toMatchObject({ data: [{ max_input_tokens: 24_576 }, {}, {}] });
  // In the very words upon which agents summarise the conversation.
  const refused = await message(at, 'long '.repeat(40_000));
  expect([refused.status, refused.text]).toEqual([
    400,
    expect.stringMatching(/prompt is too long: \d+ tokens > 24476 maximum/),
  ]);
  expect(await status()).toMatchObject({ context: 24_576, gateway: { context: { ceiling: 24_576 } } });
  // The next life's death is not told by the last words of this one.
  process.kill(engineOf(at), 'SIGKILL');
  const restarts = (): readonly Said[] => session.said.filter(({ event }) => event === 'restarting');
  await until(() => restarts().length === 2);
  expect(restarts().at(-1)).toMatchObject({ restart: { cause: { kind: 'killed' }, change: null } });
});

test('an engine that hangs at a request is restarted, and the request answered', async () => {
  const session = rig.session({ plan: plan(), doors: { ...quick, times: { everyMs: 20, leastMs: 300 } } });
  const at = joined(await session.heard('joined'));
  await session.heard('ready');
  process.kill(engineOf(at), 'SIGSTOP');
  const answer = message(at);
  await until(async () => (await status())?.phase === 'degraded');
  expect(await session.heard('restarting')).toMatchObject({ restart: { cause: { kind: 'hang' } } });
  expect((await answer).text).toContain('Hello');
});

test('an idle engine is unloaded, and the next request brings it back without a word of a restart', async () => {
  const session = rig.session({ plan: plan([], { idleUnloadMs: 200 }), doors: quick });
  const at = joined(await session.heard('joined'));
  await session.heard('ready');
  expect((await message(at)).status).toBe(200);
  const engine = engineOf(at);
  await until(() => !alive(engine));
  expect(await status()).toMatchObject({ phase: 'unloaded', gateway: { phase: 'unloaded', restarts: 0 } });
  expect((await message(at)).text).toContain('Hello');
  expect(engineOf(at)).not.toBe(engine);
  expect(session.said.map(({ event }) => event)).not.toContain('restarting');
});
