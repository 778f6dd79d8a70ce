import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { alive, ask, endHosts, ready, startHost, vllmMlx } from '../support/host.ts';
import { enginePython } from '../support/engine-python.ts';
import { startHub } from '../support/hub.ts';

let folder = '';
let model = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-test-'));
  model = join(folder, 'model');
  const rehearsal = (name: string): string =>
    fileURLToPath(new URL(`../../src/models/rehearsal/${name}`, import.meta.url));
  execFileSync(enginePython(), ['-I', '-B', rehearsal('build.py'), model, rehearsal('script.json')]);
}, 30_000);
afterEach(endHosts);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tools = ['--enable-auto-tool-choice', '--tool-call-parser', 'hermes'];
const secret = 'xyzzy-plugh-frobnicate';
const tool = { name: 'Write', description: secret, input_schema: { type: 'object', properties: {} } };

/** A copy of the model with code in it, and the configuration that asks for the code. */
function hostile(name: string, config: Readonly<Record<string, unknown>>): { path: string; ran: string } {
  const path = join(folder, name);
  const ran = join(folder, `${name}-ran`);
  cpSync(model, path, { recursive: true });
  writeFileSync(join(path, 'evil.py'), `open(${JSON.stringify(ran)}, "w").close()\nclass Evil: pass\n`);
  for (const file of ['config.json', 'tokenizer_config.json']) {
    const given: unknown = JSON.parse(readFileSync(join(path, file), 'utf8'));
    writeFileSync(join(path, file), JSON.stringify({ ...Object(given), ...config }));
  }
  return { path, ran };
}

describe('vllm-mlx', () => {
  test('serves on its socket, keeps requests out of its log and writes only into its own folders', async () => {
    const host = startHost({ engine: vllmMlx(...tools), weights: { folder: model, complete: true } });
    await ready(host);
    const { pid = 0 } = await host.event('engine');
    expect(statSync(host.socket).mode & 0o777).toBe(0o600);
    if (process.platform === 'linux') expect(listeningPorts(pid)).toEqual([]);

    for (const stream of [false, true]) {
      const answer = await ask(host.socket, 'POST', '/v1/messages', {
        model: 'local',
        max_tokens: 300,
        stream,
        system: `system ${secret}`,
        messages: [{ role: 'user', content: `please ${secret}` }],
        tools: [tool],
      });
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.text).toContain('cclocal-rehearsal.txt');
    }
    await ask(host.socket, 'POST', '/v1/completions', { model: 'local', prompt: secret, max_tokens: 1 });
    await ask(host.socket, 'POST', '/v1/chat/completions', {
      model: 'local',
      max_tokens: 5,
      messages: [{ role: 'user', content: [{ type: 'text', text: secret }] }],
    });
    await ask(host.socket, 'POST', '/v1/messages', { model: secret, max_tokens: secret, messages: [{ role: secret }] });

    host.closeOwner();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(alive(pid)).toBe(false);
    expect(host.events.map(({ event }) => event)).toEqual(['fetched', 'engine', 'exited']);
    expect(host.log()).not.toContain(secret);
    expect(host.log()).not.toContain('rehearsal.txt');
    expect(host.log()).toContain('last user message preview: (');
    expect(readdirSync(join(host.folder, 'home'))).toEqual([]);
    expect(readdirSync(host.folder).sort()).toEqual(['cache', 'e', 'home', 'server.log', 'tmp']);
    expect(readdirSync(join(host.folder, 'e'))).toEqual([]);
  });

  test('serves what it has fetched itself', async () => {
    const hub = await startHub({ repos: { 'org/rehearsal': model } });
    const host = startHost({
      engine: vllmMlx(...tools),
      weights: { repo: 'org/rehearsal' },
      env: { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret' },
    });
    await ready(host);
    // Of what has arrived, and of what is compared, it may tell more than once.
    const told = host.events.map(({ event }) => event).filter((event) => event !== 'received');
    expect([...new Set(told)]).toEqual(['fetching', 'verifying', 'fetched', 'engine']);
    const asked = hub.requests.length;
    const fetched = await host.event('fetched');
    host.closeOwner();
    await host.exit;

    // The same again from the cache, with the hub there but not needed.
    const again = startHost({
      engine: vllmMlx(...tools),
      weights: { repo: 'org/rehearsal', snapshot: fetched.snapshot, revision: fetched.revision, complete: true },
      env: { HF_ENDPOINT: hub.url, HOME: join(host.folder, 'home') },
    });
    await ready(again);
    expect(hub.requests.length).toBe(asked);
    await hub.close();
  });

  test('runs no code of a model that it knows the type of, whatever the model says', async () => {
    const names = ['AutoConfig', 'AutoModel', 'AutoModelForCausalLM', 'AutoProcessor'];
    const autoMap = Object.fromEntries(names.map((name) => [name, 'evil.Evil']));
    const { path, ran } = hostile('auto-map', { auto_map: { ...autoMap, AutoTokenizer: ['evil.Evil', 'evil.Evil'] } });
    // Even where the engine itself is told to trust it.
    const engine = vllmMlx(...tools, '--trust-remote-code');
    const host = startHost({ engine, weights: { folder: path, complete: true } });
    await ready(host);
    expect(existsSync(ran)).toBe(false);
  });
});

describe('a model with code of its own is refused before any engine starts', () => {
  test.each([
    ['model_file', { model_file: 'evil.py' }, 'model-file'],
    ['an unknown type', { model_type: 'evil', auto_map: { AutoConfig: 'evil.Evil' } }, 'code-refused'],
  ])('%s', async (name, config, kind) => {
    const { path, ran } = hostile(name.replaceAll(' ', '-'), config);
    const host = startHost({ engine: vllmMlx(), weights: { folder: path, complete: true } });
    expect(await host.event('failed')).toMatchObject({ stage: 'check', kind });
    expect(await host.exit).toEqual({ code: 1, signal: null });
    expect(existsSync(ran)).toBe(false);
  });

  test('and served with it where it is trusted', async () => {
    const { path, ran } = hostile('trusted', { model_file: 'evil.py' });
    const weights = { folder: path, complete: true, trustCode: true };
    const host = startHost({ engine: vllmMlx('--trust-remote-code'), weights });
    await host.event('exited'); // its class is not a model
    expect(existsSync(ran)).toBe(true);
  });
});

test('a model with a shard missing is not served', async () => {
  const path = join(folder, 'half');
  cpSync(model, path, { recursive: true });
  const weightMap = { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' };
  writeFileSync(join(path, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
  writeFileSync(join(path, weightMap.a), '');
  const host = startHost({ engine: vllmMlx(), weights: { folder: path, complete: true } });
  const failed = await host.event('failed');
  expect(failed).toMatchObject({ stage: 'check', kind: 'incomplete' });
  expect(failed.message).toContain(weightMap.b);
});

test('an engine that cannot load its model says why in its log', async () => {
  const { path } = hostile('unknown', { model_type: 'nonesuch' });
  const host = startHost({ engine: vllmMlx(), weights: { folder: path, complete: true } });
  expect(await host.event('exited')).toMatchObject({ code: 1, signal: null });
  expect(host.log()).toContain('Model type nonesuch not supported');
});

test('mlx_lm.server listens on the socket, too', async () => {
  const engine = {
    id: 'mlx-lm',
    module: 'mlx_lm.server',
    function: 'main',
    server: 'http.server',
    argv0: 'mlx_lm.server',
    args: ['--model', '{snapshot}'],
    env: {},
  };
  const host = startHost({ engine, weights: { folder: model, complete: true } });
  await ready(host);
  const messages = [{ role: 'user', content: secret }];
  const answer = await ask(host.socket, 'POST', '/v1/chat/completions', { messages, max_tokens: 50 });
  expect(answer.text).toContain('cclocal-rehearsal.txt');
  expect(host.log()).not.toContain(secret);
});

/** TCP ports on which a process listens, by the inodes of its sockets (Linux). */
function listeningPorts(pid: number): string[] {
  const lines = execFileSync('sh', ['-c', `cat /proc/${pid}/net/tcp /proc/${pid}/net/tcp6; ls -l /proc/${pid}/fd`]);
  const inodes = new Set([...lines.toString().matchAll(/socket:\[(\d+)\]/g)].map(([, inode]) => inode));
  return [...lines.toString().matchAll(/: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F:]+ 0A .* (\d+) 1 /g)].flatMap(
    ([, port, inode]) => (port !== undefined && inodes.has(inode) ? [port] : []),
  );
}
