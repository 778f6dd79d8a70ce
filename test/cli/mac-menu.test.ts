import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildRepo } from '../support/hub-cache.ts';
import { startHub } from '../support/hub.ts';
import { bundleMac, makeMac, type Mac } from '../support/mac.ts';
import type { PtySession } from '../support/pty.ts';

// The menu of a plain `cclocal` on a recorded Mac, under a real terminal.

vi.setConfig({ testTimeout: 60_000 });

const ctrlC = '\x03';
const ctrlF = '\x06';
const ctrlX = '\x18';
const escape = '\x1b';
const down = '\x1b[B';
const up = '\x1b[A';
const right = '\x1b[C';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ccl-mac-'));
  program = await bundleMac(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const whole = /Which model\?[\s\S]*Quit[\s\S]*leave/;

async function openMenu(mac: Mac, args: readonly string[] = [], size = { columns: 80, rows: 30 }): Promise<PtySession> {
  const session = mac.onPty(args, size);
  await session.waitFor(whole);
  return session;
}

const cache = (mac: Mac): string => join(mac.rig.home, '.cache/huggingface/hub');

/** A model that is in no catalog, and one that no engine here could serve. */
function addOthers(mac: Mac): void {
  const files = { 'tokenizer.json': '{}', 'tokenizer_config.json': '{}', 'model.safetensors': 'x'.repeat(4_000) };
  const llama = { model_type: 'llama', architectures: ['LlamaForCausalLM'], max_position_embeddings: 65_536 };
  const config = { ...llama, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, hidden_size: 64 };
  buildRepo({ cache: cache(mac), repo: 'me/Own-3B-4bit', files: { ...files, 'config.json': JSON.stringify(config) } });
  const bert = JSON.stringify({ model_type: 'bert', architectures: ['BertModel'] });
  buildRepo({ cache: cache(mac), repo: 'me/embedder', files: { ...files, 'config.json': bert } });
}

test('every row and every other usable model, with state, size, verdict and notes, in 80 columns; arrows and details', async () => {
  await using mac = makeMac(program);
  addOthers(mac);
  buildRepo({ cache: cache(mac), repo: 'mlx-community/GLM-4.7-Flash-4bit', files: { 'config.json': '{}' } });
  writeFileSync(join(cache(mac), 'models--mlx-community--GLM-4.7-Flash-4bit/blobs/a.incomplete'), 'z'.repeat(100_000));
  const session = await openMenu(mac);
  const lines = session.screen().split('\n');
  expect(lines.filter((line) => /--[\w-]+$/.test(line)).map((line) => /--[\w-]+$/.exec(line)?.[0])).toEqual([
    '--gemma-light',
    '--gemma',
    '--review',
    '--coder',
    '--qwen3',
    '--coder7b',
    '--rehearsal',
    '--toy',
  ]);
  expect(lines.find((line) => line.includes('--review'))).toMatch(/0 % of 16\.9 GB +too big/);
  for (const flag of ['--gemma-light', '--coder7b'])
    expect(lines.find((line) => line.includes(flag))).toMatch(/fetch [\d.]+ GB +fits, to [\d,]+ /);
  expect(lines.find((line) => line.includes('--toy'))).toMatch(/^ {2}A toy +ready 7 B +fits at 27,648 +--toy$/);
  expect(lines.find((line) => line.includes('me/Own-3B-4bit'))).toMatch(/ready 4\.0 kB +fits, to 65,536/);
  expect(session.screen()).not.toContain('embedder');
  expect(lines.find((line) => line.startsWith('❯'))).toContain('--gemma-light');
  expect(session.screen()).toContain('The default.');
  session.type(`${down}${down}${up}`);
  await session.waitFor(/^❯ Gemma 4 26B/m);
  session.type('toy');
  await session.waitFor(/Which model\? toy\n❯ A toy[^\n]*--toy\n\n {2}A note that the toy has\./);
  session.type(right);
  await session.waitFor(/Details[\s\S]*Model +test\/toy[\s\S]*Engine +vllm-mlx[\s\S]*Esc back/);
  session.type(escape);
  await session.waitFor(/Which model\? toy\n❯ A toy/);
  session.type(escape);
  await session.waitFor(/^❯ Gemma 4 E4B/m);
  session.type(escape);
  expect(await session.exited).toEqual({ code: 0, signal: 0 });
  expect(
    session
      .screens()
      .flatMap((screen) => screen.split('\n'))
      .filter((line) => line.length >= 80),
  ).toEqual([]);
  expect([mac.happened(), mac.rig.processes()]).toEqual([[], []]);
});

test('Enter launches what is marked, the real agent answers, and the next menu begins with it', async () => {
  await using mac = makeMac(program, { machine: 'mac-64gb-macos26' });
  const session = await openMenu(mac, ['--', '-p', 'say ok']);
  session.type('toy');
  await session.waitFor(/^❯ A toy/m);
  session.type('\r');
  await session.waitFor('Fits: ');
  await session.waitFor(/^Done\.$/m);
  expect(await session.exited).toEqual({ code: 0, signal: 0 });
  expect(session.screen()).not.toContain('Which model?');
  expect(mac.happened().map(({ path }) => path)).toContain('/v1/messages');
  const remembered = join(mac.rig.cclocalHome, 'last-choice.json');
  expect(statSync(remembered).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(remembered, 'utf8'))).toMatchObject({ choice: { kind: 'row', flag: 'toy' } });
  const next = await openMenu(mac);
  expect(next.screen()).toMatch(/Which model\?[^\n]*\n❯ A toy[\s\S]*Your last choice\./);
  next.type('\x04');
  expect(await next.exited).toEqual({ code: 0, signal: 0 });
});

test('Ctrl-C leaves with 130 and the terminal as it was', async () => {
  await using mac = makeMac(program);
  const session = mac.inShell('stty -g; ', '; echo "left with $?"; stty -g');
  await session.waitFor(whole);
  session.type(ctrlC);
  await session.waitFor('left with 130');
  await session.exited;
  const settings = session
    .screen()
    .split('\n')
    .filter((line) => /^[0-9a-f]+(:[0-9a-f]+){5,}/.test(line));
  expect(settings).toHaveLength(2);
  expect(settings[0]).toBe(settings[1]);
  expect(session.plain()).toBe(true);
});

test('Ctrl-X deletes nothing without a yes, and comes back to the same line; so does cache management', async () => {
  await using mac = makeMac(program);
  const session = await openMenu(mac);
  session.type('toy');
  await session.waitFor(/^❯ A toy/m);
  session.type(ctrlX);
  await session.waitFor(/Delete test\/toy/);
  session.type('\r');
  await session.waitFor(/Nothing was deleted\.[\s\S]*Which model\?[\s\S]*^❯ A toy/m);
  session.type('\x1b[F\x1b[A');
  await session.waitFor(/^❯ Manage the cache/m);
  session.type('\r');
  await session.waitFor(/Delete which\?[\s\S]*test\/toy/);
  session.type('\r');
  await session.waitFor(/Nothing was deleted\.[\s\S]*Which model\?[\s\S]*Quit[\s\S]*leave/);
  session.type(ctrlC);
  expect((await session.exited).code).toBe(130);
  expect(existsSync(join(cache(mac), 'models--test--toy'))).toBe(true);
});

test('Ctrl-F fetches from the hub and Ctrl-X with a yes deletes again; the line tells each time what is here', async () => {
  await using mac = makeMac(program);
  const repository = mkdtempSync(join(folder, 'small-'));
  const files = { 'config.json': '{"model_type": "llama"}', 'tokenizer.json': '{}', 'tokenizer_config.json': '{}' };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(repository, name), text);
  writeFileSync(join(repository, 'model.safetensors'), randomBytes(3_000_000));
  const hub = await startHub({ repos: { 'test/small': repository } });
  try {
    const memory = { weightsBytes: 1_000, kvBytesPerToken: 1_024, fixedBytes: 1e9, scoreBytesPerTokenPair: 0 };
    const row = {
      flag: 'small',
      id: 'test/small',
      label: 'A small one',
      toolParser: 'hermes',
      memory,
      downloadBytes: 3e6,
    };
    writeFileSync(join(mac.rig.cclocalHome, 'catalog.json'), JSON.stringify({ rows: [row] }), { mode: 0o600 });
    const session = mac.inShell(`HF_ENDPOINT=${hub.url} `, '; echo "left with $?"', { columns: 80, rows: 30 });
    await session.waitFor(whole);
    session.type('small');
    await session.waitFor(/^❯ A small one +fetch 3\.0 MB/m);
    session.type(ctrlF);
    await session.waitFor(/Which model\?[\s\S]*^❯ A small one +ready 3\.0 MB/m);
    session.type(ctrlX);
    await session.waitFor(/Delete test\/small/);
    session.type('y\r');
    await session.waitFor(/Which model\?[\s\S]*^❯ A small one +fetch 3\.0 MB/m);
    session.type(ctrlC);
    await session.waitFor('left with 130');
    expect(existsSync(join(cache(mac), 'models--test--small'))).toBe(false);
  } finally {
    await hub.close();
  }
});

test('60 columns and no colours: nothing is cut, no colour is written, and it works the same', async () => {
  await using mac = makeMac(program);
  addOthers(mac);
  const session = mac.inShell('NO_COLOR=1 ', '; echo "left with $?"', { columns: 60, rows: 20 });
  await session.waitFor(whole);
  expect(session.screen()).toMatch(/^❯ Gemma 4 E4B +fetch 5\.2 GB +fits, to [\d,]+$/m);
  session.type('\x1b[F');
  await session.waitFor(/^❯ Quit/m);
  session.type('\r');
  await session.waitFor('left with 0');
  expect(
    session
      .screens()
      .flatMap((screen) => screen.split('\n'))
      .filter((line) => line.length >= 60),
  ).toEqual([]);
  expect(session.raw()).not.toMatch(/\x1b\[[\d;]*m/);
});

test('a dumb terminal gets numbered lines and no control sequence; numbers, words and Ctrl-C work', async () => {
  await using mac = makeMac(program);
  addOthers(mac);
  const session = mac.inShell('trap : INT; stty -g; TERM=dumb ', '; echo "left with $?"; stty -g', {
    columns: 80,
    rows: 60,
  });
  await session.waitFor(/ 1 Gemma 4 E4B[\s\S]* 9 me\/Own-3B-4bit[\s\S]* q Quit[\s\S]*>$/);
  session.type('toy\r');
  await session.waitFor(/\(with "toy"\)\n 1 A toy[\s\S]*>$/);
  session.type('d 1\r');
  await session.waitFor(/Model +test\/toy[\s\S]*>$/);
  session.type('x 1\r');
  await session.waitFor(/Delete test\/toy[^\n]*\(y\/N\)/);
  session.type('\r');
  await session.waitFor(/Nothing was deleted\.[\s\S]*>$/);
  session.type('m\r');
  await session.waitFor(/Delete which\?\n +1 [\s\S]*none\):$/);
  session.type('\r');
  await session.waitFor(/none\):\nNothing was deleted\.[\s\S]*>$/);
  session.type(ctrlC);
  await session.waitFor('left with 130');
  await session.exited;
  const settings = session.raw().match(/^[0-9a-f]+(:[0-9a-f]+){5,}/gm) ?? [];
  expect(settings).toHaveLength(2);
  expect(settings[0]).toBe(settings[1]);
  expect(session.raw()).not.toContain('\x1b');
});
