import { basename } from 'node:path';
import { z } from 'zod';
import type { System } from '../os/system.ts';
import type { Target } from './freed-bytes.ts';
import type { CachedRepo } from './list-repos.ts';

/** What the hub's own code did, or why it did nothing. Bytes are what the disk really gained. */
export type Deletion =
  | {
      readonly ok: true;
      readonly freedBytes: number;
      /** Repositories of which all that was to go is gone. */
      readonly deleted: readonly string[];
      /** Repository to the reason why it (or a part of it) is still there. */
      readonly left: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly problem: string };

const problem = z.object({ error: z.string() });
const deleted = z.object({ freed: z.number(), deleted: z.array(z.string()), left: z.record(z.string(), z.string()) });
const locked = z.object({ locked: z.array(z.string()) });

/** A big model on a slow disk; unlinking is quick, counting its bytes before and after is not. */
const deadlineMs = 120_000;

/** Where the hub's code is, and the cache it works on. */
export interface HubCode {
  readonly system: System;
  /** The Python of the engine's venv, and the program hub_delete.py. */
  readonly python: string;
  readonly program: string;
  readonly hubCache: string;
}

export interface DeleteOrder extends HubCode {
  readonly targets: readonly Target[];
  /** Also what cut-off downloads and deletions of others have left in the cache. */
  readonly leftovers: boolean;
}

/**
 * Deletes from the cache through huggingface_hub: since 1.33 weights may lie in a store that all repositories share, and
 * a plain `rm -rf` would leave them there for good. Meanwhile it holds the locks of what it deletes.
 */
export async function deleteRepos({ targets, leftovers, ...hub }: DeleteOrder): Promise<Deletion> {
  const whole = targets.filter(({ revision }) => revision === null).map(({ repo }) => basename(repo.folder));
  const revisions: Record<string, string[]> = {};
  for (const { repo, revision } of targets) {
    const name = basename(repo.folder);
    if (revision !== null && !whole.includes(name)) (revisions[name] ??= []).push(revision.commit);
  }
  const said = await answer(hub, 'delete', { repos: whole, revisions, leftovers });
  if (typeof said === 'string') return { ok: false, problem: said };
  const parsed = deleted.safeParse(said.value);
  if (!parsed.success) return { ok: false, problem: `${hub.program} gave no answer` };
  const names = new Map(targets.map(({ repo }) => [basename(repo.folder), repo.repo]));
  const idOf = (folder: string): string => names.get(folder) ?? folder;
  return {
    ok: true,
    freedBytes: parsed.data.freed,
    deleted: parsed.data.deleted.map(idOf),
    left: Object.fromEntries(Object.entries(parsed.data.left).map(([folder, why]) => [idOf(folder), why])),
  };
}

/** Repositories that a download (whoever's) holds a lock of; none where nobody can be asked. Loads no hub: 20 ms. */
export async function lockedRepos(hub: HubCode, repos: readonly CachedRepo[]): Promise<readonly CachedRepo[]> {
  const said = await answer(
    hub,
    'locked',
    repos.map(({ folder }) => basename(folder)),
  );
  const parsed = locked.safeParse(typeof said === 'string' ? null : said.value);
  return parsed.success ? repos.filter(({ folder }) => parsed.data.locked.includes(basename(folder))) : [];
}

/** The last line that the program printed, as a value; a text = why there is none. */
async function answer(
  { system, python, program, hubCache }: HubCode,
  action: string,
  order: unknown,
): Promise<{ readonly value: unknown } | string> {
  const env = { HOME: system.userHome, HF_HUB_OFFLINE: '1', LC_ALL: 'C.UTF-8' };
  const args = ['-I', '-B', program, hubCache, action, JSON.stringify(order)];
  const result = await system.probe(python, args, { deadlineMs, env });
  if (!result.ok) return result.why;
  try {
    const value: unknown = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '');
    const failed = problem.safeParse(value);
    return failed.success ? failed.data.error : { value };
  } catch {
    return `${program} gave no answer`;
  }
}
