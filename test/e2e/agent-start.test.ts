import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { findAgent } from '../../src/launch/agent-find.ts';
import { agentFiles, startAgent } from '../../src/launch/agent-start.ts';
import { probeWith } from '../../src/os/probe.ts';
import { realClaude } from '../support/agent-rig.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ccl-f-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A `claude` that says its version and notes each time it was asked. */
function fakeClaude(name: string, words = '2.1.300 (Claude Code)'): string {
  const bin = join(folder, name);
  mkdirSync(bin, { recursive: true });
  const file = join(bin, 'claude');
  writeFileSync(file, `#!/bin/sh\necho asked >> '${folder}/asked'\necho '${words}'\n`, { mode: 0o755 });
  return bin;
}
const asked = (): number =>
  existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').length : 0;
const find = (...path: string[]) => {
  const env = { PATH: path.join(delimiter) };
  const paths = { cache: join(folder, 'cache') };
  return findAgent({ system: { env, probe: probeWith(env), userHome: folder }, paths, agent: claudeCode });
};

describe('looking for the agent', () => {
  test('takes the first executable file on PATH, and only from absolute folders', async () => {
    const first = fakeClaude('first');
    mkdirSync(join(folder, 'folder/claude'), { recursive: true });
    mkdirSync(join(folder, 'text'));
    writeFileSync(join(folder, 'text/claude'), 'not a program', { mode: 0o644 });
    const found = await find('', '.', 'bin', join(folder, 'gone'), join(folder, 'folder'), join(folder, 'text'), first);
    expect(found).toEqual({ path: join(first, 'claude'), version: '2.1.300' });
  });

  test('finds none where there is none', async () => {
    expect(await find(join(folder, 'gone'), '')).toEqual({ path: null, version: null });
  });

  test('asks for the version once, and again when the file behind the link changed', async () => {
    const bin = fakeClaude('real');
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(bin, 'claude'), join(folder, 'links/claude'));
    const links = join(folder, 'links');
    for (let n = 0; n < 3; n++) expect((await find(links)).version).toBe('2.1.300');
    expect(asked()).toBe(1);
    expect(statSync(join(folder, 'cache/agent-version.json')).mode & 0o777).toBe(0o600);

    fakeClaude('real', '2.1.301 (Claude Code)');
    utimesSync(join(bin, 'claude'), new Date(), new Date(0));
    expect((await find(links)).version).toBe('2.1.301');
    expect(asked()).toBe(2);
  });

  test('does not trip over what it remembered being damaged, or over a home it cannot write', async () => {
    const bin = fakeClaude('bin');
    mkdirSync(join(folder, 'cache'), { mode: 0o700 });
    writeFileSync(join(folder, 'cache/agent-version.json'), '{"file":');
    expect((await find(bin)).version).toBe('2.1.300');
    rmSync(join(folder, 'cache'), { recursive: true });
    writeFileSync(join(folder, 'cache'), 'a file where the folder should be');
    expect((await find(bin)).version).toBe('2.1.300');
  });

  test('an unknown version is no version, and is asked for again', async () => {
    const bin = fakeClaude('odd', 'who knows');
    expect((await find(bin)).version).toBeNull();
    expect((await find(bin)).version).toBeNull();
    expect(asked()).toBe(2);
  });

  test('knows the real one', async () => {
    const { path, version } = await find(dirname(realClaude));
    expect(path).toBe(realClaude);
    expect(version).toBe('2.1.329');
  });
});

describe('starting the agent', () => {
  const start = (path: string | null) =>
    startAgent({
      facts: { path, version: null },
      agent: claudeCode,
      command: { args: [], env: { PATH: '/usr/bin:/bin' }, files: [], links: [] },
      cwd: folder,
    });

  test('says which program is missing or cannot run', async () => {
    await expect(start(null)).rejects.toMatchObject({ failure: { reason: 'agent-missing' } });
    const file = join(fakeClaude('bin'), 'claude');
    chmodSync(file, 0o644);
    await expect(start(file)).rejects.toMatchObject({
      failure: { reason: 'agent-unstartable', file, problem: 'it may not be executed' },
    });
    await expect(start(join(folder, 'gone'))).rejects.toMatchObject({ failure: { reason: 'agent-unstartable' } });
  });

  test('gives back how it ended', async () => {
    const file = join(folder, 'ends');
    writeFileSync(file, '#!/bin/sh\nexit 7\n', { mode: 0o755 });
    expect(await (await start(file)).exited).toEqual({ code: 7, signal: null });
    writeFileSync(file, '#!/bin/sh\nkill -TERM $$\n', { mode: 0o755 });
    expect(await (await start(file)).exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('writes seeds once and the rest each time, private, and follows no planted link', () => {
    const seed = join(folder, 'config/.claude.json');
    const settings = join(folder, 'session/settings.json');
    const files = (content: string) => [
      { path: seed, content, mode: 0o600, once: true } as const,
      { path: settings, content, mode: 0o600, once: false } as const,
    ];
    agentFiles({ files: files('first') });
    for (const file of [seed, settings]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(seed)).mode & 0o777).toBe(0o700);

    const victim = join(folder, 'victim');
    writeFileSync(victim, 'mine');
    rmSync(settings);
    symlinkSync(victim, settings);
    agentFiles({ files: files('second') });
    expect([seed, settings, victim].map((file) => readFileSync(file, 'utf8'))).toEqual(['first', 'second', 'mine']);
  });
});
