import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { agentRuns, agentStandIn } from '../support/agent-stand-in.ts';
import { makeRig } from '../support/rig.ts';
import { said } from '../support/said.ts';
import { namesIn } from '../../src/os/look.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';

vi.setConfig({ testTimeout: 60_000 });

test('while a session runs its ports are on loopback and ask for a token, and its files are for their owner alone', async () => {
  await using rig = makeRig();
  const engine = scriptedEngine(rig.home);
  const env = { ...engine.env, ...agentStandIn(rig.home, rig.env['PATH'] ?? '').env };
  const session = rig.start(['--model', engine.model], { env });
  await said(session, agentRuns);

  const ports = listening(rig.processes().map((line) => Number.parseInt(line, 10)));
  expect(ports.length).toBeGreaterThan(0);
  for (const { address, port } of ports) {
    expect(address).toBe('127.0.0.1');
    for (const path of ['/v1/models', '/v1/messages', '/cclocal/status', '/metrics']) {
      const method = path === '/v1/messages' ? 'POST' : 'GET';
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { 'x-api-key': 'guessed' },
      });
      expect([path, status]).toEqual([path, 401]);
    }
  }

  const open = readdirSync(rig.cclocalHome, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ name, stat: lstatSync(join(rig.cclocalHome, name), { throwIfNoEntry: false }) }))
    // What a link leads to is judged where it stands; a link itself has no rights.
    .filter(({ stat }) => stat !== undefined && !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0)
    .map(({ name, stat }) => `${name} ${((stat?.mode ?? 0) & 0o777).toString(8)}`);
  expect(open).toEqual([]);
  expect(readdirSync(join(rig.cclocalHome, 'run')).length).toBeGreaterThan(0);

  session.kill('SIGTERM');
  await new Promise((resolve) => session.once('close', resolve));
});

/** TCP sockets on which these processes listen, as /proc/net shows them. */
function listening(pids: readonly number[]): readonly { readonly address: string; readonly port: number }[] {
  const inodes = new Set(pids.flatMap(socketsOf));
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
      .map((fields) => {
        const [address = '', port = ''] = (fields[1] ?? '').split(':');
        return { address: table === 'tcp' ? dotted(address) : address, port: Number.parseInt(port, 16) };
      }),
  );
}

/** Little-endian hexadecimal, as the table has it. */
const dotted = (hex: string): string =>
  (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');

function socketsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return namesIn(folder).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, name)))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
