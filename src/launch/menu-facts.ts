import type { Catalog, CatalogRow } from '../models/catalog.ts';
import { folderFacts } from '../models/hub-cache.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { listRepos, type CachedRepo } from '../models/list-repos.ts';
import { modelFigures } from '../models/memory/figures.ts';
import { readConfig } from '../models/model-config.ts';
import type { Paths } from '../os/paths.ts';
import type { System } from '../os/system.ts';
import { machineIdentity } from '../preflight/machine-identity.ts';
import type { Machine } from '../preflight/machine.ts';
import { assess, type Assessment } from '../preflight/verdict.ts';
import { knownBench } from './bench/results-file.ts';
import { resultsOf, type BenchResult } from './bench/results.ts';
import { sameChoice } from './last-choice.ts';
import { cachedOthers, lmStudioOthers, type Offered } from './other-models.ts';
import type { ModelChoice } from './request.ts';
import { rowsHere, type RowHere } from './row-here.ts';

/** A model that the menu offers: what it is, what is here of it, and whether it fits. */
export interface MenuFacts extends RowHere {
  readonly choice: Offered['choice'];
  /** What the cache holds of it; null = nothing. */
  readonly repo: CachedRepo | null;
  readonly found: Assessment;
  /** What `cclocal bench` measured of it on this machine, the newest last. */
  readonly measured: readonly BenchResult[];
  /** A plain launch takes it. */
  readonly isDefault: boolean;
  /** It was taken from the menu the last time. */
  readonly isLast: boolean;
}

export interface MenuOrder {
  readonly system: Pick<System, 'env' | 'userHome'>;
  readonly paths: Pick<Paths, 'memory' | 'cache'>;
  readonly catalog: Catalog;
  readonly machine: Machine;
  /** What was taken the last time; null = nobody knows. */
  readonly last: ModelChoice | null;
}

/**
 * Every row of the catalog, and every other model here that an engine can use; the last choice first, then the default,
 * the other rows in the catalog's order, the rest of the cache with what was used last before the others, and what LM
 * Studio keeps. Reads the disk, and asks nobody.
 */
export function menuFacts({ system, paths, catalog, machine, last }: MenuOrder): readonly MenuFacts[] {
  const { repos } = listRepos(hubCachePath(system.env, system.userHome));
  const byName = new Map(repos.map((repo) => [repo.repo.toLowerCase(), repo]));
  const rows = [catalog.default, ...catalog.rows.filter((row) => row !== catalog.default)];
  const others = [...cachedOthers(repos, catalog, system), ...lmStudioOthers(catalog, system)];
  const offered: readonly Offered[] = [
    ...rows.map((row): Offered => ({ row, choice: { kind: 'row', flag: row.flag } })),
    ...others,
  ];
  const known = knownBench(paths);
  const identity = machineIdentity(machine);
  const facts = offered.map(({ row, choice }): MenuFacts => {
    const here =
      choice.kind === 'folder' ? folderHere(row, choice.path, system) : repoHere(row, { system, paths, machine });
    return {
      ...here,
      choice,
      repo: choice.kind === 'folder' ? null : (byName.get(row.id.toLowerCase()) ?? null),
      found: assess({ machine, figures: here.figures, context: row.context }),
      measured: resultsOf(known, { model: row.id, revision: here.weights.revision, machine: identity }),
      isDefault: row === catalog.default,
      isLast: last !== null && sameChoice(choice, last),
    };
  });
  return [...facts.filter(({ isLast }) => isLast), ...facts.filter(({ isLast }) => !isLast)];
}

function repoHere(row: CatalogRow, where: Parameters<typeof rowsHere>[1]): RowHere {
  const [here] = rowsHere([row], where);
  if (here === undefined) throw new Error('a row was lost');
  return here;
}

function folderHere(row: CatalogRow, folder: string, { env, userHome }: MenuOrder['system']): RowHere {
  const weights = folderFacts({ env, userHome, folder });
  return { row, weights, figures: modelFigures({ row, weights, config: readConfig(folder), observed: null }) };
}
