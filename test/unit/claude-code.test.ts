import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nothingAdmitted, type AgentInput } from '../../src/agents/agent.ts';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { windowEnv } from '../../src/agents/claude-code/window-env.ts';
import { refusedFlag } from '../../src/agents/own-flags.ts';
import { agentWords } from '../../src/launch/agent-find.ts';

const input: AgentInput = {
  baseUrl: 'http://127.0.0.1:8000',
  token: 'secret-token',
  model: 'owner/model-4bit',
  context: 32_768,
  outputTokens: 8_192,
  patienceMs: 3_600_000,
  tools: claudeCode.tools.base,
  preApproved: claudeCode.tools.preApproved,
  private: false,
  shortPrompt: false,
  configDir: '/home/u/.cclocal/agents/claude-code',
  sessionDir: '/run/session',
  statusLineFile: '/run/session/status-line',
  mcpConfig: '/opt/cclocal/mcp-local.json',
  args: [],
  keepEnv: [],
  admitted: nothingAdmitted,
  userEnv: {
    PATH: '/bin',
    HOME: '/home/u',
    ANTHROPIC_API_KEY: 'sk-ant-real',
    AWS_SECRET_ACCESS_KEY: 'x',
    NODE_OPTIONS: '-r x',
  },
};
const written = z.object({
  env: z.record(z.string(), z.string()),
  permissions: z.object({ allow: z.array(z.string()) }),
  disableAutoMode: z.string(),
});
const settingsOf = (change: Partial<AgentInput> = {}) =>
  written.parse(JSON.parse(claudeCode.command({ ...input, ...change }).files.find(({ once }) => !once)?.content ?? ''));

describe('environment', () => {
  test('takes from the user only what the list names', () => {
    const { env } = claudeCode.command(input);
    expect(env).toMatchObject({ PATH: '/bin', HOME: '/home/u' });
    for (const name of ['ANTHROPIC_API_KEY', 'AWS_SECRET_ACCESS_KEY', 'NODE_OPTIONS'])
      expect(env).not.toHaveProperty(name);
    expect(claudeCode.keepEnv.filter((name) => /ANTHROPIC|CLAUDE|KEY|TOKEN|SECRET|AWS|PASS/.test(name))).toEqual([]);
  });

  test('names the one model on all five tiers and for subagents', () => {
    const { env } = claudeCode.command(input);
    const tiers = ['OPUS', 'SONNET', 'HAIKU', 'FABLE'].map((tier) => `ANTHROPIC_DEFAULT_${tier}_MODEL`);
    for (const name of ['ANTHROPIC_MODEL', 'CLAUDE_CODE_SUBAGENT_MODEL', ...tiers]) expect(env[name]).toBe(input.model);
  });

  test('hands on the output tokens, the window for the context and the patience', () => {
    const { env } = claudeCode.command({ ...input, context: 16_384, outputTokens: 4_096 });
    expect(env).toMatchObject({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '4096', ...windowEnv(16_384, 4_096) });
    expect(env).toMatchObject({ API_TIMEOUT_MS: '3600000', CLAUDE_STREAM_IDLE_TIMEOUT_MS: '3600000' });
  });

  test("keeps loopback from a proxy, beside the user's own exceptions", () => {
    const { env } = claudeCode.command({ ...input, userEnv: { no_proxy: 'intra.example, localhost' } });
    expect(env['NO_PROXY']).toBe('intra.example,localhost,127.0.0.1,::1');
    expect(env['no_proxy']).toBe(env['NO_PROXY']);
  });
});

describe('settings file', () => {
  test('says all that the environment says of the session, and empties what would divert it', () => {
    const { env } = claudeCode.command(input);
    const settings = settingsOf();
    const inEnvironment = ['CLAUDE_CONFIG_DIR', 'CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST'];
    const session = Object.entries(env).filter(([name]) => !(name in input.userEnv) && !inEnvironment.includes(name));
    expect(settings.env).toMatchObject(Object.fromEntries(session));
    const empty = Object.entries(settings.env).flatMap(([name, value]) => (value === '' ? [name] : []));
    expect(empty).toEqual(
      expect.arrayContaining([
        'ANTHROPIC_API_KEY',
        'CLAUDE_CODE_USE_BEDROCK',
        'CLAUDE_CODE_USE_VERTEX',
        'CLAUDE_CODE_USE_FOUNDRY',
      ]),
    );
    expect(settings.disableAutoMode).toBe('disable');
  });

  test('pre-approves files in the folder only, and Bash only with trust', () => {
    expect(settingsOf().permissions.allow).toEqual(['Read(./**)', 'Edit(./**)']);
    const trusted = [...claudeCode.tools.preApproved, ...claudeCode.tools.withTrust];
    expect(settingsOf({ preApproved: trusted }).permissions.allow).toEqual(['Read(./**)', 'Edit(./**)', 'Bash']);
  });
});

describe('arguments', () => {
  const value = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1];

  test('name the tools, the mode and the files', () => {
    const { args } = claudeCode.command(input);
    expect(value(args, '--tools')).toBe('Bash,Read,Edit,Write,Glob,Grep');
    expect(value(args, '--permission-mode')).toBe('default');
    expect(value(args, '--settings')).toBe('/run/session/settings.json');
    expect(value(args, '--mcp-config')).toBe(input.mcpConfig);
    expect(value(args, '--model')).toBe(input.model);
  });

  test('end with what the user put behind "--", after a flag that takes one value', () => {
    const { args } = claudeCode.command({ ...input, args: ['--verbose', 'fix the bug'] });
    expect(args.slice(-2)).toEqual(['--verbose', 'fix the bug']);
    expect(args.at(-4)).toBe('--append-system-prompt');
  });

  test.each([['--append-system-prompt'], ['--append-system-prompt-file'], ['--append-system-prompt=x']])(
    'leave the hint to write in parts out where the user has %s',
    (flag) => {
      const { args } = claudeCode.command({ ...input, args: [flag, 'x'] });
      expect(args.filter((arg) => arg.startsWith('--append-system-prompt'))).toEqual([flag]);
    },
  );
});

describe('flags that cclocal sets itself', () => {
  test.each([
    [['--model', 'opus'], '--model'],
    [['-c', '--settings={}'], '--settings'],
    [['--verbose', '--dangerously-skip-permissions'], '--dangerously-skip-permissions'],
    [['--setting-sources', 'user'], '--setting-sources'],
    [['--mcp-config', 'x.json'], '--mcp-config'],
    [['--tools', ''], '--tools'],
    [['--permission-mode=plan'], '--permission-mode'],
  ])('%j is refused', (args, flag) => {
    const refused = refusedFlag(claudeCode, args);
    expect(refused?.flag).toBe(flag);
    expect(refused?.instead).toMatch(/\w/);
  });

  test.each([[[]], [['--continue']], [['--model-name', 'x']], [['-p', 'what does --model do?']], [['--', '--model']]])(
    '%j passes',
    (args) => expect(refusedFlag(claudeCode, args)).toBeNull(),
  );
});

describe('version', () => {
  test.each([
    ['2.1.329 (Claude Code)\n', '2.1.329'],
    ['v2.2.0\n', '2.2.0'],
    ['command failed', null],
  ])('%j is %s', (text, version) => expect(claudeCode.version.parse(text)).toBe(version));

  test.each([
    [null, false],
    ['2.1.197', false],
    ['2.1.330', false],
    ['2.1.331', true],
    ['2.1.1000', true],
    ['10.0.0', true],
  ])('%s gets a word: %s', (version, word) => expect(agentWords(claudeCode, version) !== null).toBe(word));
});

test('the pasted line quotes what a shell would take apart', () => {
  const command = claudeCode.command({ ...input, sessionDir: "/tmp/it's a folder" });
  const line = claudeCode.pasteLine(command, 'claude');
  expect(line).toMatch(/^env -u ANTHROPIC_API_KEY /);
  expect(line).toContain(` CLAUDE_CONFIG_DIR=${input.configDir} claude --strict-mcp-config `);
  expect(line).toContain(String.raw`--settings '/tmp/it'\''s a folder/settings.json'`);
});
