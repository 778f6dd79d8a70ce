import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { enginePython } from '../support/engine-python.ts';
import { firstJson } from '../support/first-json.ts';
import { startHub, type Hub, type HubFault } from '../support/hub.ts';
import { finished, makeRig, type Ran, type Rig } from '../support/rig.ts';
import { twoLines } from '../support/two-lines.ts';
import { untilNone } from '../support/until.ts';

// The shipped command, the hub's own downloader and the real engine; only the hub is a stand-in, on a loopback port.

const shipped = (name: string): string => fileURLToPath(new URL(`../../src/models/rehearsal/${name}`, import.meta.url));
const repo = 'org/rehearsal';

let folder = '';
let hub: Hub;
let slow: Hub;

/** The rehearsal checkpoint with some of its files changed, as a folder for the hub. */
function variant(name: string, change: (root: string) => void): string {
  const root = join(folder, name);
  cpSync(join(folder, 'model'), root, { recursive: true });
  change(root);
  return root;
}

function withConfig(root: string, more: object): void {
  const file = join(root, 'config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...more }));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ccl-hub-'));
  const model = join(folder, 'model');
  execFileSync(enginePython(), ['-I', '-B', shipped('build.py'), model, shipped('script.json')]);
  const repos = {
    [repo]: model,
    'org/program': variant('program', (root) => withConfig(root, { model_file: 'run.py' })),
    'org/code': variant('code', (root) => {
      withConfig(root, { auto_map: { AutoModelForCausalLM: 'modeling.Model' } });
      writeFileSync(join(root, 'modeling.py'), 'raise SystemExit\n');
    }),
    'org/bare': variant('bare', (root) => rmSync(join(root, 'config.json'))),
    'org/torch': variant('torch', (root) => {
      for (const name of readdirSync(root)) if (name.includes('safetensors')) rmSync(join(root, name));
      writeFileSync(join(root, 'pytorch_model.bin'), 'weights');
    }),
  };
  hub = await startHub({ repos });
  slow = await startHub({ repos: { [repo]: model }, bytesPerSecond: 1_800_000 });
});
afterEach(() => hub.faults.clear());
afterAll(async () => {
  await Promise.all([hub.close(), slow.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const cacheOf = (rig: Rig, id = repo): string =>
  join(rig.home, '.cache/huggingface/hub', `models--${id.replace('/', '--')}`);
const list = (path: string): readonly string[] => (existsSync(path) ? readdirSync(path) : []);

describe('a model of the hub', () => {
  test('is fetched before one’s eyes, does a real tool call, and is asked for once', { timeout: 60_000 }, async () => {
    await using rig = makeRig();
    const env = { HF_ENDPOINT: slow.url };
    const args = ['--model', repo, '--', '-p', 'Create the file.'];
    const first = await rig.run(args, { env });
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('Done: I wrote cclocal-rehearsal.txt');
    const written = join(rig.project, 'cclocal-rehearsal.txt');
    expect(existsSync(written)).toBe(true);
    const progress = first.stderr.split('\n').filter((line) => line.startsWith('Fetching the model: '));
    expect(progress[0]).toMatch(/: \d\S* k?B of \d\.\d MB \(\d+ %\)/);
    expect(progress.at(-1)).toMatch(/: \d\S* [kM]?B of \d\.\d MB \([1-9]\d* %\), \d\S* [kM]?B\/s/);
    expect(first.stderr).toMatch(/Fetching the model[^]*Loading the model into memory[^]*Ready after \d+ s/);

    const asked = slow.requests.length;
    rmSync(written);
    const second = await rig.run(args, { env });
    expect(second.code, second.stderr).toBe(0);
    expect(existsSync(written)).toBe(true);
    expect(slow.requests.length).toBe(asked);
    expect(second.stderr).not.toContain('Fetching');
    expect(second.stderr).toContain('Loading the model into memory');

    const bytes = readdirSync(join(folder, 'model')).reduce(
      (sum, name) => sum + sizeOf(join(folder, 'model', name)),
      0,
    );
    const shown = JSON.parse((await rig.run(['--list', '--json'])).stdout) as {
      totalBytes: number;
      models: { id: string; bytes: number }[];
    };
    expect(shown.models.map(({ id }) => id)).toEqual([repo]);
    expect(shown.totalBytes).toBe(shown.models.reduce((sum, model) => sum + model.bytes, 0));
    expect(Math.abs(shown.totalBytes - bytes)).toBeLessThan(20_000);
    expect((await rig.run(['--list'])).stdout).toMatch(/\d\.\d MB.*org\/rehearsal|org\/rehearsal.*\d\.\d MB/);
    const gone = await rig.run(['--rm', repo, '--yes']);
    expect(gone.code, gone.stderr).toBe(0);
    expect(existsSync(cacheOf(rig))).toBe(false);
  });

  test('serves offline once it is here', { timeout: 60_000 }, async () => {
    await using rig = makeRig();
    const env = { HF_ENDPOINT: hub.url };
    for (const turn of ['fetched', 'offline'] as const) {
      const asked = hub.requests.length;
      const server = rig.start(['--model', repo, '--server', '--json'], { env });
      const ended = finished(server);
      expect(await firstJson<{ model: string }>(server)).toMatchObject({ model: repo });
      expect(environments(rig).some((one) => one.includes('HF_HUB_OFFLINE=1'))).toBe(true);
      server.kill('SIGINT');
      expect((await ended).code).toBe(130);
      expect(hub.requests.length > asked, turn).toBe(turn === 'fetched');
    }
    const plan = JSON.parse((await rig.run(['--model', repo, '--dry-run', '--json'], { env })).stdout) as unknown;
    expect(plan).toMatchObject({
      keeper: { weights: { complete: true, revision: hub.commit(repo), snapshotPath: expect.any(String) as string } },
    });
  });

  test(
    'interrupted in mid-download: 130, nothing runs on, and only the rest is fetched',
    { timeout: 60_000 },
    async () => {
      await using rig = makeRig();
      const env = { HF_ENDPOINT: slow.url };
      const args = ['--model', repo, '--', '-p', 'Create the file.'];
      const child = rig.start(args, { env });
      const ended = finished(child);
      const blobs = join(cacheOf(rig), 'blobs');
      // The small files first: some of them are whole, the weights are not.
      await until(() => list(blobs).some((name) => name.endsWith('.incomplete')) && whole(blobs).length > 2);
      child.kill('SIGINT');
      const ran = await ended;
      expect(ran.code, ran.stderr).toBe(130);
      expect(ran.stderr).not.toContain('cclocal: ');
      await untilNone(rig.processes);
      const snapshot = join(cacheOf(rig), 'snapshots', slow.commit(repo));
      const kept = list(snapshot);
      expect(kept.length).toBeGreaterThan(0);
      expect(list(snapshot).some((name) => name.endsWith('.safetensors'))).toBe(false);

      const asked = slow.requests.length;
      const again = await rig.run(args, { env });
      expect(again.code, again.stderr).toBe(0);
      expect(existsSync(join(rig.project, 'cclocal-rehearsal.txt'))).toBe(true);
      const got = slow.requests
        .slice(asked)
        .filter(({ method, path }) => method === 'GET' && !path.startsWith('/api/'));
      // Large files come from the hub's store, under another name.
      const nameOf = (path: string): string =>
        path.startsWith('/cdn/') ? 'model.safetensors' : (path.split('/').at(-1) ?? '');
      const fetched = got.map(({ path }) => nameOf(path));
      expect(fetched).toContain('model.safetensors');
      expect(new Set(fetched).size).toBe(fetched.length);
      // One that was whole but had not got its name yet is the hub's to keep or to fetch.
      expect(fetched.filter((name) => kept.includes(name))).toEqual([]);
    },
  );
});

describe('a model that cannot be had', () => {
  const wrongs: readonly [
    string,
    { fault?: HubFault; id?: string; env?: Record<string, string>; code: number; said: RegExp },
  ][] = [
    ['unknown', { id: 'org/nowhere', code: 79, said: /no model "org\/nowhere"[^]*Check the spelling/ }],
    [
      'unknown, near one of the catalog',
      { id: 'mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bitt', code: 79, said: /Did you mean --\w+ \(.+\/.+\)\?/ },
    ],
    ['gated, without a token', { fault: 'gated', code: 80, said: /is gated[^]*Accept the terms.*HF_TOKEN/ }],
    [
      'gated, with a token that has no access',
      { fault: 'gated', env: { HF_TOKEN: 'hf_x' }, code: 80, said: /your token is not[^]*accept the terms/ },
    ],
    [
      'a wrong token',
      {
        fault: 'unauthorized',
        env: { HF_TOKEN: 'hf_wrong' },
        code: 80,
        said: /did not accept your token[^]*unset HF_TOKEN/,
      },
    ],
    ['a hub that wants a token', { fault: 'unauthorized', code: 80, said: /HF_TOKEN/ }],
    ['a hub that answers 500', { fault: 'server-error', code: 83, said: /could not be reached/ }],
    [
      'a hub that falls silent',
      {
        fault: 'stall',
        env: { CCLOCAL_STALL_SECONDS: '2' },
        code: 84,
        said: /stood still for \d s at \d.* of 4\.\d MB/,
      },
    ],
    [
      'weights larger than the disk',
      { fault: 'too-large', code: 74, said: /The disk is full at .*huggingface[^]*Free some space/ },
    ],
    ['no config.json', { id: 'org/bare', code: 81, said: /has no config\.json/ }],
    ['no safetensors', { id: 'org/torch', code: 81, said: /no weights in safetensors/ }],
    ['a program in its configuration', { id: 'org/program', code: 81, said: /model_file/ }],
  ];
  test.each(wrongs)('%s', { timeout: 40_000 }, async (_, { fault, id = repo, env = {}, code, said }) => {
    await using rig = makeRig();
    if (fault !== undefined) hub.faults.set(id, fault);
    const ran = await rig.run(['--model', id, '--server'], { env: { HF_ENDPOINT: hub.url, ...env } });
    expect(ran.code, ran.stderr).toBe(code);
    expect(twoLines(ran)).toMatch(said);
    expect(ran.stdout).toBe('');
    expect(list(join(rig.cclocalHome, 'run')).filter((name) => /^[0-9a-f]{8}$/.test(name))).toEqual([]);
    // Large files that would be refused anyway are not fetched first.
    if (code === 81) expect(whole(join(cacheOf(rig, id), 'blobs')).length).toBeLessThan(2);
  });

  test('nobody at the address of the hub', { timeout: 40_000 }, async () => {
    await using rig = makeRig();
    const gone = await startHub({ repos: {} });
    await gone.close();
    const ran = await rig.run(['--model', repo, '--server'], { env: { HF_ENDPOINT: gone.url } });
    expect(ran.code, ran.stderr).toBe(83);
    expect(twoLines(ran)).toContain(gone.url);
  });

  test('a file where the cache folder should be', { timeout: 40_000 }, async () => {
    await using rig = makeRig();
    const file = join(rig.home, 'hub');
    writeFileSync(file, 'kept');
    const env = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: file };
    const ran = await rig.run(['--model', repo, '--server'], { env });
    expect(ran.code, ran.stderr).toBe(75);
    expect(twoLines(ran)).toMatch(/models cannot be kept there[^]*HF_HOME/);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  test(
    'a connection that drops in mid-file; the same command works once the hub is well',
    { timeout: 60_000 },
    async () => {
      await using rig = makeRig();
      const env = { HF_ENDPOINT: hub.url };
      const args = ['--model', repo, '--', '-p', 'Create the file.'];
      hub.faults.set(repo, 'drop');
      const dropped = await rig.run(args, { env });
      expect(dropped.code, dropped.stderr).toBe(83);
      expect(twoLines(dropped)).toMatch(/could not be reached[^]*files are kept/);
      hub.faults.clear();
      const ran = await rig.run(args, { env });
      expect(ran.code, ran.stderr).toBe(0);
      expect(existsSync(join(rig.project, 'cclocal-rehearsal.txt'))).toBe(true);
    },
  );
});

test('code of the repository comes with --trust-code alone, and its commit is said', { timeout: 60_000 }, async () => {
  await using rig = makeRig();
  const id = 'org/code';
  const env = { HF_ENDPOINT: hub.url };
  const snapshot = join(cacheOf(rig, id), 'snapshots', hub.commit(id));
  /** Words of a launch that came as far as an engine that answers. */
  const ran = async (...more: readonly string[]): Promise<Ran> => {
    const server = rig.start(['--model', id, '--server', '--json', ...more], { env });
    const ended = finished(server);
    await firstJson(server);
    server.kill('SIGINT');
    return ended;
  };
  await ran();
  expect(list(snapshot)).not.toContain('modeling.py');
  // What came without its code is no longer complete.
  const trusting = await ran('--trust-code');
  expect(list(snapshot)).toContain('modeling.py');
  for (const said of [trusting.stderr, (await ran('--trust-code')).stderr]) {
    expect(said).toContain(`(--trust-code), at commit ${hub.commit(id)}.`);
  }
});

const sizeOf = (file: string): number => statSync(file).size;
const whole = (blobs: string): readonly string[] => list(blobs).filter((name) => !name.endsWith('.incomplete'));

/** Environments of what runs in a rig, one text each. */
function environments(rig: Rig): readonly string[] {
  return rig.processes().flatMap((line) => {
    try {
      return [readFileSync(`/proc/${line.split(' ')[0] ?? ''}/environ`, 'utf8')];
    } catch {
      return [];
    }
  });
}

/** Looks every 10 ms; the time-out of the test ends it. */
async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await new Promise((resolve) => setTimeout(resolve, 10));
}
