import type { AgentSettings, Rules } from '../agent.ts';
import { diverts } from './user-env.ts';

/** Where Claude Code's settings files stand, and what of them concerns a session on a local model. */
export const claudeSettings: AgentSettings = {
  project: ['.claude/settings.json', '.claude/settings.local.json'],
  projectMcp: '.mcp.json',
  own: { variable: 'CLAUDE_CONFIG_DIR', folder: '.claude', memory: 'CLAUDE.md', skills: 'skills' },
  keys: {
    files: ['.claude.json', 'settings.json', '.credentials.json'],
    holdsKey: (text) => /"(primaryApiKey|apiKeyHelper)"/.test(text),
    // A session signed in to an organisation's gateway comes before every token and key.
    outranksToken: (text) => /"enterpriseGateway"\s*:\s*\{/.test(text),
  },
  managed: (platform) => {
    const folder = platform === 'darwin' ? '/Library/Application Support/ClaudeCode' : '/etc/claude-code';
    return { files: [`${folder}/managed-settings.json`], folders: [`${folder}/managed-settings.d`] };
  },
  forbids,
  rules,
};

/** Settings of an organisation that ask for a login of its own, or run a helper for one. */
const logins = ['forceLoginMethod', 'forceLoginOrgUUID', 'forceLoginGatewayUrl', 'apiKeyHelper', 'otelHeadersHelper'];

function forbids(settings: unknown): { readonly setting: string; readonly why: string } | null {
  const whole = object(settings);
  const login = logins.find((name) => isSet(whole[name]));
  if (login !== undefined) {
    return {
      setting: login,
      why: 'it asks for a login of the organisation, which a session on a local model has none of',
    };
  }
  if (Array.isArray(whole['availableModels'])) {
    return {
      setting: 'availableModels',
      why: 'it lists the models that may be used, and local ones are not among them',
    };
  }
  const diverting = Object.entries(object(whole['env'])).find(([name, value]) => diverts(name) && isSet(value));
  return diverting === undefined
    ? null
    : { setting: `env.${diverting[0]}`, why: 'it would send requests, or reports of them, somewhere else' };
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '' && value !== false;

function rules(settings: unknown, folder: string): Rules {
  const permissions = object(object(settings)['permissions']);
  const list = (name: string): readonly string[] => {
    const found = permissions[name];
    return Array.isArray(found)
      ? found.filter((one) => typeof one === 'string').map((one) => anchored(one, folder))
      : [];
  };
  return { deny: list('deny'), ask: list('ask') };
}

/** In a project's file a path that begins with one slash means the project's folder; in ours it would mean ours. */
function anchored(rule: string, folder: string): string {
  const path = /^(\w+)\((\/(?!\/).*)\)$/.exec(rule);
  return path === null ? rule : `${path[1] ?? ''}(/${folder}${path[2] ?? ''})`;
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
