import { CclocalError, type Failure } from '../errors.ts';
import { lastChoice, rememberChoice, sameChoice } from '../launch/last-choice.ts';
import { Lifeline } from '../launch/lifeline.ts';
import { menuFacts } from '../launch/menu-facts.ts';
import type { ModelChoice } from '../launch/request.ts';
import { thisMachine } from '../launch/this-machine.ts';
import { useHome } from '../launch/use-home.ts';
import type { Machine } from '../preflight/machine.ts';
import { terminalMenu, type AskMenu } from '../report/ask-menu.ts';
import { failureText } from '../report/failure-text.ts';
import { menuModel } from '../report/menu-model-text.ts';
import type { Context } from './context.ts';

/** What the menu needs of the world. */
export interface MenuDoors {
  readonly ask: AskMenu;
  readonly machine: () => Promise<Machine>;
  /** Fetches a model of the hub. */
  readonly fetch: (id: string, revision: string | null) => Promise<unknown>;
  /** Deletes that model after a question; without an id, the ones that are then chosen. */
  readonly remove: (id: string | null) => Promise<unknown>;
}

/**
 * The menu of a plain `cclocal` on a Mac: every row of the catalog and what else the cache holds, with what is here of
 * it, whether it fits, and its honest notes; fetching, deleting and cache management, which come back to it; quit. Null =
 * quit. Ctrl-C fails with `cancelled`.
 */
export async function menu(context: Context, doors: MenuDoors = realDoors(context)): Promise<ModelChoice | null> {
  const machine = await doors.machine();
  const last = lastChoice(context.paths);
  let marked: string | null = null;
  for (;;) {
    const facts = menuFacts({ ...context, machine, last });
    const models = facts.map((one) => menuModel(one, Date.now()));
    const action = await doors.ask({ models, marked });
    switch (action.kind) {
      case 'launch':
        useHome(context.paths);
        rememberChoice(context.paths, action.model.choice);
        return action.model.choice;
      case 'fetch': {
        marked = action.model.id;
        const row = facts.find(({ choice }) => sameChoice(choice, action.model.choice))?.row;
        await comingBack(context, () => doors.fetch(action.model.id, row?.revision ?? null));
        break;
      }
      case 'delete':
        marked = action.model.id;
        await comingBack(context, () => doors.remove(action.model.id));
        break;
      case 'manage':
        await comingBack(context, () => doors.remove(null));
        break;
      case 'quit':
        return null;
      default:
        return action satisfies never;
    }
  }
}

/** What went wrong on the way is said, and the menu goes on; but who has pressed Ctrl-C wants to leave. */
async function comingBack({ screen }: Context, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CclocalError) || leaves.has(error.failure.reason)) throw error;
    screen.settle();
    const { what, next } = failureText(error.failure);
    screen.say(`cclocal: ${what}`);
    screen.verbatim(next);
  }
}

const leaves: ReadonlySet<Failure['reason']> = new Set(['cancelled']);

function realDoors(context: Context): MenuDoors {
  return {
    ask: terminalMenu(context.system),
    machine: () => thisMachine(context),
    fetch: async (id, revision) => {
      useHome(context.paths);
      const { pullModels } = await import('../launch/pull.ts');
      const lifeline = new Lifeline(process);
      try {
        const models = [{ id, revision }];
        await lifeline.during(pullModels({ ...context, lifeline, models, update: false, trustCode: false }));
      } finally {
        for (const { name, error } of await lifeline.end())
          context.screen.say(`cclocal: could not clean up ${name}: ${String(error)}`);
      }
    },
    remove: async (id) => {
      const { rmCommand } = await import('./rm.ts');
      const typed = {
        ...context.typed,
        command: 'rm' as const,
        args: id === null ? [] : [id],
        modelFlags: [],
        options: {},
      };
      return rmCommand({ ...context, typed });
    },
  };
}
