import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { relayTo } from '../../src/launch/airgap-session.ts';
import { readReport } from '../../src/launch/receipt.ts';
import { enginePython } from '../support/engine-python.ts';
import { untilSo } from '../support/until.ts';

const venv = dirname(dirname(enginePython()));
const program = fileURLToPath(new URL('../../src/launch/confine/main.py', import.meta.url));

let folder: string;
let project: string;
const servers: Server[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ccl-c-')));
  project = join(folder, 'project');
  mkdirSync(join(project, '.git/hooks'), { recursive: true });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A script in the confinement, its project the only folder to write to. */
function start(script: string, over: Record<string, unknown> = {}) {
  const spec = join(folder, 'spec.json');
  const report = join(folder, 'report.json');
  writeFileSync(
    spec,
    JSON.stringify({
      ...{ argv: ['/bin/sh', '-c', script], port: 9, relay: join(folder, 'r.sock'), report, cwd: project, files: true },
      // Of /tmp nothing else is to be seen, and that is where the engine's Python may be.
      ...{ writable: [project], readonly: [join(project, '.git/hooks'), venv], ...over },
    }),
  );
  const env = { PATH: '/usr/bin:/bin', OUTSIDE: folder };
  const child = spawn(enginePython(), ['-I', '-B', program, spec], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) =>
    child.once('close', (code, signal) => done({ code, signal })),
  );
  return { child, ended, said: () => said, report: () => readReport(report) };
}

async function run(script: string, over: Record<string, unknown> = {}) {
  const started = start(script, over);
  const { code, signal } = await started.ended;
  return { code, signal, said: started.said(), report: started.report() };
}

const python = (code: string): string => `'${enginePython()}' -c "${code}"`;

describe('files', () => {
  test('only the folder is written to, and not what others obey in it', async () => {
    writeFileSync(join(folder, 'theirs'), 'x');
    const tries = [`${project}/mine`, `${project}/.git/hooks/post-commit`, '/etc/ccl-test', '/usr/ccl-test'];
    const { said } = await run(
      `for path in ${tries.join(' ')}; do touch "$path" 2>/dev/null && echo "$path"; done; ls /tmp | wc -l; touch /tmp/own && echo own`,
      { readonly: [join(project, '.git/hooks')] },
    );
    // Of /tmp there is nothing to be seen but the way to the folder itself.
    expect(said.split('\n').map((line) => line.trim())).toEqual([`${project}/mine`, '1', 'own', '']);
    expect(existsSync('/tmp/own')).toBe(false);
  });

  test('nothing of it can be taken back from within', async () => {
    const { said } = await run(
      'mount -o remount,rw / 2>&1 | grep -c . ; unshare -rm mount -o remount,rw / 2>/dev/null && echo BAD; ' +
        'umount -l /tmp 2>/dev/null && echo BAD; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status | cut -f2',
    );
    expect(said).not.toContain('BAD');
    expect(said).toMatch(/0000000000000000\n0000000000000000\n1\n$/);
  });

  test('no other process is to be seen', async () => {
    expect((await run('ls /proc | grep -c "^[0-9]"')).said.trim()).toMatch(/^[1-9]$/);
  });
});

describe('the network', () => {
  test('has nothing but the relay in it, and counts who looked for more', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nmodel'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    servers.push(server);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    servers.push(await relayTo(port, join(folder, 'r.sock')));
    const curl = 'curl -s --max-time 3';
    const { said, report } = await run(
      `${curl} http://127.0.0.1:${port}/; echo; ${curl} http://203.0.113.1/ || echo no; ${curl} http://127.0.0.1:1/ || echo no`,
      { port },
    );
    expect(said).toBe('model\nno\nno\n');
    expect(report).toMatchObject({ refused: { 'Ip OutNoRoutes': 1 } });
  });

  test('has no Unix socket of anybody else, nor any other family', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(project, 's.sock'), done));
    servers.push(server);
    const code = [
      'import socket as s',
      'def made(f, t):',
      '  try: return s.socket(f, t) and 1',
      '  except OSError: return 0',
      'def pair(t):',
      '  try: return s.socketpair(s.AF_UNIX, t) and 1',
      '  except OSError: return 0',
      'print(made(1, 1), made(1, 2), made(40, 1), made(17, 3), made(2, 1), made(10, 1), pair(1), pair(2))',
    ].join('\n');
    expect((await run(python(code))).said).toBe('0 0 0 0 1 1 1 0\n');
  });
});

describe('ends', () => {
  test.each([
    ['exit 7', { code: 7, signal: null }],
    ['kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
  ])('as the program does: %s', async (script, end) => {
    expect(await run(script)).toMatchObject(end);
  });

  test('with the program at SIGTERM, and with all of it at SIGKILL', async () => {
    for (const [signal, end] of [
      ['SIGTERM', { code: 3, signal: null }],
      ['SIGKILL', { code: null, signal: 'SIGKILL' }],
    ] as const) {
      const { child, ended, said } = start("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done");
      await untilSo(() => said().includes('ready'));
      child.kill(signal);
      expect(await ended).toEqual(end);
      // The pipes close when the last process within is gone.
      expect(existsSync(`/proc/${child.pid}`)).toBe(false);
    }
  });

  test('with a word where the program cannot be started', async () => {
    const { code, said } = await run('', { argv: ['/no/such/program'] });
    expect(code).not.toBe(0);
    expect(said).toContain('/no/such/program');
  });
});

test('the probe says what there is', async () => {
  const child = spawn(enginePython(), ['-I', '-B', program, '--probe'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await new Promise((done) => child.once('close', done));
  expect(said).toBe('files\n');
});
