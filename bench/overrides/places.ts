import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nothingAdmitted, type AgentInput } from '../../src/agents/agent.ts';
import type { AgentRig } from '../../test/support/agent-rig.ts';
import { realMark, type Diversion } from './diversions.ts';

export interface Laid {
  /** Variables of the shell that cclocal is started from. */
  readonly userEnv?: Record<string, string>;
  /** What the session was asked for. */
  readonly change?: Partial<AgentInput>;
}

/** A place where a diversion can stand. */
export interface Place {
  readonly name: string;
  /** Commands of theirs may run here: the user said so, or they are the user's own. Requests and tokens stay, even so. */
  readonly mayRun: boolean;
  readonly lay: (rig: AgentRig, what: Diversion, trap: string, mark: string) => Laid;
}

function settingsIn(path: string, what: Diversion, trap: string, mark: string): void {
  write(path, JSON.stringify({ env: what.env(trap), ...what.settings?.(mark) }));
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const inSettings = (
  name: string,
  path: (rig: AgentRig) => string,
  rest: Partial<Place> & { change?: Laid } = {},
): Place => ({
  name,
  mayRun: rest.mayRun ?? false,
  lay: (rig, what, trap, mark) => {
    settingsIn(path(rig), what, trap, mark);
    return rest.change ?? {};
  },
});

/** A login and an approved key, as the agent keeps them. */
function logIn(folder: string, state: string): void {
  const accessToken = `sk-ant-oat01-${realMark}-login`;
  const scopes = ['user:inference', 'user:profile'];
  const login = {
    accessToken,
    refreshToken: `sk-ant-ort01-${realMark}`,
    expiresAt: 4e12,
    scopes,
    subscriptionType: 'max',
  };
  write(join(folder, '.credentials.json'), JSON.stringify({ claudeAiOauth: login }));
  const primaryApiKey = `sk-ant-api03-${realMark}-approved-key`;
  const customApiKeyResponses = { approved: [primaryApiKey.slice(-20)], rejected: [] };
  const seen = { hasCompletedOnboarding: true, lastOnboardingVersion: '2.1.329', theme: 'dark' };
  write(state, JSON.stringify({ ...seen, primaryApiKey, customApiKeyResponses }));
}

const project = (file: string) => (rig: AgentRig) => join(rig.project, '.claude', file);

export const places: readonly Place[] = [
  {
    name: 'the shell',
    mayRun: false,
    lay: (rig, what, trap) => ({ userEnv: { ...rig.userEnv, ...what.env(trap) } }),
  },
  {
    name: '.env and bunfig.toml',
    mayRun: false,
    lay: (rig, what, trap, mark) => {
      const lines = Object.entries(what.env(trap)).map(([name, value]) => `${name}='${value}'`);
      for (const file of ['.env', '.env.local', '.env.production']) write(join(rig.project, file), lines.join('\n'));
      write(join(rig.project, 'bunfig.toml'), 'preload = ["./preload.js"]\n');
      write(join(rig.project, 'preload.js'), `require('fs').writeFileSync(${JSON.stringify(mark)}, '')\n`);
      return {};
    },
  },
  inSettings('~/.claude/settings.json', (rig) => join(rig.home, '.claude/settings.json')),
  inSettings('project settings.json', project('settings.json')),
  inSettings('project settings.local.json', project('settings.local.json')),
  // cclocal's own folder is the user's too: what stands in it was put there on purpose.
  inSettings("the agent's own folder", (rig) => join(rig.configDir, 'settings.json'), {
    mayRun: true,
    change: { change: { admitted: { ...nothingAdmitted, otherKey: true } } },
  }),
  {
    name: 'a saved login and key',
    mayRun: false,
    lay: (rig, what, trap, mark) => {
      settingsIn(join(rig.home, '.claude/settings.json'), what, trap, mark);
      logIn(join(rig.home, '.claude'), join(rig.home, '.claude.json'));
      logIn(rig.configDir, join(rig.configDir, '.claude.json'));
      return { change: { admitted: { ...nothingAdmitted, otherKey: true } } };
    },
  },
  {
    name: '--share-config',
    mayRun: true,
    lay: (rig, what, trap, mark) => {
      settingsIn(join(rig.home, '.claude/settings.json'), what, trap, mark);
      logIn(join(rig.home, '.claude'), join(rig.home, '.claude.json'));
      return { change: { admitted: { ...nothingAdmitted, sharedConfig: true, otherKey: true } } };
    },
  },
  inSettings('--trust-project', project('settings.json'), {
    mayRun: true,
    change: { change: { admitted: { ...nothingAdmitted, project: true, otherKey: true } } },
  }),
];

/** The places whose diversions can stand there together. */
export const allAtOnce: Place = {
  name: 'all of them together',
  mayRun: false,
  lay: (rig, what, trap, mark) => {
    const laid = places.filter(({ mayRun }) => !mayRun).map(({ lay }) => lay(rig, what, trap, mark));
    return Object.assign({}, ...laid) as Laid;
  },
};
