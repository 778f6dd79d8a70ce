import type { Agent, AgentCommand, AgentInput } from './agent.ts';
import { flags, ownFlags, printsOnly } from './claude-code/flags.ts';
import { pasteLine } from './claude-code/paste.ts';
import { promptKey } from './claude-code/prompt-key.ts';
import { seed } from './claude-code/seed.ts';
import { admittedFiles, skillLinks } from './claude-code/admitted.ts';
import { claudeSettings } from './claude-code/settings-files.ts';
import { sessionEnv } from './claude-code/session-env.ts';
import { settings, tokenFile } from './claude-code/settings.ts';
import { keepEnv, keptEnv, ownVariable } from './claude-code/user-env.ts';
import { tested } from './claude-code/versions.ts';

/** Claude Code, as npm and its own installer bring it. What was measured of it is cited where it is used. */
export const claudeCode: Agent = {
  id: 'claude-code',
  label: 'Claude Code',
  program: 'claude',
  install: 'npm install -g @anthropic-ai/claude-code',
  version: { args: ['--version'], parse: (text) => /^\s*v?(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? null },
  tested,
  keepEnv,
  ownVariable,
  settings: claudeSettings,
  tools: {
    base: ['Bash', 'Read', 'Edit', 'Write', 'Glob', 'Grep'],
    // WebSearch runs on Anthropic's servers and is dead here.
    web: ['WebFetch'],
    preApproved: ['Read', 'Edit', 'Write', 'Glob', 'Grep'],
    withTrust: ['Bash'],
    skills: ['Skill'],
  },
  ownFlags,
  command,
  promptKey,
  printArgs: (prompt) => ['-p', prompt],
  continueArgs: (args) => (printsOnly(args) ? null : ['--continue']),
  pasteLine,
};

/**
 * Settings files then have no say in provider, address and login. Only in the environment: 2.1.329 heeds it there (a key
 * in the profile stays at home), 2.1.197 does in part, and in a settings file it would concern ours too.
 */
const managedByHost = { CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: '1' };

function command(input: AgentInput): AgentCommand {
  const settingsFile = `${input.sessionDir}/settings.json`;
  return {
    args: flags(input, settingsFile),
    env: { ...keptEnv(input), ...sessionEnv(input), ...managedByHost, ...configDir(input) },
    files: [
      { path: settingsFile, content: settings(input), mode: 0o600, once: false },
      ...(input.admitted.sharedConfig
        ? []
        : [{ path: `${input.configDir}/.claude.json`, content: seed(), mode: 0o600, once: true } as const]),
      ...(input.admitted.otherKey
        ? [{ path: tokenFile(input), content: input.token, mode: 0o600, once: false } as const]
        : []),
      ...admittedFiles(input),
    ],
    links: skillLinks(input),
  };
}

/** The user's own folder is found as the agent finds it without cclocal: by the same variable, or by none. */
function configDir({ admitted, configDir, userEnv }: AgentInput): Record<string, string> {
  if (!admitted.sharedConfig) return { CLAUDE_CONFIG_DIR: configDir };
  const own = userEnv['CLAUDE_CONFIG_DIR'];
  return own ? { CLAUDE_CONFIG_DIR: own } : {};
}
