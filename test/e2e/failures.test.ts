import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cclocalBin, finished, makeRig } from '../support/rig.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';
import { twoLines } from '../support/two-lines.ts';

describe('bad input: one clear word, a fix, its own exit code, nothing lost', () => {
  test('the agent is not installed', async () => {
    await using rig = makeRig();
    const ran = await rig.run(['--rehearsal'], { env: { PATH: '/usr/bin:/bin' } });
    expect(ran.code).toBe(93);
    expect(twoLines(ran)).toContain('npm install -g @anthropic-ai/claude-code');
  });

  test("an engine of the user's own that is not there", async () => {
    await using rig = makeRig();
    const ran = await rig.run(['--rehearsal'], { env: { CCLOCAL_ENGINE: '/nowhere/vllm-mlx' } });
    expect(ran.code).toBe(78);
    expect(twoLines(ran)).toContain('/nowhere/vllm-mlx');
  });

  test('the port that was asked for is taken', async () => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home);
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const ran = await rig.run(['--model', engine.model, '--port', String(port), '--server'], { env: engine.env });
    taken.close();
    expect(ran.code).toBe(87);
    expect(twoLines(ran)).toContain(`Port ${port} is in use`);
  });

  test.each([
    ['model-type', /does not know this kind of model/],
    ['metal', /ran out of GPU memory/],
    ['import', /installation is broken/],
  ] as const)('the engine dies while loading: %s', async (load, words) => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home, { load });
    const began = performance.now();
    const ran = await rig.run(['--model', engine.model, '--server'], { env: engine.env });
    expect(ran.code, ran.stderr).toBe(88);
    expect(twoLines(ran, 'dumped')).toMatch(words);
    // At once, not after a time-out.
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  test("a corrupt catalog of the user's own is named by line and column, and does not stop the cleaning up", async () => {
    await using rig = makeRig();
    writeFileSync(join(rig.cclocalHome, 'catalog.json'), '{\n  "rows": [ { "flag": } ]\n}\n');
    const ran = await rig.run(['--rehearsal']);
    expect(ran.code).toBe(75);
    expect(twoLines(ran)).toMatch(/catalog\.json: line 2, column \d+/);
    expect((await rig.run(['status'])).code).toBe(0);
    expect((await rig.run(['--help'])).code).toBe(0);
  });

  test('a home that others can look into', async () => {
    await using rig = makeRig();
    chmodSync(rig.cclocalHome, 0o755);
    const ran = await rig.run(['--rehearsal']);
    expect(ran.code).toBe(73);
    expect(twoLines(ran)).toContain('chmod 700');
  });

  test('a home that is a link to somewhere else, or no folder', async () => {
    await using rig = makeRig();
    const file = join(rig.home, 'file');
    writeFileSync(file, '');
    const ran = await rig.run(['--rehearsal'], { env: { CCLOCAL_HOME: file } });
    expect(ran.code, ran.stderr).toBe(73);
    const dangling = join(rig.home, 'dangling');
    symlinkSync('/nowhere/at/all', dangling);
    const nowhere = await rig.run(['--rehearsal'], { env: { CCLOCAL_HOME: dangling } });
    expect(nowhere.code, nowhere.stderr).toBe(73);
    expect(twoLines(nowhere)).toContain(dangling);
  });

  test('a home whose path is too long for sockets is not even made', async () => {
    await using rig = makeRig();
    const home = join(rig.home, 'x'.repeat(80));
    for (const args of [['--rehearsal'], ['setup']]) {
      const ran = await rig.run(args, { env: { CCLOCAL_HOME: home } });
      expect(ran.code, ran.stderr).toBe(73);
      expect(twoLines(ran)).toMatch(/\d+ bytes too long for the sockets[^]*shorter path/);
      expect(existsSync(home)).toBe(false);
    }
  });

  test('a dry run writes nothing, wherever', async () => {
    await using rig = makeRig();
    const home = join(rig.home, 'none');
    for (const args of [['--rehearsal'], ['--model', 'org/name'], ['--gemma', '--json', '--server']]) {
      const ran = await rig.run([...args, '--dry-run'], { env: { CCLOCAL_HOME: home } });
      expect(ran.code, ran.stderr).toBe(0);
      expect(readdirSync(rig.home)).toEqual([]);
      expect(readdirSync(rig.project)).toEqual([]);
    }
  });

  test('the current folder was deleted', async () => {
    await using rig = makeRig();
    const gone = mkdtempSync(join(tmpdir(), 'ccl-gone-'));
    const child = spawn(
      '/bin/sh',
      ['-c', `rm -rf "$1"; exec "$2" "$3" --rehearsal`, 'sh', gone, process.execPath, cclocalBin],
      {
        cwd: gone,
        env: rig.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const ran = await finished(child);
    rmSync(gone, { recursive: true, force: true });
    expect(ran.code).toBe(72);
    expect(twoLines(ran)).toContain('cd to an existing folder');
  });

  test("a flag of the agent's that cclocal sets itself", async () => {
    await using rig = makeRig();
    for (const flag of [
      '--settings',
      '--setting-sources',
      '--mcp-config',
      '--tools',
      '--model',
      '--permission-mode',
      '--dangerously-skip-permissions',
    ]) {
      const ran = await rig.run(['--rehearsal', '--', flag, 'x']);
      expect(ran.code, flag).toBe(2);
      // A sentence that stands by itself, whether there is a flag of cclocal's own or not.
      expect(twoLines(ran)).toMatch(
        new RegExp(`${flag} is set by cclocal itself.*\\n(?=[A-Z]).*(cclocal's --|Leave it out|before the "--").*\\.$`),
      );
    }
  });

  test('an unknown model in a folder that holds none', async () => {
    await using rig = makeRig();
    const empty = join(rig.home, 'empty');
    mkdirSync(empty);
    const ran = await rig.run(['--model', empty, '--server']);
    expect([81, 82, 88], ran.stderr).toContain(ran.code);
    twoLines(ran);
  });

  test('with --json the failure is a document too', async () => {
    await using rig = makeRig();
    const ran = await rig.run(['--gemma', '--coder', '--json']);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { reason: 'usage', exitCode: 2 } });
  });
});
