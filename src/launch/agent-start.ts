import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Agent, AgentCommand } from '../agents/agent.ts';
import { fail } from '../errors.ts';
import { ensureDir0700, fileFailure, errorCode, writePrivate } from '../os/files.ts';
import { SpawnError, startOnTerminal, type Started } from '../os/spawn.ts';
import type { AgentFacts } from './facts.ts';

/**
 * Writes the files and starts the agent on the terminal, in the terminal's own process group, so that Ctrl-C is the
 * agent's (the lifeline ignores it meanwhile). `stdout: 'stderr'` keeps standard output for cclocal's own document;
 * `errorFile` takes what the agent says on standard error.
 * Fails with `agent-missing`, `agent-unstartable`, or what a file of ours failed with.
 */
export async function startAgent({
  facts,
  agent,
  command,
  cwd,
  stdout,
  errorFile,
}: {
  readonly facts: AgentFacts;
  readonly agent: Pick<Agent, 'label' | 'install'>;
  readonly command: AgentCommand;
  readonly cwd: string;
  readonly stdout?: 'stderr';
  readonly errorFile?: string;
}): Promise<Started> {
  if (facts.path === null) return fail({ reason: 'agent-missing', agent: agent.label, install: agent.install });
  agentFiles(command);
  try {
    const streams = { ...(stdout && { stdout }), ...(errorFile !== undefined && { errorFile }) };
    return await startOnTerminal(facts.path, command.args, { env: command.env, cwd, ...streams });
  } catch (error) {
    if (!(error instanceof SpawnError)) throw error;
    return fail({ reason: 'agent-unstartable', file: facts.path, problem: unstartable(error.code) }, { cause: error });
  }
}

/** Writes what the agent reads at its start: seeds only where nothing stands yet, everything else anew, all 0600. */
export function agentFiles(command: Pick<AgentCommand, 'files'> & Partial<Pick<AgentCommand, 'links'>>): void {
  for (const { path, content, once } of command.files) {
    if (once && existsSync(path)) continue;
    ensureDir0700(dirname(path));
    if (once) writePrivate(path, content);
    else writeForSession(path, content);
  }
  for (const { path, target } of command.links ?? []) {
    ensureDir0700(dirname(path));
    rmSync(path, { force: true });
    symlinkSync(target, path);
  }
}

/** A file that no later session needs is not synced to the disk: that would stand between the user and the prompt. */
function writeForSession(path: string, content: string): void {
  try {
    rmSync(path, { force: true });
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const failure = fileFailure(errorCode(error), path);
    if (failure === null) throw error;
    fail(failure, { cause: error });
  }
}

function unstartable(code: string): string {
  if (code === 'ENOENT') return 'the file, or the program it names in its first line, is not there';
  if (code === 'EACCES') return 'it may not be executed';
  if (code === 'ENOEXEC' || code === 'EBADARCH') return 'it was made for another kind of machine';
  return code;
}
