import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { menu } from '../../src/commands/menu.ts';
import { CclocalError } from '../../src/errors.ts';
import { lastChoice, rememberChoice } from '../../src/launch/last-choice.ts';
import { recordedMachine } from '../../src/preflight/recorded.ts';
import type { MenuAction, MenuModel, MenuQuestion } from '../../src/report/menu-state.ts';
import { commandRig, type CommandRig } from '../support/command.ts';
import { buildRepo, modelFiles } from '../support/hub-cache.ts';

let home: string;
let cache: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cclocal-menu-'));
  cache = join(home, '.cache/huggingface/hub');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const machine = recordedMachine(new URL('../fixtures/machines/mac-24gb-macos26.json', import.meta.url).pathname);
const coder = 'mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit';

type Answer = (models: readonly MenuModel[]) => MenuAction;
const take =
  (kind: 'launch' | 'fetch' | 'delete', label: string): Answer =>
  (models) => {
    const model = models.find((one) => one.label.startsWith(label));
    return model === undefined ? expect.fail(label) : { kind, model };
  };

/** Opens the menu and answers it, one after the other. */
async function run(
  rig: CommandRig,
  answers: readonly Answer[],
  fetch: (id: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ result: unknown; asked: readonly MenuQuestion[]; removed: readonly (string | null)[] }> {
  const asked: MenuQuestion[] = [];
  const removed: (string | null)[] = [];
  const result = await menu(rig.context, {
    machine: () => Promise.resolve(machine),
    ask: (question) => {
      const answer = answers[asked.push(question) - 1];
      return answer === undefined ? expect.fail('asked once more') : Promise.resolve(answer(question.models));
    },
    fetch,
    remove: (id) => Promise.resolve(removed.push(id)),
  });
  return { result, asked, removed };
}

const lines = ({ models }: MenuQuestion): readonly string[] =>
  models.map(({ label, state, verdict, flag }) => [label, state, verdict, flag].join(' | '));

test('every row, with state, size, verdict and flag, and what a flag would yield', async () => {
  buildRepo({ cache, repo: coder, files: modelFiles(50_000) });
  buildRepo({ cache, repo: 'mlx-community/GLM-4.7-Flash-4bit', files: { 'config.json': '{}' } });
  const { result, asked } = await run(commandRig({ home }), [take('launch', 'Gemma 4 26B')]);
  expect(result).toEqual({ kind: 'row', flag: 'gemma' });
  expect(asked.map(lines)).toEqual([
    [
      'Gemma 4 E4B | fetch 5.2 GB | fits, to 113,664 | --gemma-light',
      'Gemma 4 26B-A4B | fetch 15.6 GB | raise GPU limit | --gemma',
      'GLM-4.7-Flash | 0 % of 16.9 GB | too big | --review',
      'Qwen3-Coder-30B-A3B | ready 50.0 kB | fits, to 79,872 | --coder',
      'Qwen3.5-9B | fetch 6.0 GB | fits, to 69,632 | --qwen3',
      'Qwen2.5-Coder-7B | fetch 4.3 GB | fits, to 32,768 | --coder7b',
      'Rehearsal | built here | fits, to 131,072 | --rehearsal',
    ],
  ]);
  const [question] = asked;
  const model = (label: string): MenuModel | undefined => question?.models.find((one) => one.label === label);
  expect(model('Qwen3.5-9B')?.about[0]).toContain('Thinks aloud');
  expect(model('Qwen3-Coder-30B-A3B')).toMatchObject({ canFetch: false, canDelete: true });
  expect(model('GLM-4.7-Flash')).toMatchObject({ canFetch: true, canDelete: true });
  expect(model('Gemma 4 E4B')).toMatchObject({ canFetch: true, canDelete: false });
  expect(model('Rehearsal')).toMatchObject({ canFetch: false, canDelete: false });
});

test('how much of a cut-off download is here is counted by what the disk really holds', async () => {
  buildRepo({ cache, repo: 'mlx-community/Qwen2.5-Coder-7B-Instruct-4bit', files: { 'config.json': '{}' } });
  const blobs = join(cache, 'models--mlx-community--Qwen2.5-Coder-7B-Instruct-4bit/blobs');
  writeFileSync(join(blobs, 'a.incomplete'), Buffer.alloc(45_000_000, 1));
  const { asked } = await run(commandRig({ home }), [() => ({ kind: 'quit' })]);
  expect(asked.flatMap(lines).find((line) => line.includes('coder7b'))).toContain('| 1 % of 4.3 GB |');
});

test('other models of the cache stand below, the last choice first of all', async () => {
  const llama = JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'] });
  buildRepo({ cache, repo: 'me/own', files: { ...modelFiles(3_000), 'config.json': llama } });
  buildRepo({ cache, repo: 'me/gguf', files: { 'config.json': llama, 'model.gguf': 'GGUF' } });
  const code = JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'], model_file: 'run.py' });
  buildRepo({ cache, repo: 'me/code', files: { ...modelFiles(3_000), 'config.json': code } });
  const folder = join(home, '.lmstudio/models/pub/studio');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ ...modelFiles(2_000), 'config.json': llama }))
    writeFileSync(join(folder, name), text);
  const rig = commandRig({ home });
  const studio = await run(rig, [take('launch', 'pub/studio (LM Studio)')]);
  expect(studio.result).toEqual({ kind: 'folder', path: folder });
  const first = await run(rig, [take('launch', 'me/own')]);
  expect(first.result).toEqual({ kind: 'id', id: 'me/own' });
  expect(first.asked.flatMap(lines).slice(7)).toEqual([
    'Rehearsal | built here | fits, to 131,072 | --rehearsal',
    'me/own | ready 3.0 kB | not known | ',
  ]);
  const second = await run(rig, [take('launch', 'Gemma 4 26B')]);
  expect(second.asked[0]?.models[0]).toMatchObject({ label: 'me/own' });
  expect(second.asked[0]?.models[0]?.about.slice(0, 2)).toEqual([
    'Your last choice.',
    'Not in the catalog, so not tested.',
  ]);
  const third = await run(rig, [() => ({ kind: 'quit' })]);
  expect(
    third.asked
      .flatMap(lines)
      .slice(0, 2)
      .map((line) => line.split(' | ')[0]),
  ).toEqual(['Gemma 4 26B-A4B', 'Gemma 4 E4B']);
});

test('fetching and deleting come back to the same line, with what is here then; a failure is said', async () => {
  const rig = commandRig({ home });
  const gone = new CclocalError({ reason: 'model-unknown', id: coder, nearest: null });
  let fetched = 0;
  const { result, asked, removed } = await run(
    rig,
    [
      take('fetch', 'Qwen3-Coder'),
      take('fetch', 'Qwen3-Coder'),
      take('delete', 'Qwen3-Coder'),
      () => ({ kind: 'manage' }),
      () => ({ kind: 'quit' }),
    ],
    (id) => {
      fetched += 1;
      if (fetched === 1) return Promise.reject(gone);
      buildRepo({ cache, repo: id, files: modelFiles(50_000) });
      return Promise.resolve();
    },
  );
  expect([result, removed]).toEqual([null, [coder, null]]);
  expect(asked.map(({ marked }) => marked)).toEqual([null, coder, coder, coder, coder]);
  expect(asked.slice(1, 3).map((question) => lines(question)[3])).toEqual([
    'Qwen3-Coder-30B-A3B | fetch 17.2 GB | too big | --coder',
    'Qwen3-Coder-30B-A3B | ready 50.0 kB | fits, to 79,872 | --coder',
  ]);
  expect(rig.stderr()).toContain(coder);
});

test('Ctrl-C in what was begun from the menu leaves, and does not come back', async () => {
  const left = new CclocalError({ reason: 'cancelled', what: 'you left the question' });
  await expect(run(commandRig({ home }), [take('fetch', 'Gemma')], () => Promise.reject(left))).rejects.toBe(left);
});

test('a last choice that cannot be read or written is no failure', () => {
  const nowhere = { home: join(home, 'nowhere') };
  rememberChoice(nowhere, { kind: 'row', flag: 'gemma' });
  expect([existsSync(nowhere.home), lastChoice(nowhere)]).toEqual([false, null]);
  for (const text of ['{', '{"schemaVersion":1,"choice":{"kind":"row"}}', 'null', 'x'.repeat(10_000)]) {
    writeFileSync(join(home, 'last-choice.json'), text);
    expect(lastChoice({ home })).toBeNull();
  }
});
