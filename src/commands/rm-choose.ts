import { fail } from '../errors.ts';
import { freedBytes, type Target } from '../models/freed-bytes.ts';
import type { CachedRepo } from '../models/list-repos.ts';
import type { Ask, Choice } from '../report/ask.ts';
import { choiceLine, leftoversName, targetName } from '../report/rm-text.ts';
import type { Context } from './context.ts';
import { onDisk } from './list.ts';
import { namedTargets } from './rm-targets.ts';

/** The cache as it is, and what of it nobody can use. */
export interface Cache {
  readonly hubCache: string;
  readonly repos: readonly CachedRepo[];
  readonly leftoverBytes: number;
}

/** What is to go. */
export interface Chosen {
  readonly targets: readonly Target[];
  /** Also what cut-off downloads have left. */
  readonly leftovers: boolean;
}

const none: Chosen = { targets: [], leftovers: false };

/** Bytes of what is to go, downloads that were cut off included. */
export const bytesOf = ({ repo, revision }: Target): number => revision?.bytes ?? onDisk(repo);

/** What was typed, else what is chosen in the terminal. Fails with `usage`, and with `cancelled`. */
export async function chooseTargets(
  cache: Cache,
  { screen, typed, catalog }: Context,
  ask: Ask | null,
): Promise<Chosen> {
  const { repos, leftoverBytes } = cache;
  const { model, leftovers } = typed.options;
  const words = [...typed.args, ...typed.modelFlags, ...(typeof model === 'string' ? [model] : [])];
  if (words.length > 0 || leftovers === true) {
    return { targets: namedTargets(words, repos, catalog), leftovers: leftovers === true && leftoverBytes > 0 };
  }
  if (repos.length === 0 && leftoverBytes === 0) {
    screen.say('There are no models in the cache.');
    return none;
  }
  if (ask === null) {
    return fail({
      reason: 'usage',
      problem: 'There is no terminal to choose in.',
      hint: 'Name the models: cclocal rm ID --yes',
    });
  }
  const taken = await ask.several('Delete which? (size, frees; space marks, Enter goes on)', choices(cache));
  const targets = taken.filter((one) => one !== null);
  const whole = new Set(targets.filter(({ revision }) => revision === null).map(({ repo }) => repo));
  return {
    targets: targets.filter(({ repo, revision }) => revision === null || !whole.has(repo)),
    leftovers: taken.includes(null),
  };
}

/** A line a model, below it one for each revision that an update has left behind; null = the leftovers. */
function choices({ hubCache, repos, leftoverBytes }: Cache): readonly Choice<Target | null>[] {
  const targets = repos.flatMap((repo): readonly Target[] => [
    { repo, revision: null },
    ...repo.revisions.filter(({ commit }) => commit !== repo.revision).map((revision) => ({ repo, revision })),
  ]);
  const lines = targets.map((target): Choice<Target | null> => {
    const name = choiceLine(targetName(target), bytesOf(target), freedBytes(hubCache, [target]));
    return { value: target, name };
  });
  const rest = { value: null, name: choiceLine(leftoversName, leftoverBytes, leftoverBytes) };
  return leftoverBytes === 0 ? lines : [...lines, rest];
}
