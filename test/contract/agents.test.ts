import { isAbsolute } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nothingAdmitted, type AgentInput } from '../../src/agents/agent.ts';
import { agents } from '../../src/agents/index.ts';
import { refusedFlag } from '../../src/agents/own-flags.ts';

test('ids and programs are used once', () => {
  expect(new Set(agents.map(({ id }) => id)).size).toBe(agents.length);
  expect(new Set(agents.map(({ program }) => program)).size).toBe(agents.length);
});

describe.each(agents.map((agent) => ({ agent, id: agent.id })))('$id', ({ agent }) => {
  const input: AgentInput = {
    baseUrl: 'http://127.0.0.1:8011',
    token: 'the-token-of-this-session',
    model: 'owner/a-model',
    context: 32_768,
    outputTokens: 8_192,
    patienceMs: 3_600_000,
    tools: agent.tools.base,
    preApproved: agent.tools.preApproved,
    private: false,
    shortPrompt: false,
    configDir: '/config of mine',
    sessionDir: '/session of mine',
    statusLineFile: '/session of mine/status-line',
    mcpConfig: '/mcp.json',
    args: ['--some-flag', 'some words'],
    keepEnv: [],
    admitted: nothingAdmitted,
    userEnv: {
      PATH: '/bin',
      HOME: '/home/u',
      TERM: 'xterm',
      MY_SECRET: 'do-not-hand-on',
      ANTHROPIC_API_KEY: 'do-not-hand-on',
    },
  };
  const command = agent.command(input);

  test('hands no secret on in arguments, and none of the user in the environment', () => {
    expect(JSON.stringify(command.args)).not.toContain(input.token);
    expect(JSON.stringify(command)).not.toContain('do-not-hand-on');
  });

  test('takes only variables that its list names, and sets the rest itself', () => {
    const everything = Object.fromEntries(agent.keepEnv.map((name) => [name, `user's ${name}`]));
    const { env } = agent.command({ ...input, userEnv: everything });
    const bare = agent.command({ ...input, userEnv: {} }).env;
    for (const [name, value] of Object.entries(everything)) expect(env[name]).toBe(bare[name] ?? value);
    expect(Object.keys(bare).filter((name) => agent.keepEnv.includes(name))).toEqual([]);
  });

  test("gets the session's address, token, model and limits", () => {
    const told = JSON.stringify([command.env, command.files, command.args]);
    for (const part of [input.baseUrl, input.token, input.model, String(input.outputTokens)])
      expect(told).toContain(part);
  });

  test("puts the user's own arguments last, as they are", () => {
    expect(command.args.slice(-input.args.length)).toEqual(input.args);
  });

  test("writes private files, only in cclocal's folders, and with a secret only in the session's", () => {
    for (const { path, mode, content } of command.files) {
      expect(isAbsolute(path)).toBe(true);
      expect(mode).toBe(0o600);
      expect(path.startsWith(`${input.configDir}/`) || path.startsWith(`${input.sessionDir}/`)).toBe(true);
      if (content.includes(input.token)) expect(path.startsWith(`${input.sessionDir}/`)).toBe(true);
    }
  });

  test('decides the same from the same', () => {
    expect(agent.command(input)).toEqual(command);
  });

  test('refuses from the user what it sets itself', () => {
    const own = command.args.slice(0, -input.args.length).filter((arg) => arg.startsWith('--'));
    const refused = agent.ownFlags.filter(({ flag }) => own.includes(flag));
    expect(refused.length).toBeGreaterThan(0);
    for (const { flag } of agent.ownFlags) expect(refusedFlag(agent, [flag])?.instead).toMatch(/\w/);
  });

  test('prints a line to paste without the token', () => {
    const line = agent.pasteLine(command, agent.program);
    expect(line).not.toContain(input.token);
    expect(line).toContain(agent.program);
    expect(line.split('\n')).toHaveLength(1);
  });

  test('pre-approves only tools it has, and never a shell without trust', () => {
    const { base, web, preApproved, withTrust } = agent.tools;
    expect([...preApproved, ...withTrust].filter((tool) => ![...base, ...web].includes(tool))).toEqual([]);
    expect(preApproved.filter((tool) => withTrust.includes(tool))).toEqual([]);
    expect(preApproved).not.toContain('Bash');
  });
});
