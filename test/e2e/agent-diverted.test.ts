import { expect, test, vi } from 'vitest';
import { measureOverridesBriefly, measureUnprotected } from '../../bench/overrides.ts';
import { measureAdmitted } from '../../bench/overrides/admitted.ts';
import { everything, realMark } from '../../bench/overrides/diversions.ts';
import { isSafe } from '../../bench/overrides/run.ts';
import { allOfIt, measureHalf, restrictionsOnly } from '../../bench/overrides/halves.ts';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { makeAgentRig, realClaude, runPrinted, testToken } from '../support/agent-rig.ts';
import { startMessagesServer } from '../support/messages-server.ts';

vi.setConfig({ testTimeout: 90_000 });

test('every diversion in every place at once: nothing goes elsewhere, no real token is seen, nothing runs', async () => {
  const results = await measureOverridesBriefly();
  expect(results.map(({ one }) => one.place.name)).toEqual([
    'all of them together',
    'all of them together',
    '--share-config',
    '--trust-project',
  ]);
  for (const { one, outcome } of results) {
    expect(isSafe(one, outcome), `${one.place.name}: ${JSON.stringify(outcome)}`).toBe(true);
  }
});

test('the agent alone walks into the trap, so that it would be seen', async () => {
  expect((await measureUnprotected()).trapped).toBeGreaterThan(0);
});

test.each([
  [false, restrictionsOnly],
  [true, allOfIt],
])("a project's settings, with --trust-project %s", async (trusted, half) => {
  expect(await measureHalf(realClaude, trusted)).toEqual(half);
});

test('with all of it exported in the shell that the printed line is pasted into', async () => {
  using rig = makeAgentRig();
  await using trap = await startMessagesServer([{ kind: 'text', text: 'trapped' }]);
  await using server = await startMessagesServer([{ kind: 'text', text: 'done' }]);
  const line = claudeCode.pasteLine(rig.command(server.url), realClaude);
  expect(line).not.toContain(testToken);
  const env = { ...rig.userEnv, ...everything.env(trap.url) };
  const printed = await runPrinted('/bin/sh', ['-c', `${line} -p 'go on'`], { cwd: rig.project, env });
  expect(printed).toMatchObject({ code: 0, stdout: 'done\n' });
  expect(trap.requests).toEqual([]);
  for (const { headers, body } of server.requests) {
    expect(headers['authorization']).toBe(`Bearer ${testToken}`);
    expect(JSON.stringify([headers, body])).not.toContain(realMark);
  }
});

test("the user's memory, skills and MCP servers that were named are there, and conversations go on", async () => {
  expect(await measureAdmitted(realClaude)).toEqual({ memory: true, skill: true, mcp: true, resumed: true });
});
