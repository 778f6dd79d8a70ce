import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import type { Agent, AgentSettings, Rules } from '../agents/agent.ts';
import { fail } from '../errors.ts';
import { readSmallFile } from '../os/files.ts';
import type { System } from '../os/system.ts';
import type { SessionPlan } from './plan.ts';
import type { LaunchRequest } from './request.ts';

export type AdmittedPlan = SessionPlan['admitted'];

/** The user's own configuration folder of an agent, as the agent finds it. */
export function ownFolder({ own }: AgentSettings, { env, userHome }: Pick<System, 'env' | 'userHome'>): string {
  return env[own.variable] || join(userHome, own.folder);
}

/**
 * What of the project's and the user's own set-up a session gets: a project's restrictions always, everything else where
 * it was asked for. Fails with `usage` for a file or skill that is not there, with `bad-file` for a project's settings
 * that cannot be read (its restrictions would be lost without a word), with `agent-forbidden` where an organisation's
 * settings rule it out.
 */
export async function admit(
  agent: Pick<Agent, 'settings' | 'label'>,
  request: LaunchRequest,
  system: Pick<System, 'env' | 'userHome' | 'platform'>,
  { cwd, configDir, managedRoot = '' }: Where,
): Promise<AdmittedPlan> {
  const { settings } = agent;
  await refuseManaged(agent, system.platform, managedRoot);
  const own = ownFolder(settings, system);
  const kept = keysIn(settings, request.shareConfig ? own : configDir);
  return {
    rules: await projectRules(settings, cwd),
    project: request.trustProject,
    mcp: [...fileNamed('--mcp', request.mcp, cwd), ...projectMcp(settings, request, cwd)],
    memory: request.withMemory ? memoryFile(settings, own) : null,
    skills: request.skills.flatMap((name) => skillsNamed(name, join(own, settings.own.skills), cwd)),
    sharedConfig: request.shareConfig,
    otherKey: kept || request.shareConfig || request.trustProject,
  };
}

export interface Where {
  /** The project's folder. */
  readonly cwd: string;
  /** cclocal's own configuration folder of the agent. */
  readonly configDir: string;
  /** Folder below which an organisation's files are looked for; another than the root in tests. */
  readonly managedRoot?: string;
}

/** Whether a key stands in a configuration folder. Fails with `usage` where a login does that outranks the token. */
function keysIn({ keys }: AgentSettings, folder: string): boolean {
  const texts = keys.files.map((name) => readSmallFile(join(folder, name), mostBytes) ?? '');
  if (texts.some((text) => keys.outranksToken(text))) {
    fail({
      reason: 'usage',
      problem: `The agent is signed in to a gateway of an organisation in ${folder}, which comes before every other address.`,
      hint: 'Type /logout in Claude Code there, or use another folder (leave --share-config out).',
    });
  }
  return texts.some((text) => keys.holdsKey(text));
}

/** The agent's own state file grows with its use, bytes. */
const mostBytes = 16 * 1024 ** 2;

async function projectRules(settings: AgentSettings, cwd: string): Promise<Rules> {
  const found: Rules[] = [];
  for (const path of settings.project.map((file) => join(cwd, file)).filter((file) => existsSync(file))) {
    const hint = 'Mend it: what it forbids the agent could not be read.';
    found.push(settings.rules(await jsonOf(path, hint), cwd));
  }
  return { deny: found.flatMap(({ deny }) => deny), ask: found.flatMap(({ ask }) => ask) };
}

/** Loaded only where there is a file to read. */
async function jsonOf(path: string, hint: string): Promise<unknown> {
  const { readJsonFile } = await import('../models/json-file.ts');
  return readJsonFile(path, hint).value;
}

async function refuseManaged({ settings, label }: Pick<Agent, 'settings' | 'label'>, platform: string, root: string) {
  const { files, folders } = settings.managed(platform);
  const inFolders = folders.flatMap((folder) => filesIn(root + folder).filter((path) => path.endsWith('.json')));
  for (const path of [...files.map((file) => root + file).filter((file) => existsSync(file)), ...inFolders]) {
    const forbids = settings.forbids(await jsonOf(path, 'It is your administrator who can mend it.'));
    if (forbids !== null) fail({ reason: 'agent-forbidden', agent: label, path, ...forbids });
  }
}

function fileNamed(flag: string, path: string | null, cwd: string): readonly string[] {
  if (path === null) return [];
  const file = resolve(cwd, path);
  if (!isFile(file)) {
    fail({ reason: 'usage', problem: `${flag}: there is no file ${file}.`, hint: 'Name a file that exists.' });
  }
  return [file];
}

const projectMcp = (settings: AgentSettings, { trustProject }: LaunchRequest, cwd: string): readonly string[] =>
  trustProject ? [join(cwd, settings.projectMcp)].filter(isFile) : [];

function memoryFile(settings: AgentSettings, own: string): string {
  const path = join(own, settings.own.memory);
  if (isFile(path)) return path;
  return fail({
    reason: 'usage',
    problem: `--with-memory: there is no file ${path}.`,
    hint: 'Leave out --with-memory, or write that file.',
  });
}

const skillFile = 'SKILL.md';

/** A skill of the user's by its name, one by its folder, or all of a folder. */
function skillsNamed(name: string, ownSkills: string, cwd: string): AdmittedPlan['skills'] {
  const isPath = isAbsolute(name) || name.startsWith('.') || name.includes('/');
  const folder = isPath ? resolve(cwd, name) : join(ownSkills, name);
  if (isFile(join(folder, skillFile))) return [{ name: basename(folder), folder }];
  const within = isPath ? filesIn(folder).filter((path) => isFile(join(path, skillFile))) : [];
  if (within.length > 0) return within.map((path) => ({ name: basename(path), folder: path }));
  return fail({
    reason: 'usage',
    problem: `--skills: there is no ${skillFile} in ${folder}${isPath ? ' or in a folder of it' : ''}.`,
    hint: `Name skills of ${ownSkills}, or a folder with skills.`,
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whole paths of what a folder holds, in their order; nothing where there is no such folder. */
function filesIn(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
    : [];
}
