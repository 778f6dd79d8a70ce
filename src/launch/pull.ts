import { existsSync } from 'node:fs';
import { findEngine } from '../engines/index.ts';
import { foreignEngine } from '../engines/setup/foreign.ts';
import { engineState } from '../engines/setup/state.ts';
import { fail } from '../errors.ts';
import { monotonicMs } from '../os/clock.ts';
import type { Paths } from '../os/paths.ts';
import type { System } from '../os/system.ts';
import { progressText } from '../report/progress-text.ts';
import { newerText, pulledText, wouldPullText } from '../report/pull-text.ts';
import type { Screen } from '../report/screen.ts';
import { setUpEngine } from './engine-ready.ts';
import { fetchModels, type PullListener, type Pulled, type PullTarget } from './fetch-models.ts';
import type { Lifeline } from './lifeline.ts';
import { useHome } from './use-home.ts';

export interface PullOrder {
  readonly system: System;
  readonly paths: Paths;
  readonly screen: Screen;
  /** Its signals end the download; what that leaves is cleared by its `end`. */
  readonly lifeline: Lifeline;
  readonly models: readonly PullTarget[];
  /** Take what `main` stands for now, where it has moved since the model was fetched. */
  readonly update: boolean;
  readonly trustCode: boolean;
  /** Only look, and say what would be fetched. */
  readonly dryRun?: boolean;
  /** One object a line on standard output, in place of words. */
  readonly json?: boolean;
}

/**
 * Fetches models one after the other, with progress on the screen: for `cclocal pull` and the menu. Installs the engine
 * first where it is missing, as its Python has the hub's own downloader. Fails as `fetchModels` and the set-up do, with
 * `usage` for a dry run without an engine, and with Interrupted at a signal.
 */
export async function pullModels(order: PullOrder): Promise<readonly Pulled[]> {
  const { system, paths, screen, lifeline, models, update, trustCode, dryRun = false, json = false } = order;
  if (!dryRun) useHome(paths);
  try {
    const python = await lifeline.during(hubPython(order));
    if (!json) screen.live('look', `Asking the hub about ${models.map(({ id }) => id).join(', ')}.`);
    const listener = json ? jsonListener(screen) : textListener(screen, dryRun);
    return await fetchModels({ ...listener, system, paths, lifeline, python, models, update, trustCode, dryRun });
  } finally {
    screen.settle();
  }
}

/** The Python with the hub's own downloader; the engine is installed where it is missing, but not by a dry run. */
async function hubPython({ system, paths, screen, lifeline, dryRun = false }: PullOrder): Promise<string> {
  const named = system.env['CCLOCAL_ENGINE'];
  if (named) return foreignEngine(named.startsWith('~/') ? `${system.userHome}${named.slice(1)}` : named).python;
  const engine = findEngine('vllm-mlx');
  const facts = await engineState({ system, paths, engine, remembers: !dryRun });
  if (facts.ready && existsSync(facts.python)) return facts.python;
  if (!dryRun) return (await setUpEngine({ system, paths, screen, engine, signal: lifeline.ended })).python;
  return fail({
    reason: 'usage',
    problem: 'The hub is asked by its own code, which comes with the engine, and that is not installed yet.',
    hint: 'Type cclocal setup, then the same command again; or leave out --dry-run.',
  });
}

function textListener(screen: Screen, dryRun: boolean): PullListener {
  let began = monotonicMs();
  return {
    onLooked: (found) => {
      screen.settle();
      if (!found.asked) screen.say(`The hub cannot be asked; ${found.id} is here and can be used offline.`);
      if (dryRun) screen.result(wouldPullText(found));
      if (dryRun && found.newer !== null) screen.verbatim(newerText(found.id, found.newer));
      began = monotonicMs();
    },
    onProgress: (id, progress) => screen.live(`${progress.stage} ${id}`, progressText(progress, id)),
    onPulled: (pulled) => {
      screen.settle();
      screen.result(pulledText({ ...pulled, seconds: (monotonicMs() - began) / 1000 }));
      if (pulled.newer !== null) screen.verbatim(newerText(pulled.id, pulled.newer));
      began = monotonicMs();
    },
  };
}

/** One object a line. */
function jsonListener(screen: Screen): PullListener {
  return {
    onLooked: (found) => screen.jsonLine({ event: 'looked', ...found }),
    onProgress: (id, progress) => screen.jsonLine({ event: 'progress', id, ...progress }),
    onPulled: (pulled) => screen.jsonLine({ event: 'pulled', ...pulled }),
  };
}
