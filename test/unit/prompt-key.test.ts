import { expect, test } from 'vitest';
import { nothingAdmitted, type PromptInput } from '../../src/agents/agent.ts';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { shortPrompt } from '../../src/agents/claude-code/short-prompt.ts';
import type { Plan } from '../../src/launch/plan.ts';
import { promptKeyOf } from '../../src/launch/prompt-key.ts';
import { aPlan } from '../support/plans.ts';

const base: PromptInput = { version: '2.1.329', tools: ['Bash', 'Read'], shortPrompt: false, args: [] };
const key = (change: Partial<PromptInput> = {}): string | null => claudeCode.promptKey({ ...base, ...change });

test('sessions of one kind have one key, whatever is asked in them', () => {
  expect(key()).not.toBeNull();
  for (const args of [['--continue'], ['-r', 'some-id'], ['do this'], ['--verbose', '--', '--append-system-prompt']])
    expect(key({ args })).toBe(key());
  const once = key({ args: ['-p', 'one thing'] });
  expect(key({ args: ['another', '--print', '--output-format=json'] })).toBe(once);
});

test('what changes the prompt changes the key', () => {
  const keys = [
    key(),
    key({ version: '2.1.330' }),
    key({ tools: ['Bash', 'Read', 'WebFetch'] }),
    key({ shortPrompt: true }),
    key({ args: ['-p', 'x'] }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).not.toContain(null);
});

test.each([
  ['--append-system-prompt', 'my words'],
  ['--append-system-prompt=my words'],
  ['--system-prompt-file', 'mine.txt'],
  ['--agents', '{}'],
  ['--disallowedTools', 'Bash'],
  ['--a-flag-of-tomorrow'],
])('no key with %s: words of the user may be in the prompt', (...args) => {
  expect(key({ args })).toBeNull();
});

test('no key for a release that is not known', () => {
  expect(key({ version: null })).toBeNull();
});

test('the short prompt, with what is appended to it, keeps its promise of 1,200 bytes', () => {
  const { args } = claudeCode.command({
    ...{ baseUrl: 'http://127.0.0.1:1', token: 't', model: 'm', context: 32_768, outputTokens: 8_192, patienceMs: 1 },
    ...{
      tools: ['Bash'],
      preApproved: [],
      private: false,
      shortPrompt: true,
      configDir: '/c',
      sessionDir: '/s',
      statusLineFile: null,
    },
    ...{ mcpConfig: '/m', args: [], userEnv: {}, keepEnv: [], admitted: nothingAdmitted },
  });
  const after = (flag: string): string => args[args.indexOf(flag) + 1] ?? '';
  expect(after('--system-prompt')).toBe(shortPrompt);
  expect(Buffer.byteLength(after('--system-prompt') + after('--append-system-prompt'))).toBeLessThanOrEqual(1_200);
});

test('nothing of a private session is remembered, nor of one without an agent', () => {
  const plan = aPlan();
  const keyOf = (change: Partial<Plan>) => promptKeyOf({ agent: claudeCode, plan: { ...plan, ...change } });
  expect(keyOf({})).not.toBeNull();
  expect(keyOf({ session: { ...plan.session, privacy: 'private' } })).toBeNull();
  expect(keyOf({ keeper: { ...plan.keeper, privacy: 'private' } })).toBeNull();
  expect(keyOf({ session: { ...plan.session, agent: null } })).toBeNull();
});
