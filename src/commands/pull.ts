import { CclocalError, fail } from '../errors.ts';
import type { PullTarget } from '../launch/fetch-models.ts';
import { Lifeline } from '../launch/lifeline.ts';
import { pullModels } from '../launch/pull.ts';
import type { Catalog } from '../models/catalog.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { listRepos } from '../models/list-repos.ts';
import { nearest, nearestModel } from '../models/nearest.ts';
import type { Context } from './context.ts';

/** `cclocal pull [row|id…]`: fetches models without starting anything. */
export async function pullCommand(context: Context): Promise<number> {
  const { system, paths, screen, typed } = context;
  const models = targets(context);
  const is = (name: string): boolean => typed.options[name] === true;
  const wishes = { update: is('update'), trustCode: is('trustCode'), dryRun: is('dryRun'), json: is('json') };
  const lifeline = new Lifeline(process);
  try {
    await pullModels({ system, paths, screen, lifeline, models, ...wishes });
    return 0;
  } catch (error) {
    throw withNearest(error, context);
  } finally {
    await lifeline.end();
  }
}

/** The models named: rows of the catalog by flag, with or without dashes, and ids of the hub. Fails with `usage`. */
function targets({ catalog, typed }: Context): readonly PullTarget[] {
  const { model } = typed.options;
  const words = [...typed.args, ...typed.modelFlags, ...(typeof model === 'string' ? [model] : [])];
  if (words.length > 0) return words.map((word) => target(word, catalog));
  return fail({
    reason: 'usage',
    problem: 'No model was named.',
    hint: `For example: cclocal pull ${catalog.default.flag}; cclocal --help lists the models, and any owner/name of huggingface.co is one.`,
  });
}

function target(word: string, catalog: Catalog): PullTarget {
  const name = word.replace(/^--/, '').replace(/^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)\/?$/, '$1');
  const row = catalog.rows.find(
    (one) => one.flag === name || one.aliases.includes(name) || one.id.toLowerCase() === name.toLowerCase(),
  );
  if (row?.flag === 'rehearsal') {
    return fail({
      reason: 'usage',
      problem: 'The rehearsal model is built on the spot; there is nothing to fetch.',
      hint: 'Type cclocal --rehearsal',
    });
  }
  if (row !== undefined) return { id: row.id, revision: row.revision };
  if (/^[\w.-]+\/[\w.-]+$/.test(name) && !/^[./~]/.test(name)) return { id: name, revision: null };
  const near = nearest(
    name,
    catalog.rows.flatMap((one) => [one.flag, ...one.aliases]),
  );
  return fail({
    reason: 'usage',
    problem: `"${word}" is neither a model of the catalog nor an id of the hub (owner/name).`,
    hint: near === null ? 'Type cclocal --help for the models of the catalog.' : `Did you mean cclocal pull ${near}?`,
  });
}

/** What an id that does not exist most likely meant: a row of the catalog, or a model that is here. */
function withNearest(error: unknown, { catalog, system }: Context): unknown {
  if (!(error instanceof CclocalError) || error.failure.reason !== 'model-unknown') return error;
  const { id } = error.failure;
  const here = listRepos(hubCachePath(system.env, system.userHome)).repos.map(({ repo }) => repo);
  const near =
    nearestModel(id, catalog.rows) ??
    nearest(
      id,
      here.filter((repo) => repo !== id),
    );
  return new CclocalError({ ...error.failure, nearest: near }, { cause: error });
}
