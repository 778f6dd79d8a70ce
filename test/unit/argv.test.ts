import { describe, expect, test } from 'vitest';
import { parseArgv } from '../../src/commands/argv.ts';
import { CclocalError, type Failure } from '../../src/errors.ts';
import { makeRequest } from '../../src/launch/make-request.ts';
import type { LaunchRequest } from '../../src/launch/request.ts';
import { whatToRun } from '../../src/launch/what-to-run.ts';
import { shippedCatalog } from '../support/plans.ts';

const parse = (line: string) => parseArgv(line === '' ? [] : line.split(' '), shippedCatalog, '1.2.3');
const request = (line: string, env: Record<string, string> = {}): LaunchRequest => makeRequest(parse(line), env);

function failure(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof CclocalError) return error.failure;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('argv becomes a request', () => {
  test.each([
    ['', { model: { kind: 'ask' } }],
    ['--gemma', { model: { kind: 'row', flag: 'gemma' } }],
    ['--light', { model: { kind: 'row', flag: 'light' } }],
    ['--model org/name', { model: { kind: 'id', id: 'org/name' } }],
    ['--model ./here', { model: { kind: 'folder', path: './here' } }],
    ['--gemma --out-tokens 16384', { outTokens: 16_384 }],
    ['--gemma --server --port 9001 --json', { server: true, port: 9001, json: true }],
    ['--gemma --safe', { memoryCheck: 'always' }],
    ['--gemma --no-mem-check', { memoryCheck: 'never' }],
    [
      '--gemma --web --trust-tools --trust-code --yes --dry-run',
      { web: true, trustTools: true, trustCode: true, yes: true, dryRun: true },
    ],
    ['--gemma', { openPort: null, direct: false, logRequests: false }],
    ['--gemma --server --open-port', { openPort: { wanted: null } }],
    ['--gemma --server --open-port 8080', { openPort: { wanted: 8080 } }],
    ['--open-port --gemma', { openPort: { wanted: null }, model: { kind: 'row', flag: 'gemma' } }],
    ['--gemma --direct', { direct: true }],
    ['--gemma --log-requests', { logRequests: true }],
    ['--gemma -- -p hello --verbose', { agentArgs: ['-p', 'hello', '--verbose'] }],
    ['-- --gemma', { model: { kind: 'ask' }, agentArgs: ['--gemma'] }],
  ])('%s', (line, expected) => {
    expect(request(line)).toMatchObject(expected);
  });

  test('the environment can force or forbid the memory menu, and a flag beats it', () => {
    expect(request('--gemma', { CCLOCAL_FORCE_MEMCHECK: '1' }).memoryCheck).toBe('always');
    expect(request('--gemma', { CCLOCAL_NO_MEMCHECK: '1' }).memoryCheck).toBe('never');
    expect(request('--gemma --safe', { CCLOCAL_NO_MEMCHECK: '1' }).memoryCheck).toBe('always');
    expect(request('--gemma --no-mem-check', { CCLOCAL_FORCE_MEMCHECK: '1' }).memoryCheck).toBe('never');
  });

  test('a time is seconds, minutes or hours', () => {
    const idle = (time: string): number | null => request(`--gemma --idle-unload ${time}`).idleUnloadMs;
    expect(request('--gemma').idleUnloadMs).toBeNull();
    expect([idle('90s'), idle('30m'), idle('2h')]).toEqual([90_000, 1_800_000, 7_200_000]);
    for (const wrong of ['30', 'm', '5s', '1d', '-3m', '999h'])
      expect(failure(() => idle(wrong))).toMatchObject({
        reason: 'usage',
        problem: expect.stringMatching(/^--idle-unload needs a time from 10s to 168h/) as string,
      });
  });

  test('what belongs to the gateway does not go without it', () => {
    for (const flag of ['--open-port', '--open-port 8080', '--log-requests']) {
      expect(failure(() => request(`--gemma --direct ${flag}`))).toMatchObject({
        reason: 'usage',
        problem: `--direct leaves the gateway out, and ${flag.split(' ')[0] ?? ''} is a part of it.`,
      });
    }
    expect(failure(() => request('--gemma --direct --idle-unload 30m'))).toMatchObject({ reason: 'usage' });
    expect(failure(() => request('--gemma --open-port 70000'))).toMatchObject({ reason: 'usage' });
    expect(failure(() => request('--gemma --open-port=no'))).toMatchObject({ reason: 'usage' });
  });

  test('a recorded machine forces a dry run', () => {
    expect(request('--gemma', { CCLOCAL_MACHINE: 'mac.json' }).dryRun).toBe(true);
  });

  test.each([
    ['status', 'status', []],
    ['stop abcd1234', 'stop', ['abcd1234']],
    ['rm a/b c/d --yes', 'rm', ['a/b', 'c/d']],
    ['--rm a/b c/d --yes', 'rm', ['a/b', 'c/d']],
    ['--yes --rm', 'rm', []],
    ['clients add editor', 'clients', ['add', 'editor']],
    ['setup --again', 'setup', []],
    ['uninstall', 'uninstall', []],
  ])('command: %s', (line, command, args) => {
    expect(parse(line)).toMatchObject({ command, args });
  });

  test('--json behind a command reaches it', () => {
    expect(parse('status --json').options['json']).toBe(true);
    expect(parse('list --json').options['json']).toBe(true);
  });

  test('-h names every model flag, --version the version', () => {
    expect(parse('-h').help).toContain('--gemma-light');
    expect(parse('--version').help.trim()).toBe('1.2.3');
  });
});

describe('what cannot be meant ends here, with what to type instead', () => {
  test.each([
    ['--gemma --coder', /Two models at once: --gemma and --coder/],
    ['--gemma --model org/name', /Two models at once/],
    ['--gema', /Unknown flag --gema/],
    ['--out-tokens many', /--out-tokens needs a whole number.*"many"/],
    ['--port 99999', /--port needs a whole number/],
    ['--context -5', /--context needs a whole number/],
    ['--model', /--model needs a value/],
    ['--model name', /neither a Hugging Face id nor a folder/],
    ['--safe --no-mem-check', /exclude each other/],
    ['--gemma --server -- -p hi', /no agent is started/],
    ['lst', /Unknown command "lst"/],
    ['--list a/b', /Unknown command "a\/b"/],
  ])('%s', (line, words) => {
    const failed = failure(() => request(line));
    expect(failed.reason).toBe('usage');
    if (failed.reason !== 'usage') return;
    expect(failed.problem).toMatch(words);
    expect(failed.hint).not.toBe('');
    expect(`${failed.problem}${failed.hint}`).not.toContain('\n');
  });

  test('a typo gets the nearest flag or command', () => {
    expect(failure(() => request('--gema'))).toMatchObject({ hint: expect.stringContaining('--gemma') as string });
    expect(failure(() => request('statsu'))).toMatchObject({
      hint: expect.stringContaining('cclocal status') as string,
    });
  });
});

describe('what a plain cclocal does', () => {
  const mac = { platform: 'darwin', arch: 'arm64', terminal: true, yes: false, dryRun: false };
  test.each([
    [mac, 'menu'],
    [{ ...mac, terminal: false }, 'needs-yes'],
    [{ ...mac, terminal: false, yes: true }, 'default-row'],
    [{ ...mac, dryRun: true }, 'default-row'],
    [{ ...mac, platform: 'linux', arch: 'x64' }, 'rehearsal'],
    [{ ...mac, arch: 'x64' }, 'rehearsal'],
  ] as const)('%o: %s', (machine, expected) => {
    expect(whatToRun(machine)).toBe(expected);
  });
});
