import { constants } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { measureSignals } from '../../bench/signals.ts';
import { draw, nameOf } from '../../bench/signals/cells.ts';
import { canListen, filesLeft, freePort } from '../../bench/signals/left.ts';
import { agentRuns, agentStandIn } from '../support/agent-stand-in.ts';
import { makeRig, type Rig } from '../support/rig.ts';
import { said } from '../support/said.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';
import { mulberry } from '../support/seeded.ts';
import { untilNone } from '../support/until.ts';

// Every way a session can end, and that nothing of it is left: no process, no folder, no port.

vi.setConfig({ testTimeout: 120_000, maxConcurrency: 4 });

test('whoever is killed, and when: a part of check:signals', async () => {
  const seed = Date.now() % 1_000_000;
  const cells = draw(mulberry(seed), 10);
  process.stdout.write(`check:signals, small: seed ${seed}, ${cells.length} cells, with stand-ins\n`);
  const outcomes = await measureSignals(cells, { talking: null, goneWithin: 15, atOnce: 3 });
  expect(outcomes).toHaveLength(cells.length);
  expect(outcomes.flatMap(({ cell, wrong }) => wrong.map((words) => `${nameOf(cell)}: ${words}`))).toEqual([]);
});

/** A session on the scripted engine without a terminal, with a stand-in for the agent. */
async function startSession(rig: Rig, { args = [], agent }: { args?: readonly string[]; agent?: string } = {}) {
  const port = await freePort();
  const engine = scriptedEngine(rig.home);
  const env = { ...engine.env, ...agentStandIn(rig.home, rig.env['PATH'] ?? '', agent).env };
  const session = rig.start(['--model', engine.model, '--port', String(port), ...args], { env });
  // Not `exit`: its last words may still be in the pipe then.
  const ended = new Promise((resolve) => session.once('close', (code, signal) => resolve({ code, signal })));
  return { session, port, ended };
}

async function expectNothingLeft(rig: Rig, port: number): Promise<void> {
  await untilNone(rig.processes);
  expect(filesLeft(rig, rig.project)).toEqual([]);
  expect(await canListen(port)).toBe(true);
}

describe.concurrent('without a terminal', () => {
  test.each(['SIGINT', 'SIGHUP'] as const)('%s as --server', async (signal) => {
    await using rig = makeRig();
    const { session, port, ended } = await startSession(rig, { args: ['--server'] });
    await said(session, /clients add NAME/);
    session.kill(signal);
    expect(await ended).toEqual({ code: 128 + constants.signals[signal], signal: null });
    await expectNothingLeft(rig, port);
  });

  test('an agent deaf to SIGTERM is killed after 2 s', async () => {
    await using rig = makeRig();
    const agent = "trap '' TERM; while :; do sleep 1; done";
    const { session, port, ended } = await startSession(rig, { agent });
    await said(session, agentRuns);
    session.kill('SIGHUP');
    expect(await ended).toEqual({ code: 129, signal: null });
    await expectNothingLeft(rig, port);
  });

  test.each([
    { what: 'its exit code 7', agent: 'exit 7', code: 7 },
    { what: 'its death by SIGTERM', agent: 'kill -TERM $$', code: 143 },
  ])("the agent's end: $what passes through", async ({ agent, code }) => {
    await using rig = makeRig();
    const { ended, port } = await startSession(rig, { agent });
    expect(await ended).toEqual({ code, signal: null });
    await expectNothingLeft(rig, port);
  });
});
