import { describe, expect, test } from 'vitest';
import { looksSecret, redacted, secretName, withoutSecrets } from '../../src/os/secrets.ts';

const secrets = [
  'sk-ant-api03-abcdefgh12345678',
  'sk-proj-abcdefghijklmnopqrstuvwx',
  'AKIAIOSFODNN7EXAMPLE',
  'AIzaSyA1234567890abcdefghijklmnopqrstu',
  'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
  'github_pat_11ABCDEFG0abcdefghijkl',
  'glpat-abcdefghijklmnop',
  'hf_abcdefghijklmnopqrstuvwxyz',
  'xoxb-1234567890-abcdef',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl',
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----',
  'http://user:pass-word@proxy.example:3128',
];

test.each(secrets)('%s looks like a secret', (secret) => {
  expect(looksSecret(secret)).toBe(true);
  expect(looksSecret(`before ${secret} behind`)).toBe(true);
});

test.each([
  '/usr/bin:/bin:/opt/homebrew/bin',
  '/private/tmp/com.apple.launchd.abc/Listeners',
  'en_US.UTF-8',
  'http://proxy.example:3128',
  'ssh -i ~/.ssh/id_ed25519',
  'task-antelope-something',
  'mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit',
])('%s does not', (text) => expect(looksSecret(text)).toBe(false));

test.each([
  ['ANTHROPIC_API_KEY', true],
  ['HF_TOKEN', true],
  ['AWS_SECRET_ACCESS_KEY', true],
  ['AWS_ACCESS_KEY_ID', true],
  ['GOOGLE_APPLICATION_CREDENTIALS', true],
  ['DB_PASSWORD', true],
  ['AWS_REGION', false],
  ['PATH', false],
  ['SSH_AUTH_SOCK', false],
  ['MONKEY', false],
])('%s holds a secret: %s', (name, is) => expect(secretName(name)).toBe(is));

describe('an environment', () => {
  const env = { PATH: '/bin', GIT_SSH_COMMAND: `x ${secrets[0] ?? ''}`, PAGER: 'less', GONE: undefined };

  test('loses the values that look like one', () => {
    expect(withoutSecrets(env, [])).toEqual({ PATH: '/bin', PAGER: 'less', GONE: undefined });
  });

  test('keeps what was asked for by name', () => {
    expect(withoutSecrets(env, ['GIT_SSH_COMMAND'])).toEqual(env);
  });
});

describe('a text', () => {
  test.each(secrets.slice(0, -1))('without %s', (secret) => {
    expect(redacted(`before ${secret} behind`)).toBe('before (removed) behind');
  });

  test('keeps the host of an address with a password', () => {
    expect(redacted('http://user:pass-word@proxy:1/x')).toBe('http://user:(removed)@proxy:1/x');
  });

  test('without the values of variables that hold secrets by their name, but not without short ones', () => {
    const env = { COMPANY_TOKEN: 'abc-123-def', OTHER_KEY: 'on', HOME: '/home/u' };
    expect(redacted('it said abc-123-def on /home/u', env)).toBe('it said (removed) on /home/u');
  });
});

test('what a text names as a secret goes, figures stay', () => {
  expect(redacted('MY_API_KEY=opensesame token: "hunter2hunter2" AWS_SECRET_ACCESS_KEY=wJalrXUt/nFEMI')).toBe(
    'MY_API_KEY=(removed) token: "(removed)" AWS_SECRET_ACCESS_KEY=(removed)',
  );
  const text =
    'tokens: 1234567\n"outputTokens": 4096, context 32768 tokens, max_tokens=8192, task-list, sk-ip, token bucket';
  expect(redacted(text)).toBe(text);
});
