import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Interrupted } from '../../src/launch/lifeline.ts';
import { enginePython } from '../support/engine-python.ts';
import { fixtureVenv } from '../support/host.ts';
import { startHub, type Hub } from '../support/hub.ts';
import { filesAsked, halfWritten, namesIn, pullRig, writeRepo, type PullRig } from '../support/pull-rig.ts';

// Models are fetched with the hub's own downloader; only the hub is a stand-in, on a loopback port.
vi.setConfig({ testTimeout: 40_000 });

const [one, two] = ['org/one', 'org/two'];
const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
const needed = ['config.json', 'model.safetensors.index.json', ...shards, 'tokenizer.json'];

let root = '';
let hub: Hub;
let rig: PullRig;

function repository(name: string): string {
  return writeRepo(join(root, name), {
    'config.json': '{"model_type": "llama"}',
    'tokenizer.json': '{}',
    'model.safetensors.index.json': JSON.stringify({ weight_map: { a: shards[0], b: shards[1] } }),
    [shards[0]]: randomBytes(2_000_000),
    [shards[1]]: randomBytes(1_000_000),
    'README.md': 'not needed',
    'modeling.py': 'raise SystemExit',
  });
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ccl-pull-hub-'));
});
beforeEach(async () => {
  const repos = { [one]: repository('one'), [two]: repository('two') };
  hub = await startHub({ repos });
  rig = pullRig(hub.url);
});
afterEach(async () => {
  rig.remove();
  await hub.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The first repository with another second shard. */
function changed(): string {
  cpSync(join(root, 'one'), join(root, 'later'), { recursive: true });
  return writeRepo(join(root, 'later'), { [shards[1]]: randomBytes(700_000) });
}
const snapshotOf = (id: string, commit = hub.commit(id)): string => join(rig.folder(id), 'snapshots', commit);
const refOf = (id: string, name: string): string => readFileSync(join(rig.folder(id), 'refs', name), 'utf8');

describe('what is fetched', () => {
  test('several in a row, the needed files and no others; a second time nothing', async () => {
    const { pulled, found, progress } = await rig.pull({ ids: [one, two, one] });
    expect(pulled.map(({ id }) => id)).toEqual([one, two]);
    for (const id of [one, two]) {
      expect(readdirSync(snapshotOf(id)).sort()).toEqual([...needed].sort());
      expect([refOf(id, 'main'), refOf(id, 'cclocal')]).toEqual([hub.commit(id), hub.commit(id)]);
    }
    const bytes = needed.reduce((sum, name) => sum + statSync(join(snapshotOf(one), name)).size, 0);
    expect(found[0]).toMatchObject({ bytes, missingBytes: bytes, files: 5, whole: false, newer: null });
    expect(pulled[0]).toMatchObject({ bytes, fetchedBytes: bytes, revision: hub.commit(one) });
    expect(progress.at(-1)).toMatchObject({ stage: 'verifying' });

    const asked = hub.requests.length;
    const again = await rig.pull({ ids: [one, two] });
    expect(again.pulled.map(({ fetchedBytes }) => fetchedBytes)).toEqual([0, 0]);
    expect(filesAsked(hub.requests.slice(asked))).toEqual([]);
  });

  test('a dry run says what would come and leaves nothing behind', async () => {
    const { found, pulled } = await rig.pull({ ids: [one], dryRun: true });
    expect(found).toMatchObject([{ id: one, revision: hub.commit(one), files: 5, whole: false }]);
    expect(pulled).toEqual([]);
    expect(namesIn(rig.home)).toEqual([]);
  });

  test('code only where it is trusted', async () => {
    await rig.pull({ ids: [one] });
    const { pulled } = await rig.pull({ ids: [one], trustCode: true });
    expect(pulled[0]?.fetchedBytes).toBe('raise SystemExit'.length);
    expect(readdirSync(snapshotOf(one))).toContain('modeling.py');
  });
});

describe('a branch that moves', () => {
  test('is offered as an update, and fetched when asked for: what changed and nothing else', async () => {
    const before = hub.commit(one);
    await rig.pull({ ids: [one] });
    hub.move(one, changed());
    const now = hub.commit(one);
    const asked = hub.requests.length;
    const kept = await rig.pull({ ids: [one] });
    expect(kept.pulled).toMatchObject([
      { revision: before, fetchedBytes: 0, newer: { revision: now, missingBytes: 700_000 } },
    ]);
    // What is looked up of the newer version is small, and not kept.
    expect([...filesAsked(hub.requests.slice(asked))].sort()).toEqual(['config.json', 'model.safetensors.index.json']);
    expect(existsSync(snapshotOf(one, now))).toBe(false);

    const updated = await rig.pull({ ids: [one], update: true });
    expect(updated.pulled).toMatchObject([{ revision: now, fetchedBytes: 700_000, newer: null }]);
    expect(refOf(one, 'cclocal')).toBe(now);
    expect((await rig.pull({ ids: [one] })).pulled).toMatchObject([{ revision: now, fetchedBytes: 0, newer: null }]);
  });

  test('in mid-download: one version comes whole, also after an interruption', async () => {
    const before = hub.commit(one);
    hub.pace = 400_000;
    const moved = rig.pull({
      ids: [one],
      onProgress: ({ stage }) => {
        if (stage !== 'fetching' || halfWritten(rig.folder(one)).length < 2) return;
        if (hub.commit(one) === before) hub.move(one, changed());
        rig.interrupt();
      },
    });
    await expect(moved).rejects.toBeInstanceOf(Interrupted);
    expect(halfWritten(rig.folder(one))).toEqual([]);
    expect(existsSync(join(rig.folder(one), 'refs', 'main'))).toBe(false);
    hub.pace = null;
    const { pulled, failure } = await rig.pull({ ids: [one] });
    expect(failure).toBeNull();
    expect(pulled).toMatchObject([{ revision: before, newer: { revision: hub.commit(one), missingBytes: 700_000 } }]);
    expect(statSync(join(snapshotOf(one, before), shards[1])).size).toBe(1_000_000);
  });

  test('and forgets the version that was begun: told, with the way on', async () => {
    hub.pace = 400_000;
    const begun = rig.pull({ ids: [one], onProgress: ({ stage }) => stage === 'fetching' && rig.interrupt() });
    await expect(begun).rejects.toBeInstanceOf(Interrupted);
    hub.pace = null;
    hub.move(one, changed(), true);
    const gone = await rig.pull({ ids: [one] });
    expect(gone.failure).toMatchObject({
      reason: 'model-not-here',
      hint: expect.stringContaining('--update') as string,
    });
    expect((await rig.pull({ ids: [one], update: true })).pulled).toMatchObject([{ revision: hub.commit(one) }]);
  });
});

describe('what goes wrong', () => {
  test('a closed door is told before the first byte of the others', async () => {
    hub.faults.set(two, 'gated');
    const { failure } = await rig.pull({ ids: [one, two] });
    expect(failure).toMatchObject({ reason: 'model-gated', id: two, token: 'none' });
    expect(namesIn(rig.cache)).toEqual([]);
  });

  test('weights larger than the disk: what they need and what is free', async () => {
    hub.faults.set(one, 'too-large');
    const { failure } = await rig.pull({ ids: [one] });
    expect(failure).toMatchObject({ reason: 'disk-full', path: rig.cache, room: { models: [] } });
    expect(namesIn(join(rig.folder(one), 'blobs'))).toEqual([]);
  });

  test('a hub that is asked too often: its wait is kept, where it is not too long', async () => {
    hub.faults.set(one, 'busy');
    expect((await rig.pull({ ids: [one] })).pulled).toMatchObject([{ id: one }]);
    hub.faults.set(two, 'too-often');
    const { failure } = await rig.pull({ ids: [two] });
    expect(failure).toMatchObject({
      reason: 'hub-unreachable',
      problem: 'it says that it is asked too often (429) and wants to be left alone for 3600 s',
    });
  });

  test.each(['wrong-length', 'damaged'] as const)(
    'a file that comes %s is not kept; the next run fetches it',
    async (fault) => {
      hub.faults.set(one, fault);
      const { failure } = await rig.pull({ ids: [one] });
      expect(failure).toMatchObject({ reason: 'model-not-here' });
      expect(existsSync(join(rig.folder(one), 'refs', 'main'))).toBe(false);
      hub.faults.clear();
      expect((await rig.pull({ ids: [one] })).failure).toBeNull();
      for (const name of shards) {
        const [here, there] = [join(snapshotOf(one), name), join(root, 'one', name)].map((path) => readFileSync(path));
        expect(here?.equals(there ?? Buffer.of())).toBe(true);
      }
    },
  );

  test('no network: a model that is here is said to be, one that is not is told in a line, and nobody is asked', async () => {
    await rig.pull({ ids: [one] });
    const gone = await startHub({ repos: {} });
    await gone.close();
    const asked = hub.requests.length;
    for (const env of [{ HF_ENDPOINT: gone.url }, { HF_HUB_OFFLINE: '1' }]) {
      expect((await rig.pull({ ids: [one], env })).pulled).toMatchObject([{ id: one, fetchedBytes: 0 }]);
      expect((await rig.pull({ ids: [two], env })).failure).toMatchObject({ reason: 'hub-unreachable' });
    }
    expect(hub.requests.length).toBe(asked);
  });

  test('a disk that fills up in the middle: told, and nothing half-written stays', async () => {
    const python = fixtureVenv(join(rig.home, 'venv'));
    const site = join(rig.home, 'venv', 'lib', readdirSync(join(rig.home, 'venv', 'lib'))[0] ?? '', 'site-packages');
    const engine = join(dirname(dirname(enginePython())), 'lib', basename(dirname(site)), 'site-packages');
    writeFileSync(join(site, 'zz.pth'), `${engine}\nimport full_disk\n`);
    const { failure } = await rig.pull({ ids: [one], python });
    expect(failure).toMatchObject({ reason: 'disk-full', path: rig.cache, neededBytes: expect.any(Number) as number });
    expect(halfWritten(rig.folder(one))).toEqual([]);
  });

  test('a proxy is used where one is set', async () => {
    let passed = 0;
    const proxy = createServer((asked, answer) => {
      passed += 1;
      const { method = 'GET', url = '/', headers } = asked;
      request(url, { method, headers }, (got) => {
        answer.writeHead(got.statusCode ?? 500, got.headers);
        got.pipe(answer);
      }).end();
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const env = { http_proxy: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}` };
    expect((await rig.pull({ ids: [one], env })).failure).toBeNull();
    expect(passed).toBe(hub.requests.length);
    proxy.closeAllConnections();
    proxy.close();
  });

  test('a cache on a disk that takes no folders', async () => {
    const path = process.platform === 'linux' ? '/proc/hub' : '/System/hub';
    const { failure } = await rig.pull({ ids: [one], env: { HF_HUB_CACHE: path } });
    expect(failure).toMatchObject({ reason: 'bad-file', path });
  });
});

test('two at the same time fetch each large file once', async () => {
  hub.pace = 1_500_000;
  const [left, right] = await Promise.all([rig.pull({ ids: [one] }), rig.pull({ ids: [one] })]);
  expect([left.failure, right.failure]).toEqual([null, null]);
  const large = hub.requests.filter(({ method, path }) => method === 'GET' && path.startsWith('/cdn/'));
  expect(large).toHaveLength(2);
  expect(halfWritten(rig.folder(one))).toEqual([]);
});
