import { randomBytes } from 'node:crypto';
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
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startHub } from '../support/hub.ts';
import type { Hub, HubFault } from '../support/hub.ts';
import { endHosts, startHost, until } from '../support/host.ts';
import type { HostRun } from '../support/host.ts';

const repo = 'org/model';
const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const texts = [
  'config.json',
  'generation_config.json',
  'merges.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'x.jinja',
];
const index = 'model.safetensors.index.json';
const needed = [...texts, index, ...shards].sort();

let folder = '';
let hub: Hub;

/** A repository with the same weights in several formats, code, and files nobody needs. */
function repository(name: string, weightMap: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  for (const path of texts) write(path, '{}');
  write('config.json', '{"model_type": "llama"}');
  write(index, JSON.stringify({ weight_map: weightMap }));
  for (const path of [...shards, 'model.safetensors', 'original/model.safetensors']) write(path, randomBytes(200_000));
  for (const path of ['pytorch_model.bin', 'model.gguf', 'onnx/model.onnx', 'README.md']) write(path, 'not needed');
  for (const path of ['modeling.py', 'deep/evil.py']) write(path, 'raise SystemExit');
  return root;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fetch-test-'));
  const named = { a: shards[0] ?? '', b: shards[1] ?? '' };
  hub = await startHub({
    repos: {
      [repo]: repository('model', named),
      'org/stale': repository('stale', { a: 'model-00001-of-00009.safetensors' }),
    },
  });
});
afterEach(async () => {
  await endHosts();
  hub.faults.clear();
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

interface FetchOptions {
  readonly weights?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

function fetch({ weights, env }: FetchOptions = {}): HostRun {
  return startHost({
    mode: 'fetch',
    weights: { repo, ...weights },
    env: { HF_ENDPOINT: hub.url, ...env },
    graceMs: { interrupt: 1000, kill: 3000 },
  });
}

const cacheOf = (host: HostRun, id = repo): string =>
  join(host.folder, 'home', '.cache', 'huggingface', 'hub', `models--${id.replace('/', '--')}`);
const list = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);

describe('what is fetched', () => {
  test('exactly the files that an engine needs, at one commit, into the user’s own cache', async () => {
    const host = fetch({ env: { HF_TOKEN: 'hf_secret' } });
    const fetched = await host.event('fetched');
    expect(await host.exit).toEqual({ code: 0, signal: null });
    const snapshot = fetched.snapshot ?? '';
    expect(snapshot).toBe(join(cacheOf(host), 'snapshots', hub.commit(repo)));
    expect(fetched.revision).toBe(hub.commit(repo));
    expect(readdirSync(snapshot).sort()).toEqual(needed);
    expect(readFileSync(join(cacheOf(host), 'refs', 'main'), 'utf8')).toBe(hub.commit(repo));
    expect(hub.requests.every((request) => request.authorized || request.path.startsWith('/cdn/'))).toBe(true);

    const { files = [], bytes } = await host.event('fetching');
    expect(files.map(({ path }) => path).sort()).toEqual(needed);
    expect(bytes).toBe(needed.reduce((sum, path) => sum + statSync(join(snapshot, path)).size, 0));
    for (const file of files) expect(statSync(join(cacheOf(host), 'blobs', file.blob)).size).toBe(file.bytes);
  });

  test('code of the model only where it is trusted', async () => {
    const host = fetch({ weights: { trustCode: true } });
    const { snapshot = '' } = await host.event('fetched');
    expect(readdirSync(snapshot).sort()).toEqual([...needed, 'modeling.py'].sort());
  });

  test('a pinned commit does not move the branch', async () => {
    const host = fetch({ weights: { revision: hub.commit(repo) } });
    await host.event('fetched');
    expect(list(join(cacheOf(host), 'refs'))).toEqual(['cclocal']);
  });

  test('with an index that names files the repository does not have, the weights that it has', async () => {
    const host = fetch({ weights: { repo: 'org/stale' } });
    const { snapshot = '' } = await host.event('fetched');
    expect(readdirSync(snapshot).sort()).toEqual([...texts, ...shards, 'model.safetensors'].sort());
  });

  test('nothing again that is there already', async () => {
    const first = fetch();
    await first.event('fetched');
    const asked = hub.requests.length;
    const home = join(first.folder, 'home');
    await fetch({ env: { HOME: home } }).event('fetched');
    expect(
      hub.requests.slice(asked).filter(({ method, path }) => method === 'GET' && !path.startsWith('/api/')),
    ).toEqual([]);
  });
});

describe('what goes wrong', () => {
  test.each<[HubFault, string]>([
    ['unauthorized', 'unauthorized'],
    ['gated', 'gated'],
    ['not-found', 'not-found'],
    ['server-error', 'unreachable'],
  ])('%s is told as %s', async (fault, kind) => {
    hub.faults.set(repo, fault);
    const host = fetch();
    expect(await host.event('failed')).toMatchObject({ stage: 'fetch', kind });
    expect(await host.exit).toEqual({ code: 1, signal: null });
  });

  test('a gated model with a token that has no access is told as gated', async () => {
    hub.faults.set(repo, 'gated');
    expect(await fetch({ env: { HF_TOKEN: 'hf_x' } }).event('failed')).toMatchObject({ kind: 'gated' });
  });

  test('a hub that is not there, and one that may not be asked, are unreachable', async () => {
    const gone = await startHub({ repos: {} });
    await gone.close();
    expect(await fetch({ env: { HF_ENDPOINT: gone.url } }).event('failed')).toMatchObject({ kind: 'unreachable' });
    expect(await fetch({ env: { HF_HUB_OFFLINE: '1' } }).event('failed')).toMatchObject({ kind: 'unreachable' });
  });

  test('a revision or an id that does not exist is not found', async () => {
    expect(await fetch({ weights: { revision: 'nope' } }).event('failed')).toMatchObject({ kind: 'revision-gone' });
    expect(await fetch({ weights: { repo: 'not a//name' } }).event('failed')).toMatchObject({ kind: 'not-found' });
  });

  test('an owner that goes during a download leaves no half-written file', async () => {
    hub.faults.set(repo, 'stall');
    const host = fetch();
    const blobs = join(cacheOf(host), 'blobs');
    await host.event('fetching');
    await until(() => list(blobs).some((name) => name.endsWith('.incomplete')));
    host.closeOwner();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(list(blobs).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
    expect(list(join(cacheOf(host), 'refs'))).toEqual(['cclocal']);
  });
});
