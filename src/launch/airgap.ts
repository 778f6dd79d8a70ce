import { realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { fail } from '../errors.ts';
import { assets } from '../os/assets.ts';
import type { System } from '../os/system.ts';
import { isExecutable } from '../os/which.ts';
import type { AirgapPlan } from './plan.ts';

const sandboxExec = '/usr/bin/sandbox-exec';
/** The probe makes the namespaces and ends, ms. */
const deadlineMs = 10_000;

/**
 * Finds out what this machine has to keep an agent from the network: on Linux by making the very namespaces, on a Mac by
 * looking for sandbox-exec. Fails with `airgap-unavailable` where there is nothing: a promise that is not kept is worse.
 */
export async function findAirgap(
  system: Pick<System, 'platform' | 'probe' | 'userHome'>,
  python: string,
  cwd: string,
): Promise<AirgapPlan> {
  if (system.platform === 'darwin') {
    if (isExecutable(sandboxExec)) return { by: 'sandbox-exec', confinesFiles: false, python: null };
    return unavailable(`there is no ${sandboxExec}`);
  }
  const said = await system.probe(python, ['-I', '-B', assets.confineProgram, '--probe'], { deadlineMs });
  if (!said.ok) return unavailable(said.why);
  const word = said.stdout.trim();
  if (word !== 'files' && word !== 'network') return unavailable(word || 'the probe said nothing');
  // Writing in a folder that holds the user's own start-up files is as good as no limit.
  const holdsHome = !relative(realpathSync(cwd), realpathSync(system.userHome)).startsWith('..');
  return { by: 'namespace', confinesFiles: word === 'files' && !holdsHome, python };
}

function unavailable(problem: string): never {
  return fail({
    reason: 'airgap-unavailable',
    problem,
    hint: 'On Linux it needs user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns, or a container that allows them). Without --airgap the agent can be used; shell commands then ask first.',
  });
}
