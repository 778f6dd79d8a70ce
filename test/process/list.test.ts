import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listCommand } from '../../src/commands/list.ts';
import { fileURLToPath } from 'node:url';
import { listText, type ListRow } from '../../src/report/list-text.ts';
import { commandRig, type CommandOptions, type CommandRig } from '../support/command.ts';
import { buildRepo, commitOf, modelFiles, without } from '../support/hub-cache.ts';

let home: string;
let cache: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cclocal-list-'));
  cache = join(home, '.cache/huggingface/hub');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const coder = 'mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit';

async function list(options: Omit<CommandOptions, 'home'> = {}): Promise<CommandRig> {
  const rig = commandRig({ home, ...options });
  expect(await listCommand(rig.context)).toBe(0);
  return rig;
}

const document = z.object({
  totalBytes: z.number(),
  elsewhereBytes: z.number(),
  models: z.array(z.looseObject({ id: z.string(), fits: z.string().nullable() })),
  lmStudio: z.array(z.looseObject({ name: z.string() })),
});
const json = async (env: Record<string, string> = {}): Promise<z.infer<typeof document>> =>
  document.parse(JSON.parse((await list({ env, options: { json: true } })).stdout()));

/** A partial download; old = nobody has written to it for long. */
function cutOff(repo: string, name: string, bytes: number, old: boolean): void {
  const blobs = join(cache, `models--${repo.replace('/', '--')}`, 'blobs');
  mkdirSync(blobs, { recursive: true });
  writeFileSync(join(blobs, name), 'z'.repeat(bytes));
  if (old) utimesSync(join(blobs, name), 1000, 1000);
}

describe('cclocal list', () => {
  test('an empty or missing cache is no failure', async () => {
    expect((await list()).stdout()).toBe(`No models in ${cache}.\n`);
    mkdirSync(cache, { recursive: true });
    expect((await list()).stdout()).toBe(`No models in ${cache}.\n`);
  });

  test('a table of what is there, with the total and what is lacking', async () => {
    buildRepo({ cache, repo: coder, files: modelFiles(50_000) });
    buildRepo({ cache, repo: 'me/half', files: without('tokenizer.json', modelFiles(3000)) });
    cutOff('me/half', 'abc.incomplete', 100_000, false);
    const lines = (await list()).stdout().trimEnd().split('\n');
    expect(lines[0]?.trim().split(/\s+/)).toEqual(['SIZE', 'STATE', 'USED', 'FLAG', 'REVISION', 'MODEL']);
    expect(lines[1]).toMatch(
      new RegExp(`10\\d kB {2}partial {2}today {2}\\s+${commitOf('me/half').slice(0, 7)} {3}me/half$`),
    );
    expect(lines[2]).toBe(`50.2 kB  ready    today  --coder  ${commitOf(coder).slice(0, 7)}   ${coder}`);
    expect(lines.at(-2)).toMatch(/^15\d kB in /);
    expect(lines.at(-1)).toBe('me/half lacks a tokenizer; it is being downloaded.');
  });

  test('says what is corrupt and what was cut off, and how to mend it', async () => {
    buildRepo({ cache, repo: 'me/shard', files: without('model-00002-of-00002.safetensors', modelFiles(9000)) });
    buildRepo({ cache, repo: 'me/link', files: { ...modelFiles(8000), 'notes.txt': null } });
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(7000) });
    cutOff('me/whole', 'abc.12345678.incomplete', 50_000, true);
    cutOff('me/begun', 'def.12345678.incomplete', 60_000, true);
    buildRepo({ cache, repo: 'me/config', files: { 'config.json': '{}' } });
    buildRepo({ cache, repo: 'me/llama', files: { 'model-Q4.gguf': 'x'.repeat(100) } });
    const text = (await list()).stdout();
    const state = (id: string): string | undefined => new RegExp(`B {2}(\\S+) .*${id}$`, 'm').exec(text)?.[1];
    const ids = ['me/shard', 'me/link', 'me/whole', 'me/begun', 'me/config', 'me/llama'];
    expect(ids.map(state)).toEqual(['corrupt', 'corrupt', 'ready', 'corrupt', 'partial', 'GGUF']);
    expect(text).toContain('me/shard lacks model-00002-of-00002.safetensors. Fetch the rest: cclocal pull me/shard');
    expect(text).toContain('me/link has a link that leads to nothing: notes.txt.');
    expect(text).toContain('me/config lacks a tokenizer and model.safetensors.');
    expect(text).toContain(
      '110 kB of it are left over from downloads that were cut off. Clear them: cclocal rm --leftovers',
    );
    expect(text).not.toContain('me/llama lacks');
  });

  test('as one JSON document', async () => {
    buildRepo({ cache, repo: coder, files: modelFiles(50_000) });
    const rig = await list({ options: { json: true } });
    expect(JSON.parse(rig.stdout())).toMatchObject({
      schemaVersion: 1,
      cache,
      models: [
        {
          id: coder,
          flag: 'coder',
          state: 'complete',
          revision: commitOf(coder),
          incompleteBytes: 0,
          missing: [],
          lastUsed: expect.any(String) as unknown,
        },
      ],
    });
    expect(rig.stderr()).toBe('');
  });

  test('which fit the machine, those outside the catalog too', async () => {
    buildRepo({ cache, repo: coder, files: modelFiles(50_000) });
    buildRepo({ cache, repo: 'me/huge', files: without('model-00002-of-00002.safetensors', modelFiles(900e9 / 1e9)) });
    const index = { metadata: { total_size: 400e9 }, weight_map: { a: 'model-1.safetensors' } };
    const config = { model_type: 'llama', num_hidden_layers: 80, num_attention_heads: 64, num_key_value_heads: 8 };
    const files = { ...modelFiles(10), 'config.json': JSON.stringify({ ...config, hidden_size: 8192 }) };
    buildRepo({
      cache,
      repo: 'me/huge',
      commit: commitOf('b'),
      files: { ...files, 'model.safetensors.index.json': JSON.stringify(index) },
    });
    buildRepo({ cache, repo: 'me/llama', files: { 'model-Q4.gguf': 'x'.repeat(100) } });
    const machine = (name: string): Record<string, string> => ({
      CCLOCAL_MACHINE: fileURLToPath(new URL(`../fixtures/machines/${name}.json`, import.meta.url)),
    });
    const fits = async (name: string): Promise<Record<string, string | null>> =>
      Object.fromEntries((await json(machine(name))).models.map((model) => [model.id, model.fits]));
    expect(await fits('mac-64gb-macos26')).toEqual({ [coder]: 'yes', 'me/huge': 'no', 'me/llama': null });
    const { stdout } = await list({ env: machine('mac-64gb-macos26') });
    expect(stdout().split('\n')[0]).toContain('FITS');
    // Here nobody can say.
    expect((await json()).models.map((model) => model.fits)).toEqual([null, null, null]);
  });

  test("LM Studio's models by path, wherever it keeps them; GGUF is left out", async () => {
    const at = (folder: string, name: string, files: Record<string, string>): string => {
      const path = join(folder, name);
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(path, { recursive: true });
        writeFileSync(join(path, file), text);
      }
      return path;
    };
    const path = at(join(home, '.lmstudio/models'), 'mlx-community/small', modelFiles(5000));
    at(join(home, '.lmstudio/models'), 'lmstudio-community/other', { 'model-Q4.gguf': 'x' });
    expect((await json()).lmStudio).toEqual([{ name: 'mlx-community/small', path, bytes: 5000, complete: true }]);
    expect((await list()).stdout()).toContain(`cclocal --model PATH\n5.0 kB  ready    ${path}\n`);

    const moved = join(home, 'big disk');
    writeFileSync(join(home, '.lmstudio/settings.json'), JSON.stringify({ downloadsFolder: moved }));
    at(moved, 'me/moved', modelFiles(10));
    expect((await json()).lmStudio).toMatchObject([{ name: 'me/moved' }]);
    writeFileSync(join(home, '.lmstudio-home-pointer'), `${join(home, 'elsewhere')}\n`);
    at(join(home, 'elsewhere/models'), 'me/pointed', without('tokenizer.json', modelFiles(10)));
    expect((await json()).lmStudio).toMatchObject([{ name: 'me/pointed', complete: false }]);
  });

  test('never wider than the terminal, and its names cannot command it', () => {
    const row: ListRow = {
      id: coder,
      flag: 'gemma-light',
      bytes: 17.2e9,
      state: 'complete',
      weights: 'safetensors',
      missing: [],
      brokenLinks: [],
      downloading: false,
      orphans: [{ bytes: 5e9 }],
      lastUsedMs: 0,
      revision: commitOf('x'),
      fits: 'tight',
    };
    const evil = { ...row, id: 'me/\u001b[2J\u202eevil\n', state: 'partial' as const, missing: ['a\u0007b'] };
    const shown = { cache: '/c', lmStudio: [], totalBytes: 17.2e9, elsewhereBytes: 1, nowMs: 90 * 86_400_000 };
    const text = listText({ ...shown, rows: [row, evil], columns: 80 });
    expect(text.split('\n').map((line) => line.length > 80)).not.toContain(true);
    expect(text).toContain('mlx-com…');
    expect(text).toContain('3 mo ago');
    expect(text).toContain('me/?[2J?evil?');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe('a cache that is not as it should be', () => {
  test.each<[string, () => string, RegExp]>([
    ['a file in its place', () => (mkdirSync(join(cache, '..'), { recursive: true }), cache), /it is a file/],
    ['a file in its path', () => (mkdirSync(join(home, '.cache')), join(home, '.cache/huggingface')), /a file stands/],
  ])('%s', async (_, place, words) => {
    writeFileSync(place(), 'x');
    const error: unknown = await listCommand(commandRig({ home }).context).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ failure: { reason: 'bad-file', path: cache } });
    expect(JSON.stringify(error)).toMatch(words);
  });

  test('names with unusual characters, files among the folders, links to other disks and in a circle', async () => {
    for (const repo of ['me/süß 模型', 'me/a\nb', 'me/--', "me/'$(x)`", 'me/%2e%2e']) {
      buildRepo({ cache, repo, files: { ...modelFiles(1000), 'with space/ü.txt': 'x' } });
    }
    writeFileSync(join(cache, 'models--a--file'), 'x');
    mkdirSync(join(cache, 'models--'));
    symlinkSync('models--loop--loop', join(cache, 'models--loop--loop'));
    writeFileSync(join(cache, 'models--me--süß 模型/snapshots/.DS_Store'), 'x');
    writeFileSync(Buffer.from(`${cache}/models--me--a\nb/refs/\xff\xfe`, 'latin1'), 'x');
    writeFileSync(Buffer.from(`${cache}/models--me--a\nb/snapshots/${commitOf('me/a\nb')}/\xff\xfe`, 'latin1'), 'x');
    symlinkSync('nothing', Buffer.from(`${cache}/models--me--a\nb/snapshots/${commitOf('me/a\nb')}/\xff`, 'latin1'));
    const other = join(home, 'other disk');
    buildRepo({ cache: other, repo: 'me/linked', files: modelFiles(2000) });
    symlinkSync(join(other, 'models--me--linked'), join(cache, 'models--me--linked'));
    const states = (await json()).models.map(({ id, state }) => [id, state]);
    expect(Object.fromEntries(states)).toMatchObject({
      'me/süß 模型': 'complete',
      "me/'$(x)`": 'complete',
      'me/%2e%2e': 'complete',
      'me/linked': 'complete',
    });
    expect(states).toHaveLength(6);
  });

  test('thousands of files take no second', async () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`data/${index}.txt`, String(index)]));
    buildRepo({ cache, repo: 'me/many', files: { ...modelFiles(10), ...many }, layout: 'plain' });
    const began = performance.now();
    expect((await json()).models).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('changes nothing', async () => {
    buildRepo({ cache, repo: 'me/whole', files: modelFiles(10), layout: 'shared' });
    cutOff('me/whole', 'abc.incomplete', 10, true);
    const before = await json();
    expect(await json()).toEqual(before);
  });
});
