import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { finished, processesNaming } from '../support/rig.ts';
import { untilNone } from '../support/until.ts';

// What a program of ours leaves running when it is killed without a word, and who ends it then.

const folder = mkdtempSync(join(tmpdir(), 'ccl-lw-'));
afterAll(() => rmSync(folder, { recursive: true }));

const module = (path: string): string => JSON.stringify(new URL(`../../src/os/${path}`, import.meta.url).href);
const tsx = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;

/** Deaf to everything but SIGKILL, once it has said that it is up. */
const deaf = `process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {}); console.log('up'); setInterval(() => {}, 1e3);`;

/** Runs a program that kills itself by SIGKILL in the end; `named` is how the processes it leaves are found. */
async function killed(named: string, program: string): Promise<void> {
  const file = join(folder, `${named}.mts`);
  writeFileSync(file, program);
  const env = { PATH: process.env['PATH'] ?? '', LEFT: join(folder, named) };
  const child = spawn(process.execPath, ['--import', tsx, file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const { signal, stdout, stderr } = await finished(child);
  expect(signal, stderr).toBe('SIGKILL');
  expect(stdout).toContain('up');
}

test('a leashed tool ends with the program that runs it, however that ends', async () => {
  await killed(
    'leashed',
    `import { run } from ${module('spawn.ts')};
     void run(process.execPath, ['-e', ${JSON.stringify(deaf)}], { env: process.env, leashed: true,
       onLine: (line) => { console.log(line); process.kill(process.pid, 'SIGKILL'); } });`,
  );
  await untilNone(() => processesNaming(join(folder, 'leashed')));
});

test('a leashed tool that ends by itself gives its code and its words, and leaves nobody', async () => {
  const { run } = await import('../../src/os/spawn.ts');
  const env = { PATH: process.env['PATH'] ?? '', LEFT: join(folder, 'itself') };
  const done = await run('/bin/sh', ['-c', 'read -r x; echo "read <$x>"; echo bad >&2; exit 3'], {
    env,
    leashed: true,
  });
  expect(done).toEqual({ code: 3, signal: null, stdout: 'read <>', stderr: 'bad' });
  await untilNone(() => processesNaming(join(folder, 'itself')));
});

const watched = (then: string): string => `
  import { spawn } from 'node:child_process';
  import { startLastWatch } from ${module('last-watch.ts')};
  const child = spawn(process.execPath, ['-e', ${JSON.stringify(deaf)}], { env: process.env, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  child.stdout.once('data', async (said) => {
    const watch = await startLastWatch(child.pid, null, process.env);
    process.stdout.write(said, () => { ${then} });
  });`;

test('who is watched over is ended when the watcher dies without a word, deaf or not', async () => {
  await killed('watched', watched(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);`));
  // Politely first: its keeper might be at it.
  expect(await untilNone(() => processesNaming(join(folder, 'watched')))).toBeGreaterThan(1.5);
});

test('and is left alone when the watcher has said that it is over', async () => {
  await killed('told', watched(`watch.over(); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);`));
  const left = processesNaming(join(folder, 'told')).filter((line) => !line.includes('cclocal-watch'));
  expect(left).toHaveLength(1);
  await untilNone(() => processesNaming(join(folder, 'told')).filter((line) => line.includes('cclocal-watch')));
  process.kill(Number.parseInt(left[0] ?? '', 10), 'SIGKILL');
});
