import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { folderFacts, weightsFacts } from '../../src/models/hub-cache.ts';
import { hubCachePath } from '../../src/models/hub-paths.ts';
import { listRepos } from '../../src/models/list-repos.ts';
import { buildRepo, commitOf, modelFiles, without, type Layout } from '../support/hub-cache.ts';
import { enginePython } from '../support/engine-python.ts';

let cache: string;
beforeEach(() => (cache = mkdtempSync(join(tmpdir(), 'cclocal-hub-'))));
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const facts = (repo: string, revision: string | null = null): ReturnType<typeof weightsFacts> =>
  weightsFacts({ env: { HF_HUB_CACHE: cache }, userHome: '/nowhere', repo, revision });

/** What the real hub says, in the engine's Python. */
function hub(code: string, env: Record<string, string>): unknown {
  return JSON.parse(execFileSync(enginePython(), ['-I', '-c', code], { env, encoding: 'utf8' }));
}

describe('the cache folder', () => {
  // All in one Python: loading the hub takes 0.15 s.
  const cases: Record<string, string>[] = [
    {},
    { HF_HUB_CACHE: '/a' },
    { HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c' },
    { HF_HUB_CACHE: '/a', HUGGINGFACE_HUB_CACHE: '/b' },
    { HF_HOME: '/c' },
    { HF_HOME: '~/models' },
    { HF_HOME: '$BIG/hf', BIG: '/Volumes/big' },
    { HF_HUB_CACHE: '${BIG}/$MISSING/hub', BIG: '/Volumes/big' },
    { XDG_CACHE_HOME: '/x' },
    { XDG_CACHE_HOME: '~/x' },
    { HF_HUB_CACHE: '~' },
    { HF_HUB_CACHE: '~other/x' },
    { HF_HOME: '' },
    { HF_HUB_CACHE: '' },
  ];
  const asked = `
import importlib, json, os, sys
from huggingface_hub import constants
answers = []
for case in ${JSON.stringify(cases)}:
    os.environ.clear(); os.environ.update(HOME="/home/me", **case)
    importlib.reload(constants)
    answers.append(constants.HF_HUB_CACHE)
print(json.dumps(answers))`;

  test('is the one that the real hub would take, whatever is set', () => {
    const theirs = z.array(z.string()).parse(hub(asked, {}));
    const clean = (path: string): string => (path === '' ? '' : normalize(path));
    expect(cases.map((env) => clean(hubCachePath(env, '/home/me')))).toEqual(theirs.map(clean));
  });
});

describe('what the cache holds of a model', () => {
  test.each<Layout>(['links', 'trees', 'shared', 'plain'])('a whole one, layout "%s"', (layout) => {
    const snapshotPath = buildRepo({ cache, repo: 'me/whole', files: modelFiles(1001), layout });
    const revision = commitOf('me/whole');
    expect(facts('me/whole')).toEqual({
      hubCache: cache,
      revision,
      snapshotPath,
      complete: true,
      bytes: 1001,
      hubBytes: 1001,
    });
    expect(facts('me/whole', revision)).toMatchObject({ complete: true, bytes: 1001 });
  });

  test('nothing, or only another commit than the pinned one', () => {
    const none = { hubCache: cache, snapshotPath: null, complete: false, bytes: null, hubBytes: null };
    expect(facts('me/other')).toEqual({ ...none, revision: null });
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(10) });
    expect(facts('me/whole', commitOf('x'))).toEqual({ ...none, revision: commitOf('x') });
  });

  // The index only says which shards there are; their own numbers say it too.
  const needed = Object.keys(modelFiles(10)).filter((name) => !name.endsWith('.index.json'));
  test.each(needed)('not whole while %s is missing, cut to nothing or a link to nothing', (name) => {
    // The index says how much it will be.
    const partial = { complete: false, bytes: null, hubBytes: 10 };
    const files = modelFiles(10);
    const snapshot = buildRepo({ cache, repo: 'me/a', files });
    unlinkSync(join(snapshot, name));
    expect(facts('me/a')).toMatchObject(partial);
    buildRepo({ cache, repo: 'me/b', files: { ...files, [name]: null } });
    expect(facts('me/b')).toMatchObject(partial);
    truncateSync(join(buildRepo({ cache, repo: 'me/c', files, layout: 'plain' }), name));
    expect(facts('me/c')).toMatchObject(partial);
  });

  test('without an index: one file of weights, or all that its number promises', () => {
    const rest = { 'config.json': '{}', 'tokenizer.model': 't' };
    buildRepo({ cache, repo: 'me/one', files: { ...rest, 'model.safetensors': '12345' } });
    expect(facts('me/one')).toMatchObject({ complete: true, bytes: 5 });
    buildRepo({ cache, repo: 'me/two', files: { ...rest, 'model-00001-of-00002.safetensors': '1' } });
    expect(facts('me/two')).toMatchObject({ complete: false });
    buildRepo({ cache, repo: 'me/gguf', files: { ...rest, 'model.gguf': '12345' } });
    expect(facts('me/gguf')).toMatchObject({ complete: false });
  });

  test('a broken index or a ref that is no commit is not trusted', () => {
    buildRepo({ cache, repo: 'me/index', files: { ...modelFiles(10), 'model.safetensors.index.json': '{"weight' } });
    expect(facts('me/index')).toMatchObject({ complete: false });
    buildRepo({ cache, repo: 'me/ref', files: modelFiles(10), commit: '../../etc' });
    expect(facts('me/ref')).toMatchObject({ revision: null, complete: false });
  });

  test('a local folder is judged the same way', () => {
    const folder = buildRepo({ cache, repo: 'me/whole', files: modelFiles(77), layout: 'plain' });
    const where = { env: { HF_HUB_CACHE: cache }, userHome: '/nowhere' };
    expect(folderFacts({ ...where, folder })).toMatchObject({
      revision: null,
      snapshotPath: folder,
      complete: true,
      bytes: 77,
    });
    expect(folderFacts({ ...where, folder: join(cache, 'no') })).toMatchObject({
      complete: false,
      bytes: null,
      hubBytes: null,
    });
  });
});

describe('the list of the cache', () => {
  const theirList = `
import json, sys
from huggingface_hub import scan_cache_dir
info = scan_cache_dir(sys.argv[1])
print(json.dumps({"total": info.size_on_disk, "repos": {r.repo_id: {"bytes": r.size_on_disk, "revisions": {v.commit_hash: [v.size_on_disk, sorted(v.refs)] for v in r.revisions}} for r in info.repos if r.repo_type == "model"}}))`;

  test('agrees with the real hub to the byte, on all layouts', () => {
    for (const layout of ['links', 'trees', 'shared', 'plain'] as const) {
      buildRepo({ cache, repo: `me/${layout}`, files: { ...modelFiles(1000), 'sub/dir/notes.txt': 'hello' }, layout });
      // A second revision that shares most files, and a ref with a slash.
      const files = { ...modelFiles(1000), 'config.json': '{"model_type": "qwen2"}' };
      buildRepo({ cache, repo: `me/${layout}`, files, layout, commit: commitOf('second'), ref: 'refs/pr/1' });
    }
    // The same payload in another repository.
    buildRepo({ cache, repo: 'you/copy', files: modelFiles(1000), layout: 'shared' });
    mkdirSync(join(cache, 'datasets--me--data', 'snapshots'), { recursive: true });
    // A payload that nobody links to any more.
    buildRepo({ cache, repo: 'me/gone', files: modelFiles(555), layout: 'shared' });
    rmSync(join(cache, 'models--me--gone'), { recursive: true });

    const { repos: ours, bytes, elsewhereBytes } = listRepos(cache);
    expect(elsewhereBytes).toBe(555);
    const theirs = hub(theirList.replace('sys.argv[1]', JSON.stringify(cache)), { HOME: cache });
    const summary = ours.map(({ repo, bytes, revisions }) => [
      repo,
      { bytes, revisions: Object.fromEntries(revisions.map((one) => [one.commit, [one.bytes, [...one.refs].sort()]])) },
    ]);
    expect({ total: bytes, repos: Object.fromEntries(summary) as unknown }).toEqual(theirs);
    expect(ours.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'complete'));
  });

  test('says what is partial, what is corrupt and what was cut off', () => {
    const started = without('model-00002-of-00002.safetensors', modelFiles(1000));
    buildRepo({ cache, repo: 'me/started', files: started });
    const blobs = join(cache, 'models--me--started', 'blobs');
    const part = join(blobs, 'abc.12345678.incomplete');
    writeFileSync(part, 'z'.repeat(5000));
    truncateSync(part, 50_000_000);
    buildRepo({ cache, repo: 'me/links', files: { ...modelFiles(10), 'tokenizer.json': null } });
    mkdirSync(join(cache, 'models--me--empty'));

    const [empty, links, partial] = listRepos(cache).repos;
    expect(empty).toMatchObject({ repo: 'me/empty', state: 'partial', bytes: 0, revisions: [], lastUsedMs: null });
    expect(links).toMatchObject({ state: 'corrupt', missing: ['a tokenizer'], brokenLinks: ['tokenizer.json'] });
    expect(partial).toMatchObject({
      state: 'partial',
      downloading: true,
      missing: ['model-00002-of-00002.safetensors'],
      orphans: [],
    });
    // A file with a hole: what is on the disk counts.
    expect(partial?.incomplete).toHaveLength(1);
    expect(partial?.incomplete[0]?.bytes).toBeLessThan(100_000);

    utimesSync(part, 1000, 1000);
    const orphan = { name: 'abc.12345678.incomplete', changedMs: 1_000_000 };
    expect(listRepos(cache).repos[2]).toMatchObject({ state: 'corrupt', downloading: false, orphans: [orphan] });
  });

  test('counts the revision that main names, else the one that came last', () => {
    const [old, newer] = [commitOf('old'), commitOf('newer')];
    buildRepo({ cache, repo: 'me/two', files: modelFiles(10), commit: old, ref: null });
    buildRepo({ cache, repo: 'me/two', files: without('tokenizer.json', modelFiles(20)), commit: newer, ref: null });
    utimesSync(join(cache, 'models--me--two/snapshots', old, 'model-00001-of-00002.safetensors'), 1000, 1000);
    for (const name of readdirSync(join(cache, 'models--me--two/snapshots', old))) {
      utimesSync(join(cache, 'models--me--two/snapshots', old, name), 1000, 1000);
    }
    writeFileSync(join(cache, 'models--me--two/snapshots', newer, 'new.txt'), 'x');
    expect(listRepos(cache).repos[0]).toMatchObject({ revision: newer, state: 'partial' });
    mkdirSync(join(cache, 'models--me--two/refs'));
    writeFileSync(join(cache, 'models--me--two/refs/main'), old);
    expect(listRepos(cache).repos[0]).toMatchObject({ revision: old, state: 'complete' });
  });

  test('to look at a model is not to use it', () => {
    const snapshot = buildRepo({ cache, repo: 'me/a', files: modelFiles(10) });
    const [lately, before] = [2_000_000_000, 1_000_000_000];
    for (const name of readdirSync(snapshot)) {
      utimesSync(join(snapshot, name), name.endsWith('.safetensors') ? before : lately, before);
    }
    expect(listRepos(cache).repos[0]?.lastUsedMs).toBe(before * 1000);
  });

  test('is empty where there is no cache, and a file in its place does no harm', () => {
    expect(listRepos(join(cache, 'none'))).toEqual({ repos: [], bytes: 0, elsewhereBytes: 0 });
    writeFileSync(join(cache, 'models--a--b'), 'a file');
    expect(listRepos(cache).repos).toEqual([]);
    expect(readdirSync(cache)).toEqual(['models--a--b']);
  });
});
