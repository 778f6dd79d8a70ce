import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nothingAdmitted } from '../../src/agents/agent.ts';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { admit } from '../../src/launch/admit.ts';
import { memoryText } from '../../src/launch/memory-text.ts';
import type { LaunchRequest } from '../../src/launch/request.ts';
import { aRequest } from '../support/plans.ts';

let folder: string;
let where: { cwd: string; configDir: string; managedRoot: string };

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ccl-u-')));
  where = { cwd: join(folder, 'project'), configDir: join(folder, 'config'), managedRoot: join(folder, 'root') };
  mkdirSync(where.cwd);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, content: unknown): string => {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};
const admitted = (request: Partial<LaunchRequest> = {}, platform: NodeJS.Platform = 'linux') =>
  admit(claudeCode, aRequest(request), { env: {}, userHome: join(folder, 'home'), platform }, where);
const failing = (request: Partial<LaunchRequest> = {}, platform: NodeJS.Platform = 'linux') =>
  expect(admitted(request, platform)).rejects;

test('nothing, where there is nothing and nothing was asked for', async () => {
  expect(await admitted()).toEqual(nothingAdmitted);
});

describe('a project', () => {
  test('its deny and ask hold, from both files, with paths that keep their meaning; nothing else of it', async () => {
    put('project/.claude/settings.json', {
      env: { ANTHROPIC_BASE_URL: 'http://trap' },
      permissions: {
        allow: ['Bash'],
        deny: ['Read(/secret/**)', 'Read(//etc/**)', 'Read(./a)', 7],
        ask: ['Bash(rm *)'],
      },
    });
    put('project/.claude/settings.local.json', { permissions: { deny: ['WebFetch'] } });
    expect(await admitted()).toEqual({
      ...nothingAdmitted,
      rules: {
        deny: [`Read(/${where.cwd}/secret/**)`, 'Read(//etc/**)', 'Read(./a)', 'WebFetch'],
        ask: ['Bash(rm *)'],
      },
    });
  });

  test('settings that cannot be read are refused: what they forbid would be lost', async () => {
    put('project/.claude/settings.json', '{ "permissions": { "deny": ["Read(x)"], } }');
    await failing().toMatchObject({ failure: { reason: 'bad-file', line: 1 } });
  });

  test('with trust, its MCP servers come too', async () => {
    const file = put('project/.mcp.json', { mcpServers: {} });
    expect((await admitted()).mcp).toEqual([]);
    expect(await admitted({ trustProject: true })).toMatchObject({ project: true, mcp: [file], otherKey: true });
  });
});

describe("the user's own", () => {
  test('memory, MCP file and skills by name or folder', async () => {
    const memory = put('home/.claude/CLAUDE.md', 'Be brief.');
    const mcp = put('project/servers.json', '{}');
    const named = dirname(put('home/.claude/skills/greet/SKILL.md', 'x'));
    const other = dirname(put('skills/one/SKILL.md', 'x'));
    const asked = { withMemory: true, mcp: 'servers.json', skills: ['greet', join(folder, 'skills')] };
    expect(await admitted(asked)).toEqual({
      ...nothingAdmitted,
      ...{ memory, mcp: [mcp] },
      skills: [
        { name: 'greet', folder: named },
        { name: 'one', folder: other },
      ],
    });
  });

  test.each([
    { withMemory: true },
    { mcp: 'missing.json' },
    { skills: ['missing'] },
    { skills: ['./missing'] },
  ] satisfies Partial<LaunchRequest>[])('%j that is not there is said', async (asked) => {
    await failing(asked).toMatchObject({ failure: { reason: 'usage' } });
  });

  test.each(['.claude.json', 'settings.json'])("a key in the profile's %s is noticed", async (name) => {
    put(`config/${name}`, name === 'settings.json' ? { apiKeyHelper: 'x' } : { primaryApiKey: 'k' });
    expect((await admitted()).otherKey).toBe(true);
  });

  test('a session signed in to a gateway is refused, where it would be used', async () => {
    put('home/.claude/.credentials.json', { enterpriseGateway: { url: 'https://gateway' } });
    expect((await admitted()).otherKey).toBe(false);
    await failing({ shareConfig: true }).toMatchObject({ failure: { reason: 'usage' } });
    put('config/.credentials.json', { enterpriseGateway: { url: 'https://gateway' } });
    await failing().toMatchObject({ failure: { reason: 'usage' } });
  });
});

describe("an organisation's settings", () => {
  const linux = 'root/etc/claude-code/managed-settings.json';
  test.each([
    [{ forceLoginMethod: 'claudeai' }, 'forceLoginMethod'],
    [{ forceLoginOrgUUID: 'x' }, 'forceLoginOrgUUID'],
    [{ apiKeyHelper: '/bin/key' }, 'apiKeyHelper'],
    [{ availableModels: ['opus'] }, 'availableModels'],
    [{ env: { CLAUDE_CODE_USE_BEDROCK: '1' } }, 'env.CLAUDE_CODE_USE_BEDROCK'],
    [{ env: { ANTHROPIC_BASE_URL: 'https://x' } }, 'env.ANTHROPIC_BASE_URL'],
    [{ env: { HTTPS_PROXY: 'http://x' } }, 'env.HTTPS_PROXY'],
    [{ env: { OTEL_LOGS_EXPORTER: 'otlp' } }, 'env.OTEL_LOGS_EXPORTER'],
  ])('%j rule it out', async (settings, setting) => {
    const path = put(linux, settings);
    await failing().toMatchObject({ failure: { reason: 'agent-forbidden', path, setting } });
  });

  test('are looked for in the folder beside the file, and where a Mac has them', async () => {
    put('root/etc/claude-code/managed-settings.d/10-x.json', { forceLoginMethod: 'console' });
    await failing().toMatchObject({ failure: { reason: 'agent-forbidden' } });
    expect(await admitted({}, 'darwin')).toEqual(nothingAdmitted);
    put('root/Library/Application Support/ClaudeCode/managed-settings.json', { forceLoginMethod: 'console' });
    await failing({}, 'darwin').toMatchObject({ failure: { reason: 'agent-forbidden' } });
  });

  test('that only restrict are no obstacle', async () => {
    put(linux, { permissions: { deny: ['WebFetch'] }, env: { EDITOR: 'vi', CLAUDE_CODE_USE_BEDROCK: '' } });
    expect(await admitted()).toEqual(nothingAdmitted);
  });
});

describe("the text of the user's memory", () => {
  test('has its imports in it, but not those in code, and what cannot be read stays', () => {
    put('home/.claude/more.md', 'more, and @deep/x.md');
    put('home/.claude/deep/x.md', 'deep');
    const path = put('home/.claude/CLAUDE.md', 'See @more.md and `@more.md` and @missing.md, a@b.c');
    expect(memoryText(path)).toBe('See more, and deep and `@more.md` and @missing.md, a@b.c');
  });

  test('does not run in a circle', () => {
    const path = put('home/.claude/CLAUDE.md', 'again @CLAUDE.md');
    expect(memoryText(path)).toContain('again again');
  });
});
