import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { egressOf } from '../../bench/egress/trace.ts';
import { findAirgap } from '../../src/launch/airgap.ts';
import { airgapEnv } from '../../src/launch/airgap-env.ts';
import { sandboxProfile } from '../../src/launch/airgap-profile.ts';
import { writeReceipt } from '../../src/launch/receipt.ts';
import type { System } from '../../src/os/system.ts';
import { receiptText } from '../../src/report/receipt-text.ts';
import { aPlan, aRequest } from '../support/plans.ts';

const linux = (stdout: string, over: Partial<System> = {}) => ({
  platform: 'linux' as const,
  userHome: '/usr/share',
  probe: () => Promise.resolve({ ok: true as const, stdout }),
  ...over,
});

test('what is found decides whether commands need a question', async () => {
  const files = await findAirgap(linux('files\n'), '/py', '/usr/bin');
  expect(files).toEqual({ by: 'namespace', confinesFiles: true, python: '/py' });
  const network = await findAirgap(linux('network\n'), '/py', '/usr/bin');
  expect(network.confinesFiles).toBe(false);
  const asks = (airgap: typeof files | null) =>
    !aPlan({ request: aRequest({ airgap: airgap !== null }), airgap }).session.preApproved.includes('Bash');
  expect([asks(files), asks(network), asks(null)]).toEqual([false, true, true]);
});

test("in a folder that holds the user's home, commands ask", async () => {
  expect((await findAirgap(linux('files\n'), '/py', '/usr')).confinesFiles).toBe(false);
  expect((await findAirgap(linux('files\n'), '/py', '/usr/share')).confinesFiles).toBe(false);
});

test('where there is nothing to enforce it with, it is refused', async () => {
  const probe = () => Promise.resolve({ ok: false as const, why: 'unshare: Operation not permitted' });
  const problem = 'unshare: Operation not permitted';
  const refused = { failure: { reason: 'airgap-unavailable', problem } };
  await expect(findAirgap(linux('', { probe }), '/py', '/usr')).rejects.toMatchObject(refused);
  await expect(findAirgap(linux('odd'), '/py', '/usr')).rejects.toMatchObject({ failure: { problem: 'odd' } });
  // This is no Mac.
  await expect(findAirgap({ ...linux(''), platform: 'darwin' }, '/py', '/usr')).rejects.toMatchObject({
    failure: { reason: 'airgap-unavailable' },
  });
});

test('sockets and proxies are dropped from the environment', () => {
  const env = { PATH: '/bin', SSH_AUTH_SOCK: '/s', HTTPS_PROXY: 'http://p', no_proxy: 'x', DOCKER_HOST: 'unix:///d' };
  expect(airgapEnv(env, '/tmp')).toEqual({ PATH: '/bin', no_proxy: 'x', TMPDIR: '/tmp' });
});

test("the Mac's profile denies first, allows the one port and the folders, and protects what others obey", () => {
  const profile = sandboxProfile({ port: 8003, writable: ['/w/my "project"', '/p'], readonly: ['/w/.git/hooks'] });
  const rules = profile.split('\n').filter((line) => line.startsWith('('));
  expect(rules.slice(0, 4)).toEqual([
    '(version 1)',
    '(allow default)',
    '(deny network*)',
    '(allow network-outbound (remote ip "localhost:8003"))',
  ]);
  expect(rules.filter((rule) => rule.startsWith('(allow network'))).toHaveLength(1);
  expect(rules).toContain(String.raw`(allow file-write* (subpath "/w/my \"project\""))`);
  expect(rules.indexOf('(deny file-write*)')).toBeLessThan(rules.indexOf('(allow file-write* (subpath "/p"))'));
  expect(rules.at(-1)).toBe('(deny file-write* (subpath "/w/.git/hooks"))');
  expect(profile).toContain('Not tested on a Mac');
  // Every bracket that is opened is closed, quoted ones apart.
  const bare = profile.replace(/^;.*$/m, '').replace(/"(?:\\.|[^"\\])*"/g, '');
  expect(bare.match(/\(/g)?.length).toBe(bare.match(/\)/g)?.length);
});

test('the receipt says what was enforced and refused, for its owner alone', () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'ccl-r-')));
  try {
    const airgap = { by: 'namespace', confinesFiles: true, python: '/py' } as const;
    const report = { refused: { 'Ip OutNoRoutes': 2, Ip6OutNoRoutes: 1 } };
    const { receipt, path } = writeReceipt(home, { id: 'abc-1', airgap, began: 'then', report });
    expect(path).toBe(join(home, 'sessions/abc-1/receipt.json'));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(receipt);
    expect([path, join(home, 'sessions/abc-1')].map((one) => statSync(one).mode & 0o777)).toEqual([0o600, 0o700]);
    expect(receipt).toMatchObject({ refused: { total: 3 }, addresses: 'not observed', began: 'then' });
    expect(receiptText(receipt, path)).toContain('3 connections out were refused');
    const mac = { by: 'sandbox-exec', confinesFiles: false, python: null } as const;
    const unseen = writeReceipt(home, { id: 'abc-2', airgap: mac, began: 'then', report: null });
    expect(unseen.receipt.refused).toBeNull();
    expect(unseen.receipt.enforced.join()).toContain('not tested on a Mac');
    expect(receiptText(unseen.receipt, unseen.path)).toContain('not observed');
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('a trace is read: loopback is none, lookups count wherever they go', () => {
  const trace = [
    '12 connect(5, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
    '12 connect(5, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2606:4700::1", &sin6_addr), sin6_scope_id=0}, 28) = -1',
    '12 sendto(6, "..", 2, MSG_NOSIGNAL, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 2',
    '12 connect(7, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) = 0',
    '12 connect(8, {sa_family=AF_UNIX, sun_path="/tmp/x.sock"}, 42) = 0',
    '12 sendto(9, "GET / HTTP", 10, 0, NULL, 0) = 10',
  ].join('\n');
  const found = egressOf(trace);
  expect(found.connects).toBe(2);
  expect(found.beyond).toEqual(['2606:4700::1 port 443']);
  expect(found.lookups).toHaveLength(2);
});
