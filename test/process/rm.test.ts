import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseArgv } from '../../src/commands/argv.ts';
import { rmCommand, type RmDoors } from '../../src/commands/rm.ts';
import { uninstallCommand } from '../../src/commands/uninstall.ts';
import { CclocalError } from '../../src/errors.ts';
import type { KeeperRecord } from '../../src/keeper/record.ts';
import { refuseReadOnly } from '../../src/models/cache-folder.ts';
import { diskBytes } from '../../src/models/folder-size.ts';
import { listRepos } from '../../src/models/list-repos.ts';
import type { Ask } from '../../src/report/ask.ts';
import { answering, commandRig, type CommandOptions, type CommandRig } from '../support/command.ts';
import { buildRepo, commitOf, modelFiles, type Layout } from '../support/hub-cache.ts';
import { enginePython } from '../support/engine-python.ts';

// The deleting is done by the real huggingface_hub of the engine's venv, on caches in its layouts.
const program = fileURLToPath(new URL('../../src/engines/host/hub_delete.py', import.meta.url));
let home: string;
let cache: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ccl-rm-'));
  cache = join(home, '.cache/huggingface/hub');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const doors = (change: Partial<RmDoors> = {}): RmDoors => ({
  ask: null,
  python: enginePython(),
  program,
  inUse: () => Promise.resolve([]),
  ...change,
});

async function rm(
  options: Omit<CommandOptions, 'home'>,
  change: Partial<RmDoors> = {},
): Promise<CommandRig & { code: number }> {
  const rig = commandRig({ home, ...options });
  const code = await rmCommand(rig.context, doors(change));
  return { ...rig, code };
}

const left = (): readonly string[] => listRepos(cache).repos.map(({ repo }) => repo);
const yes = { yes: true };
const answer = z.object({
  promisedBytes: z.number(),
  freedBytes: z.number(),
  deleted: z.array(z.string()),
  left: z.record(z.string(), z.string()),
});

/** A lock as a download of the hub's holds it, until it is released. */
async function held(path: string): Promise<() => Promise<void>> {
  mkdirSync(dirname(path), { recursive: true });
  const code =
    'import fcntl,sys; f=open(sys.argv[1],"w"); fcntl.flock(f,fcntl.LOCK_EX); print("held",flush=True); sys.stdin.read()';
  const holder = spawn(enginePython(), ['-I', '-c', code, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  const ended = once(holder, 'exit');
  holders.push({ end: () => holder.stdin.end(), ended });
  return async () => {
    holder.kill('SIGKILL');
    await ended;
  };
}
const holders: { readonly end: () => void; readonly ended: Promise<unknown> }[] = [];
afterEach(async () => {
  for (const { end } of holders) end();
  await Promise.all(holders.splice(0).map(({ ended }) => ended));
});

describe('cclocal rm', () => {
  // The other layouts: test/process/cache-judged.test.ts.
  test('frees what it says where there are no links', async () => {
    const layout = 'plain';
    buildRepo({ cache, repo: 'me/goes', files: modelFiles(3_000_000), layout });
    buildRepo({ cache, repo: 'me/goes', files: modelFiles(3_000_000), layout, commit: commitOf('old'), ref: null });
    buildRepo({ cache, repo: 'me/stays', files: { ...modelFiles(10), 'extra.txt': 'x' }, layout });
    const before = diskBytes(cache);
    const { code, stdout } = await rm({ args: ['me/goes'], options: { ...yes, json: true } });
    expect(code).toBe(0);
    expect(left()).toEqual(['me/stays']);
    const said = answer.parse(JSON.parse(stdout()));
    expect(said).toMatchObject({ deleted: ['me/goes'], left: {} });
    const freed = said.freedBytes;
    expect(freed).toBeGreaterThanOrEqual(3_000_000);
    expect(before - diskBytes(cache)).toBe(freed);
    expect(said.promisedBytes).toBe(freed);
  });

  test('weights that another model shares stay, and nothing is called free that is not', async () => {
    buildRepo({ cache, repo: 'me/goes', files: modelFiles(3_000_000), layout: 'shared' });
    const stays = buildRepo({ cache, repo: 'me/copy', files: modelFiles(3_000_000), layout: 'shared' });
    const { stdout } = await rm({ args: ['me/goes'], options: { ...yes, json: true } });
    expect(existsSync(join(stays, 'model-00001-of-00002.safetensors'))).toBe(true);
    const said = answer.parse(JSON.parse(stdout()));
    expect(said.freedBytes).toBeLessThan(100_000);
    expect(said.promisedBytes).toBe(said.freedBytes);
  });

  test('weights shared by all that goes are promised once, and go', async () => {
    for (const repo of ['me/goes', 'me/too'])
      buildRepo({ cache, repo, files: modelFiles(3_000_000), layout: 'shared' });
    const { stdout } = await rm({ args: ['me/goes', 'me/too'], options: { ...yes, json: true } });
    const said = answer.parse(JSON.parse(stdout()));
    expect(said.freedBytes).toBeGreaterThan(3_000_000);
    expect(said.freedBytes).toBeLessThan(3_200_000);
    expect(said.promisedBytes).toBe(said.freedBytes);
  });

  test.each<Layout>(['shared', 'plain'])('one revision goes, the other stays whole, layout "%s"', async (layout) => {
    const old = {
      'config.json': '{"model_type": "qwen2"}',
      'model-00001-of-00002.safetensors': 'o'.repeat(1_000_000),
    };
    buildRepo({ cache, repo: 'me/two', files: modelFiles(2_000_000), layout });
    const goes = commitOf('old');
    buildRepo({
      cache,
      repo: 'me/two',
      files: { ...modelFiles(2_000_000), ...old },
      layout,
      commit: goes,
      ref: null,
    });
    const args = [`me/two@${goes.slice(0, 8)}`];
    expect((await rm({ args, options: { dryRun: true } })).stdout()).toContain(
      `delete me/two@${goes.slice(0, 7)} (2.0 MB`,
    );
    const said = answer.parse(JSON.parse((await rm({ args, options: { ...yes, json: true } })).stdout()));
    expect(said.promisedBytes).toBe(said.freedBytes);
    expect(said.freedBytes).toBeGreaterThanOrEqual(layout === 'plain' ? 2_000_000 : 1_000_000);
    expect(listRepos(cache).repos).toMatchObject([{ state: 'complete', revisions: [{ commit: commitOf('me/two') }] }]);
    await expect(rm({ args: ['me/two@0000000'], options: yes })).rejects.toMatchObject({
      failure: { reason: 'usage' },
    });
  });

  test('clears what cut-off downloads and others have left, and nothing that is still needed', async () => {
    buildRepo({ cache, repo: 'me/stays', files: modelFiles(3_000_000), layout: 'shared' });
    buildRepo({ cache, repo: 'me/gone', files: modelFiles(1_000_000), layout: 'shared' });
    // As many do: the payload stays in the store.
    rmSync(join(cache, 'models--me--gone'), { recursive: true });
    const blobs = join(cache, 'models--me--stays/blobs');
    for (const [name, old] of [
      ['abc.1.incomplete', true],
      ['abc.2.incomplete', false],
      ['held.3.incomplete', true],
    ] as const) {
      writeFileSync(join(blobs, name), 'z'.repeat(500_000));
      if (old) utimesSync(join(blobs, name), 1000, 1000);
    }
    const rest = await rm({ options: { leftovers: true, dryRun: true, json: true } });
    expect(JSON.parse(rest.stdout())).toMatchObject({ models: [], dryRun: true });
    const release = await held(join(cache, '.locks/models--me--stays/held.lock'));
    const { stdout } = await rm({ options: { leftovers: true, ...yes, json: true } });
    await release();
    const { freedBytes } = answer.parse(JSON.parse(stdout()));
    expect(freedBytes).toBeGreaterThan(1_500_000);
    expect(freedBytes).toBeLessThan(1_700_000);
    expect(readdirSync(blobs).filter((name) => name.endsWith('.incomplete'))).toEqual([
      'abc.2.incomplete',
      'held.3.incomplete',
    ]);
    expect(listRepos(cache)).toMatchObject({ elsewhereBytes: 0, repos: [{ state: 'complete' }] });
  });

  test('what the hub itself passes over goes too: broken links, and a download that was cut off', async () => {
    buildRepo({
      cache,
      repo: 'me/broken',
      files: { ...modelFiles(3_000_000), 'tokenizer.json': null },
      layout: 'shared',
    });
    const blobs = join(cache, 'models--me--begun', 'blobs');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(join(blobs, 'abc.incomplete'), 'z'.repeat(10_000));
    utimesSync(join(blobs, 'abc.incomplete'), 1000, 1000);
    const { code, stdout } = await rm({ args: ['me/broken', 'me/begun'], options: yes });
    expect(code).toBe(0);
    expect(stdout()).toMatch(/^Deleted 2 of 2; 3\.\d MB are free again\.$/m);
    expect(left()).toEqual([]);
  });

  test('asks in a terminal what goes and whether it is meant', async () => {
    for (const repo of ['me/a', 'me/b']) buildRepo({ cache, repo, files: modelFiles(100) });
    const asked: string[] = [];
    const ask = (agree: boolean): Ask =>
      answering({
        several: (_, choices) => {
          asked.push(...choices.map(({ name }) => name.trim()));
          return Promise.resolve(choices.slice(1).map(({ value }) => value));
        },
        confirm: (message) => {
          asked.push(message);
          return Promise.resolve(agree);
        },
      });
    expect((await rm({}, { ask: ask(false) })).stderr()).toContain('Nothing was deleted.');
    expect(asked).toEqual([
      expect.stringMatching(/^\d+ B {3,}[\d.]+ kB {2}me\/a$/),
      expect.stringMatching(/me\/b$/),
      expect.stringMatching(/^Delete me\/b \(frees [\d.]+ kB\)\?$/),
    ]);
    expect(left()).toHaveLength(2);
    expect((await rm({}, { ask: ask(true) })).code).toBe(0);
    expect(left()).toEqual(['me/a']);
  });

  test('takes a flag of the catalog for the id, and deletes nothing in a dry run', async () => {
    buildRepo({ cache, repo: 'mlx-community/gemma-4-e4b-it-4bit', files: modelFiles(100) });
    for (const word of ['gemma-light', '--light', 'mlx-community/gemma-4-e4b-it-4bit']) {
      const { stdout } = await rm({ args: [word], options: { dryRun: true } });
      expect(stdout()).toMatch(/^would delete mlx-community\/gemma-4-e4b-it-4bit \(/);
    }
    expect(left()).toHaveLength(1);
  });

  test.each<[string, Omit<CommandOptions, 'home'>, Partial<RmDoors>, RegExp]>([
    [
      'an id that is not there',
      { args: ['me/whol'], options: yes },
      {},
      /me\/whol\\" is not in the cache.*mean me\/whole/,
    ],
    ['a name without its owner', { args: ['whole'], options: yes }, {}, /Did you mean me\/whole/],
    ['another case of letters and a typo', { args: ['ME/WHOLX'], options: yes }, {}, /Did you mean me\/whole/],
    ['a revision that is not there', { args: ['me/whole@abc123'], options: yes }, {}, /no revision.*These are there/],
    [
      'a model that an engine uses by its folder',
      { args: ['me/whole'], options: yes },
      { inUse: () => Promise.resolve([join(cache, 'models--me--whole/snapshots/x')]) },
      /cclocal stop/,
    ],
    ['a row that is not there', { args: ['coder'], options: yes }, {}, /Qwen3-Coder.* is not in the cache/],
    ['no id and no terminal', { options: yes }, {}, /no terminal to choose in/],
    ['no yes and no terminal', { args: ['me/whole'] }, {}, /--yes/],
    [
      'a model that an engine uses',
      { args: ['me/whole'], options: yes },
      { inUse: () => Promise.resolve(['me/whole']) },
      /cclocal stop/,
    ],
    ['no engine yet', { args: ['me/whole'], options: yes }, { python: null }, /cclocal setup/],
    [
      'an engine without the hub',
      { args: ['me/whole'], options: yes },
      { python: '/bin/false' },
      /could not be deleted/,
    ],
  ])('refuses with a way out: %s', async (_, options, change, words) => {
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(100) });
    const error: unknown = await rm(options, change).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'CclocalError' });
    expect(JSON.stringify((error as { failure: unknown }).failure)).toMatch(words);
    expect(left()).toEqual(['me/whole']);
  });

  test.each([
    [['rm', '--dryrun'], '--dry-run'],
    [['rm', 'me/a', '--leftover'], '--leftovers'],
    [['list', '--jsno'], '--json'],
  ])('a typo in a flag: %s', (argv, meant) => {
    const { catalog } = commandRig({ home }).context;
    const hint = expect.stringContaining(`Did you mean ${meant}?`) as unknown;
    expect(() => parseArgv(argv, catalog, '0')).toThrow(
      expect.objectContaining({ failure: { reason: 'usage', problem: expect.any(String) as unknown, hint } }),
    );
  });

  test('refuses while a download runs', async () => {
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(100) });
    writeFileSync(join(cache, 'models--me--whole/blobs/abc.12345678.incomplete'), 'x');
    await expect(rm({ args: ['me/whole'], options: yes })).rejects.toMatchObject({ failure: { reason: 'usage' } });
    expect(left()).toEqual(['me/whole']);
  });

  test('refuses while a download holds a lock, however long it has written nothing', async () => {
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(100) });
    const [name = ''] = readdirSync(join(cache, '.locks/models--me--whole'));
    const release = await held(join(cache, '.locks/models--me--whole', name));
    for (const options of [yes, { dryRun: true }]) {
      await expect(rm({ args: ['me/whole'], options })).rejects.toMatchObject({
        failure: { reason: 'usage', problem: expect.stringContaining('holds its lock') as unknown },
      });
    }
    await release();
    expect((await rm({ args: ['me/whole'], options: yes })).code).toBe(0);
    expect(left()).toEqual([]);
  });

  test('a cache on a read-only disk, a file in its place, none at all', async () => {
    const refused = async (env: Record<string, string>): Promise<unknown> =>
      rm({ args: ['me/whole'], options: yes, env }).catch((thrown: unknown) => thrown);
    expect(await refused({})).toMatchObject({ failure: { problem: '"me/whole" is not in the cache.' } });
    mkdirSync(join(cache, '..'), { recursive: true });
    writeFileSync(cache, 'x');
    expect(await refused({})).toMatchObject({ failure: { reason: 'bad-file', path: cache } });
    // Root may write to a folder that says no, so only a disk that says no will do for everyone.
    expect(() => refuseReadOnly([process.platform === 'linux' ? '/proc/self' : '/System'])).toThrow(CclocalError);
  });

  test('a model that stands on another disk: only the link to it is ours to delete', async () => {
    const other = join(home, 'other');
    buildRepo({ cache: other, repo: 'me/linked', files: modelFiles(100) });
    mkdirSync(cache, { recursive: true });
    symlinkSync(join(other, 'models--me--linked'), join(cache, 'models--me--linked'));
    const said = answer.parse(
      JSON.parse((await rm({ args: ['me/linked'], options: { ...yes, json: true } })).stdout()),
    );
    expect(said).toMatchObject({ freedBytes: 0, promisedBytes: 0, deleted: ['me/linked'] });
    expect(existsSync(join(other, 'models--me--linked'))).toBe(true);
    expect(left()).toEqual([]);
  });

  test('names with unusual characters', async () => {
    const names = ['me/süß 模型', "me/'$(x)`", 'me/a\nb', 'me/%2e%2e'];
    for (const repo of names) buildRepo({ cache, repo, files: modelFiles(1000), layout: 'shared' });
    const { code } = await rm({ args: names, options: yes });
    expect(code).toBe(0);
    expect(left()).toEqual([]);
  });

  test('a name that climbs out of the cache reaches nothing', async () => {
    mkdirSync(join(home, 'precious'));
    for (const name of ['..', '../precious', '../../precious', '']) {
      await expect(rm({ args: [name], options: yes })).rejects.toMatchObject({ failure: { reason: 'usage' } });
    }
    expect(existsSync(join(home, 'precious'))).toBe(true);
  });
});

/** A keeper's record, with a socket that somebody listens on or that is dead. */
async function keeper(repo: string, alive: boolean): Promise<() => void> {
  const folder = join(home, '.cclocal/run/0123abcd');
  mkdirSync(folder, { recursive: true });
  const record: KeeperRecord = {
    schemaVersion: 1,
    id: '0123abcd',
    pid: process.pid,
    socket: join(folder, 'k.sock'),
    engine: 'vllm-mlx',
    python: '/bin/python',
    serves: repo,
    weights: { repo, revision: null, snapshotPath: null, trustCode: false },
    context: 32_768,
    privacy: 'standard',
    port: 8000,
    openPort: null,
    gateway: null,
    startedAt: new Date(0).toISOString(),
  };
  writeFileSync(join(folder, 'keeper.json'), JSON.stringify(record));
  if (!alive) return () => undefined;
  const server = createServer().listen(record.socket);
  await new Promise((done) => server.once('listening', done));
  return () => void server.close();
}

describe('a running keeper', () => {
  test('protects its model from rm, as long as it lives', async () => {
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(100) });
    mkdirSync(join(home, '.cclocal/venv/bin'), { recursive: true });
    symlinkSync(enginePython(), join(home, '.cclocal/venv/bin/python'));
    const end = await keeper('me/whole', true);
    const order = { home, args: ['me/whole'], options: { dryRun: true } };
    await expect(rmCommand(commandRig(order).context)).rejects.toMatchObject({
      failure: { hint: 'End it first: cclocal stop' },
    });
    end();
    await keeper('me/whole', false);
    expect(await rmCommand(commandRig(order).context)).toBe(0);
  });

  test('stands in the way of uninstall', async () => {
    const end = await keeper('me/whole', true);
    await expect(uninstallCommand(commandRig({ home, options: yes }).context)).rejects.toMatchObject({
      failure: { reason: 'usage' },
    });
    end();
  });
});

describe('cclocal uninstall', () => {
  function furnish(): string {
    const ours = join(home, '.cclocal');
    for (const name of ['venv/lib', 'logs', 'agents/claude', 'cache']) mkdirSync(join(ours, name), { recursive: true });
    writeFileSync(join(ours, 'venv/lib/big'), 'x'.repeat(100_000));
    writeFileSync(join(ours, 'clients.json'), '{}');
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(100) });
    return ours;
  }

  test('says what goes and how much, and removes it; models stay', async () => {
    const ours = furnish();
    const rig = commandRig({ home, options: yes });
    expect(await uninstallCommand(rig.context)).toBe(0);
    const words = rig.stderr();
    expect(words).toMatch(/1\d\d kB {2}.*venv {2}\(the engine\)/);
    expect(words).toMatch(/stays .*hub {2}\(models.*cclocal --rm/);
    expect(existsSync(ours)).toBe(false);
    expect(left()).toEqual(['me/whole']);
  });

  test("what the user put there stays: the own catalog, and anything that is not cclocal's", async () => {
    const ours = furnish();
    writeFileSync(join(ours, 'catalog.json'), '{}');
    writeFileSync(join(ours, 'thesis.tex'), 'precious');
    // A link is removed, not what it points to.
    symlinkSync(join(home, '.cache'), join(ours, 'rehearsal'));
    const rig = commandRig({ home, options: { ...yes, json: true } });
    expect(await uninstallCommand(rig.context)).toBe(0);
    expect(JSON.parse(rig.stdout())).toMatchObject({
      removed: true,
      stays: [join(ours, 'catalog.json'), join(ours, 'thesis.tex'), cache],
    });
    expect(existsSync(join(ours, 'venv'))).toBe(false);
    expect(existsSync(join(ours, 'thesis.tex'))).toBe(true);
    expect(left()).toEqual(['me/whole']);
  });

  test('does nothing in a dry run, on a no, without a terminal, or where nothing is', async () => {
    const ours = furnish();
    expect(await uninstallCommand(commandRig({ home, options: { dryRun: true } }).context)).toBe(0);
    const no = answering({ confirm: () => Promise.resolve(false) });
    expect(await uninstallCommand(commandRig({ home }).context, { ask: no })).toBe(0);
    await expect(uninstallCommand(commandRig({ home }).context)).rejects.toMatchObject({
      failure: { reason: 'usage' },
    });
    expect(existsSync(join(ours, 'venv/lib/big'))).toBe(true);
    const nothing = commandRig({ home: join(home, 'nobody'), options: yes });
    expect(await uninstallCommand(nothing.context)).toBe(0);
    expect(nothing.stderr()).toContain('There is nothing of cclocal');
  });
});
