import { CclocalError, fail } from '../errors.ts';
import { askKeepers } from '../keeper/ask.ts';
import { betterEngine, type BetterEngine } from '../launch/bench/better-engine.ts';
import { knownBench, keepBench } from '../launch/bench/results-file.ts';
import { resultsOf, type BenchResult } from '../launch/bench/results.ts';
import { runBench } from '../launch/bench/run-bench.ts';
import { engineChoices, engineNames, nameOf, type EngineName } from '../launch/engine-choice.ts';
import { lastChoice } from '../launch/last-choice.ts';
import { makeRequest } from '../launch/make-request.ts';
import { menuFacts, type MenuFacts } from '../launch/menu-facts.ts';
import { thisMachine } from '../launch/this-machine.ts';
import { useHome } from '../launch/use-home.ts';
import { nearest } from '../models/nearest.ts';
import { machineIdentity } from '../preflight/machine-identity.ts';
import { benchProgressText, benchTable, betterText } from '../report/bench-text.ts';
import { failureText } from '../report/failure-text.ts';
import type { Context } from './context.ts';

interface Run {
  readonly facts: MenuFacts;
  readonly engine: EngineName;
}

/**
 * `cclocal bench [row…]`: how fast models are read and written here. Without a name, those that are ready and fit; each
 * on its row's engine, on the one that --engine names, or with --all-engines on all. What it finds is remembered for the
 * menu. Starts engines one after the other, and leaves none; Ctrl-C ends it.
 */
export async function benchCommand(context: Context): Promise<number> {
  const { system, paths, screen, typed } = context;
  await refuseCompany(context);
  const machine = await thisMachine(context);
  const facts = menuFacts({ ...context, machine, last: lastChoice(paths) });
  const chosen = typed.args.length > 0 ? typed.args.map((word) => named(word, facts)) : usual(facts, system.platform);
  const runs = [...new Set(chosen)].flatMap((one) =>
    enginesFor(one, context).map((engine): Run => ({ facts: one, engine })),
  );
  useHome(paths);
  const done: { readonly run: Run; readonly result: BenchResult }[] = [];
  const failed: { readonly run: Run; readonly error: CclocalError }[] = [];
  for (const [index, run] of runs.entries()) {
    const { row, choice } = run.facts;
    const onProgress = (share: number, doing: string): void => {
      const text = `${row.label} on ${run.engine}: ${doing}`;
      screen.live(`bench ${index}`, benchProgressText((index + share) / runs.length, text, system.tty.columns));
    };
    try {
      onProgress(0, 'starting');
      const identity = machineIdentity(machine);
      const result = await runBench({ ...context, choice, engine: run.engine, machine: identity, onProgress });
      if (result === null) continue;
      keepBench(paths, result);
      done.push({ run, result });
    } catch (error) {
      // One that does not run is told at the end; the others are still of interest.
      if (!(error instanceof CclocalError) || error.failure.reason === 'cancelled' || runs.length === 1) throw error;
      failed.push({ run, error });
    } finally {
      screen.settle();
    }
  }
  return report(context, machineIdentity(machine), runs, done, failed);
}

/** The figures of an engine that shares the machine with another would be wrong, and so would be the other's answers. */
async function refuseCompany({ paths }: Context): Promise<void> {
  const { keepers, silent } = await askKeepers(paths);
  if (keepers.length + silent.length === 0) return;
  fail({
    reason: 'usage',
    problem: `${keepers[0]?.model ?? 'A model'} is running, and would be disturbed by a measurement, and disturb it.`,
    hint: 'End it first: cclocal stop',
  });
}

/** Flag, alias or id of something that is here. */
function named(word: string, facts: readonly MenuFacts[]): MenuFacts {
  const name = word.replace(/^--/, '').toLowerCase();
  const found = facts.find(
    ({ row, choice }) =>
      row.id.toLowerCase() === name || (choice.kind === 'row' && [row.flag, ...row.aliases].includes(name)),
  );
  if (found === undefined) {
    const near = nearest(
      name,
      facts.flatMap(({ row, choice }) => (choice.kind === 'row' ? [row.flag, row.id] : [row.id])),
    );
    const hint = near === null ? 'Type cclocal list for the models that are here.' : `Did you mean ${near}?`;
    return fail({ reason: 'usage', problem: `There is no model "${word}" here.`, hint });
  }
  if (isReady(found)) return found;
  return fail({
    reason: 'usage',
    problem: `${found.row.label} is not here yet, so there is nothing to measure.`,
    hint: `Fetch it first: cclocal pull ${name}`,
  });
}

/** The rehearsal is built where it is missing. */
const isReady = ({ row, weights }: MenuFacts): boolean => weights.complete || row.flag === 'rehearsal';

/** What is ready and fits; where no model of the catalog runs at all, the rehearsal. */
function usual(facts: readonly MenuFacts[], platform: NodeJS.Platform): readonly MenuFacts[] {
  const models = facts.filter(
    ({ row, weights, found }) => row.flag !== 'rehearsal' && weights.complete && found.verdict === 'fits',
  );
  if (platform !== 'darwin') return facts.filter(({ row }) => row.flag === 'rehearsal');
  if (models.length > 0) return models;
  return fail({
    reason: 'usage',
    problem: 'No model is here that is complete and fits this Mac.',
    hint: 'Fetch one first: cclocal pull, or try the chain alone: cclocal bench rehearsal',
  });
}

function enginesFor({ row }: MenuFacts, { typed, system }: Context): readonly EngineName[] {
  const { options } = typed;
  if (options['allEngines'] === true && options['engine'] !== undefined) {
    fail({
      reason: 'usage',
      problem: '--engine and --all-engines exclude each other.',
      hint: 'Leave out one of the two.',
    });
  }
  const asked = makeRequest({ options, modelFlags: [], agentArgs: [] }, system.env).engine;
  if (asked !== null) return [asked];
  const names =
    options['allEngines'] === true ? engineChoices(row, null).map(({ name }) => name) : [nameOf(row.engine)];
  return engineNames.filter((name) => names.includes(name));
}

function report(
  { screen, paths, typed }: Context,
  machine: string | null,
  runs: readonly Run[],
  done: readonly { readonly run: Run; readonly result: BenchResult }[],
  failed: readonly { readonly run: Run; readonly error: CclocalError }[],
): number {
  const known = knownBench(paths);
  const better = [...new Set(runs.map(({ facts }) => facts))].flatMap((facts) => {
    const of = { model: facts.row.id, revision: facts.weights.revision, machine };
    const found = betterEngine(facts.row, resultsOf(known, of));
    return found === null ? [] : [{ facts, found }];
  });
  const failures = failed.map(({ run, error }) => ({ run, ...failureText(error.failure) }));
  if (typed.options['json'] === true) {
    screen.json({
      schemaVersion: 1,
      results: done.map(({ result }) => result),
      better: better.map(({ facts, found }): BetterEngine & { model: string } => ({ model: facts.row.id, ...found })),
      failed: failures.map(({ run, what }) => ({ model: run.facts.row.id, engine: run.engine, what })),
    });
  } else if (done.length > 0) {
    screen.result(benchTable(done.map(({ run, result }) => ({ label: run.facts.row.label, result }))));
  }
  for (const { run, what } of failures) screen.say(`${run.facts.row.label} on ${run.engine}: ${what}`);
  for (const { facts, found } of better) screen.verbatim(betterText(facts.row.label, wordsFor(facts), found));
  return failed.length > 0 || done.length === 0 ? 1 : 0;
}

const wordsFor = ({ choice, row }: MenuFacts): string =>
  choice.kind === 'row' ? `--${row.flag}` : `--model ${row.id}`;
