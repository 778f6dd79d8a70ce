import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readObserved } from '../../src/models/memory/observed-file.ts';
import { makeRig } from '../support/rig.ts';
import { untilNone } from '../support/until.ts';

// The main job with nothing faked: the shipped command, the real engine with real weights, the real agent.

interface PlannedMemory {
  readonly memory: { readonly needBytes: number };
  readonly keeper: { readonly expects: { readonly predicted: readonly { tokens: number; bytes: number }[] } };
}

describe('cclocal --rehearsal without a terminal', () => {
  test('a real tool call changes the disk, and nothing is left behind', { timeout: 60_000 }, async () => {
    await using rig = makeRig();
    const ran = await rig.run(['--rehearsal']);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain('On disk: cclocal-rehearsal.txt, 69 bytes');
    expect(ran.stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^rehearsal passed \(build \d+\.\d s, keeper \d+\.\d s, engine \d+\.\d s, agent \d+\.\d s\)$/,
    );
    // Words are not results.
    expect(ran.stderr).toContain('Ready after');

    // The keeper has let go of everything by then; its process takes some milliseconds more to be gone.
    await untilNone(rig.processes, 1_000);
    expect(readdirSync(rig.project)).toEqual([]);
    expect(readdirSync(join(rig.cclocalHome, 'run')).filter((name) => /^[0-9a-f]{8}$/.test(name))).toEqual([]);
    expect(readdirSync(join(rig.cclocalHome, 'rehearsal')).filter((name) => name.startsWith('run-'))).toEqual([]);
    // The user's own files are not touched.
    expect(readdirSync(rig.home).filter((name) => name.startsWith('.claude'))).toEqual([]);

    // What the engine took is kept, and the next prediction rests on it where the conversation was long enough.
    const kept = join(rig.cclocalHome, 'memory.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    const [line, ...more] = readObserved(kept);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ model: 'cclocal/rehearsal', revision: null, source: 'footprint' });
    expect(line?.machine).toMatch(/^linux \/ /);
    // An engine with a model of 4 MB, and a conversation with the agent's whole instructions.
    expect(line?.peakBytes).toBeGreaterThan(50e6);
    expect(line?.peakBytes).toBeLessThan(1.5e9);
    expect(line?.tokens).toBeGreaterThan(2_000);
    expect(line?.tokens).toBeLessThan(20_000);
    const reserveAt = async (context: number): Promise<number> => {
      const planned = await rig.run(['--rehearsal', '--dry-run', '--json', '--context', String(context)]);
      const { memory, keeper } = JSON.parse(planned.stdout) as PlannedMemory;
      return memory.needBytes - (keeper.expects.predicted.at(-1)?.bytes ?? 0);
    };
    expect(await reserveAt(4_096)).toBeLessThan(2 * 1024 ** 3);
    expect(await reserveAt(32_768)).toBe(3 * 1024 ** 3);
  });

  test('the engine kept a log without the prompt in it, for its owner alone', { timeout: 60_000 }, async () => {
    await using rig = makeRig();
    expect((await rig.run(['--rehearsal'])).code).toBe(0);
    const logs = readdirSync(join(rig.cclocalHome, 'logs'));
    const server = logs.find((name) => name.startsWith('server.log'));
    expect(server).toBeDefined();
    const text = logs.map((name) => readFileSync(join(rig.cclocalHome, 'logs', name), 'utf8')).join('\n');
    expect(text).not.toContain('Create the file cclocal-rehearsal.txt');
    expect(text.length).toBeGreaterThan(200);
    for (const name of logs) expect(statSync(join(rig.cclocalHome, 'logs', name)).mode & 0o077).toBe(0);
  });

  test(
    '--json gives one document on standard output and all words on standard error',
    { timeout: 60_000 },
    async () => {
      await using rig = makeRig();
      const ran = await rig.run(['--rehearsal', '--json']);
      expect(ran.code, ran.stderr).toBe(0);
      expect(JSON.parse(ran.stdout)).toMatchObject({
        rehearsal: 'passed',
        file: 'cclocal-rehearsal.txt',
        bytes: 69,
        seconds: { agent: expect.any(Number) as number },
      });
    },
  );

  test('what follows "--" reaches the agent, whose exit code passes through', { timeout: 60_000 }, async () => {
    await using rig = makeRig();
    const ran = await rig.run(['--rehearsal', '--', '-p', 'Create the file.', '--output-format', 'json']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ type: 'result', is_error: false });
    expect(existsSync(join(rig.project, 'cclocal-rehearsal.txt'))).toBe(true);
    const wrong = await rig.run(['--rehearsal', '--', '--no-such-flag']);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('no-such-flag');
  });
});

describe('a plain cclocal on this machine', () => {
  test('is the rehearsal, and says why', { timeout: 60_000 }, async () => {
    await using rig = makeRig();
    const ran = await rig.run([]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('not a Mac with Apple silicon');
    expect(ran.stdout).toContain('rehearsal passed');
  });
});
