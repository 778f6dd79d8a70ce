import type { System } from '../os/system.ts';
import { known, unaskedMachine, unknown, type Machine } from './machine.ts';
import { parseMacos, parseWhole } from './parse.ts';

/** These answer in milliseconds, so this only bounds what is broken. */
const deadlineMs = 1_500;

/**
 * This machine, or the recording that CCLOCAL_MACHINE names, as if nothing ran on it: the RAM, the limit and the system.
 * Three short questions, where the whole of `readMachine` also waits for Metal and for what others hold: enough to say
 * whether a model fits here at all. Fails with `bad-file` for the recording.
 */
export async function machineAtRest(system: System): Promise<Machine> {
  const recording = system.env['CCLOCAL_MACHINE'];
  if (recording) {
    const { recordedMachine } = await import('./recorded.ts');
    return atRest(recordedMachine(recording));
  }
  const unasked = unaskedMachine(system, 'not asked');
  if (system.platform !== 'darwin') return unasked;
  const env = { LC_ALL: 'C', HOME: system.userHome };
  const ask = async <T>(file: string, args: readonly string[], parse: (text: string) => T | null) => {
    const answer = await system.probe(file, args, { deadlineMs, env });
    const value = answer.ok ? parse(answer.stdout) : null;
    return value === null ? unknown(`${file} did not say`) : known(value);
  };
  const [ramBytes, wiredLimitMiB, macos] = await Promise.all([
    ask('/usr/sbin/sysctl', ['-n', 'hw.memsize'], parseWhole),
    ask('/usr/sbin/sysctl', ['-n', 'iogpu.wired_limit_mb'], parseWhole),
    ask('/usr/bin/sw_vers', ['-productVersion'], parseMacos),
  ]);
  return atRest({ ...unasked, ramBytes, wiredLimitMiB, macos });
}

function atRest(machine: Machine): Machine {
  const none = unknown('not asked');
  return { ...machine, availableBytes: none, pressure: none, gpuInUseBytes: none, engines: known([]) };
}
