import { existsSync } from 'node:fs';
import type { Doors } from './commands/context.ts';
import { parseArgv, type Parsed } from './commands/argv.ts';
import { dumpOnSignal, type Dumps } from './dump/on-signal.ts';
import { CclocalError, type Failure } from './errors.ts';
import { Interrupted } from './launch/lifeline.ts';
import type { Catalog } from './models/catalog.ts';
import { shippedCatalog } from './models/shipped-catalog.ts';
import { assets } from './os/assets.ts';
import { pathsFor, type Paths } from './os/paths.ts';
import { realSystem } from './os/real-system.ts';
import { redacted } from './os/secrets.ts';
import type { System } from './os/system.ts';
import { version } from './os/version.ts';
import { failureText } from './report/failure-text.ts';
import { Screen } from './report/screen.ts';
import { signalNumber } from './os/signals.ts';

/**
 * The exit codes of cclocal itself; the README prints this table. Everything else is the agent's own exit code, passed
 * through, and 128 + n for a death by signal n.
 */
export const exitCodes: Readonly<Record<Failure['reason'], number>> = {
  usage: 2,
  'needs-yes': 2,
  'platform-unsupported': 71,
  'cwd-gone': 72,
  'home-unusable': 73,
  'disk-full': 74,
  'bad-file': 75,
  'python-missing': 76,
  'setup-failed': 77,
  'engine-missing': 78,
  'model-unknown': 79,
  'model-gated': 80,
  'model-refused': 81,
  'model-not-here': 82,
  'hub-unreachable': 83,
  'download-stalled': 84,
  'memory-too-small': 85,
  'limit-not-raised': 86,
  'limit-not-restored': 86,
  'port-taken': 87,
  'engine-exited': 88,
  'engine-given-up': 88,
  'engine-not-ready': 89,
  'keeper-differs': 90,
  'keeper-failed': 91,
  'keeper-lost': 92,
  'keeper-stopped': 96,
  'agent-missing': 93,
  'agent-unstartable': 94,
  'agent-forbidden': 97,
  'airgap-unavailable': 98,
  'rehearsal-failed': 95,
  cancelled: 130,
};

/** A fault of cclocal's own, one that no failure describes. */
const exitFault = 70;

/** Runs cclocal and returns its exit code. The only place that catches. */
export async function main(argv: readonly string[], system: System = realSystem(), doors: Doors = {}): Promise<number> {
  const screen = new Screen(system);
  const paths = pathsFor(system.env, system.userHome);
  const dumps = dumpOnSignal(paths, () => screen.doing);
  try {
    return await dispatch({ argv, system, paths, screen, dumps }, doors);
  } catch (error) {
    screen.settle();
    if (error instanceof Interrupted) return 128 + signalNumber(error.signal);
    if (!(error instanceof CclocalError)) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      screen.say(`cclocal: a fault of its own, please report it:\n${redacted(detail, system.env)}`);
      return exitFault;
    }
    const { failure } = error;
    const text = failureText(failure);
    const code = exitCodes[failure.reason];
    // On one line, which is right for one document and for several.
    if (argv.includes('--json')) screen.jsonLine({ error: { reason: failure.reason, exitCode: code, ...text } });
    screen.say(`cclocal: ${text.what}`);
    screen.verbatim(text.next);
    return code;
  } finally {
    for (const path of await dumps.written()) screen.verbatim(`What every part was doing is written down in ${path}`);
  }
}

interface Start {
  readonly argv: readonly string[];
  readonly system: System;
  readonly paths: Paths;
  readonly screen: Screen;
  readonly dumps: Dumps;
}

async function dispatch({ argv, system, paths, screen, dumps }: Start, doors: Doors): Promise<number> {
  const { catalog, problem } = await openCatalog(paths.catalog);
  const typed = parseArgv(argv, catalog, version);
  const command = wanted(typed);
  if (command === 'help' || command === 'version') {
    screen.result(typed.help);
    return 0;
  }
  const context = { system, paths, screen, dumps, catalog, typed, ...doors };
  // A broken catalog of the user's must not stand in the way of looking around and cleaning up.
  if (problem !== null && needCatalog.has(command)) throw problem;
  switch (command) {
    case 'launch':
      return (await import('./commands/launch.ts')).launchCommand(context);
    case 'list':
      return (await import('./commands/list.ts')).listCommand(context);
    case 'pull':
      return (await import('./commands/pull.ts')).pullCommand(context);
    case 'fit':
      return (await import('./commands/fit.ts')).fitCommand(context);
    case 'bench':
      return (await import('./commands/bench.ts')).benchCommand(context);
    case 'rm':
      return (await import('./commands/rm.ts')).rmCommand(context);
    case 'setup':
      return (await import('./commands/setup.ts')).setupCommand(context);
    case 'status':
      return (await import('./commands/status.ts')).statusCommand(context);
    case 'stop':
      return (await import('./commands/stop.ts')).stopCommand(context);
    case 'logs':
      return (await import('./commands/logs.ts')).logsCommand(context);
    case 'dump':
      return (await import('./commands/dump.ts')).dumpCommand(context);
    case 'restore':
      return (await import('./commands/restore.ts')).restoreCommand(context);
    case 'clean':
      return (await import('./commands/clean.ts')).cleanCommand(context);
    case 'clients':
      return (await import('./commands/clients.ts')).clientsCommand(context);
    case 'uninstall':
      return (await import('./commands/uninstall.ts')).uninstallCommand(context);
    default:
      return command satisfies never;
  }
}

/** The reference's `--list` and `--rm` are flags; the commands of the same name do the same. */
function wanted(typed: Parsed): Parsed['command'] {
  if (typed.command !== 'launch') return typed.command;
  if (typed.options['list'] === true) return 'list';
  return typed.options['rm'] === true ? 'rm' : 'launch';
}

/** What makes nothing of a catalog that lacks the user's own rows. */
const needCatalog: ReadonlySet<Parsed['command']> = new Set(['launch', 'pull', 'list', 'fit', 'bench']);

/** The catalog; the code that reads a user's own is loaded only where there is one. */
async function openCatalog(userPath: string): Promise<{ catalog: Catalog; problem: CclocalError | null }> {
  if (!existsSync(userPath)) return { catalog: shippedCatalog(assets.catalog), problem: null };
  const { loadCatalog } = await import('./models/load-catalog.ts');
  try {
    return { catalog: loadCatalog({ shippedPath: assets.catalog, userPath }), problem: null };
  } catch (error) {
    if (!(error instanceof CclocalError)) throw error;
    return { catalog: shippedCatalog(assets.catalog), problem: error };
  }
}
