import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { agentRuns, agentStandIn } from '../support/agent-stand-in.ts';
import { makeRig } from '../support/rig.ts';
import { said } from '../support/said.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';
import { sessionPids } from '../support/session-pids.ts';
import { untilSo } from '../support/until.ts';

vi.setConfig({ testTimeout: 60_000 });

const writtenIn = /What every part was doing is written down in (\S+)/;

test('SIGUSR1 and cclocal dump write down what every part does, stop ends what is named, logs shows what was said', async () => {
  await using rig = makeRig();
  const engine = scriptedEngine(rig.home);
  const secret = `sk-ant-${'x'.repeat(40)}`;
  const env = {
    ...engine.env,
    ...agentStandIn(rig.home, rig.env['PATH'] ?? '').env,
    ANTHROPIC_API_KEY: secret,
  };
  const session = rig.start(['--model', engine.model], { env });
  let words = '';
  session.stderr?.on('data', (chunk: string | Buffer) => (words += String(chunk)));
  const closed = new Promise<number | null>((resolve) => session.once('close', resolve));
  await said(session, agentRuns);

  const { keeper } = sessionPids(rig.processes());
  session.kill('SIGUSR1');
  process.kill(keeper, 'SIGUSR1');
  const asked = await rig.run(['dump']);
  expect(asked.code).toBe(0);
  const text = readFileSync(asked.stdout.trim(), 'utf8');
  expect(statSync(asked.stdout.trim()).mode & 0o777).toBe(0o600);
  expect(text).toContain('asked for with cclocal dump');
  expect(text).toContain('"phase": "ready"');
  expect(text).toContain(`"agent": "claude-code"`);
  expect(text).not.toContain(secret);

  const ids = /keeper {4}([0-9a-f]{8})/.exec((await rig.run(['status'])).stdout);
  expect((await rig.run(['stop', '00000000'])).code).toBe(2);
  const logs = await rig.run(['logs', '-n', '5']);
  expect(logs.stdout.trim().split('\n').length).toBeGreaterThan(0);
  expect((await rig.run(['logs', 'nonsense'])).code).toBe(2);
  expect((await rig.run(['stop', ids?.[1] ?? 'none'])).stdout).toContain('Stopped');
  await closed;
  const path = writtenIn.exec(words.trimEnd().split('\n').at(-1) ?? '')?.[1] ?? '';
  expect(readFileSync(path, 'utf8')).toContain('asked for with SIGUSR1');
  const folder = join(rig.cclocalHome, 'logs');
  expect(
    readdirSync(folder).filter((name) => name.startsWith('dump-') && name.endsWith(`-${keeper}.txt`)),
  ).toHaveLength(1);
  // Which Node does at that signal where nobody listens to it.
  expect(readFileSync(join(folder, 'keeper.log'), 'utf8')).not.toContain('Debugger listening');
});

test('logs -f goes on with what comes, until Ctrl-C', async () => {
  await using rig = makeRig();
  const engine = scriptedEngine(rig.home);
  const env = { ...engine.env, ...agentStandIn(rig.home, rig.env['PATH'] ?? '').env };
  const session = rig.start(['--model', engine.model], { env });
  await said(session, agentRuns);
  const followed = rig.start(['logs', '-f', '-n', '0'], { env });
  let text = '';
  followed.stdout?.on('data', (chunk: string | Buffer) => (text += String(chunk)));
  const ended = new Promise<number | null>((resolve) => followed.once('close', resolve));
  // The engine says good-bye in its log.
  await untilSo(() => followed.pid !== undefined && /S/.test(stateOf(followed.pid)));
  session.kill('SIGTERM');
  await untilSo(() => text !== '');
  followed.kill('SIGINT');
  expect(await ended).toBe(0);
});

const stateOf = (pid: number): string => /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
