import type { System } from '../os/system.ts';
import { typedLine } from '../os/typed-line.ts';
import { fail } from '../errors.ts';
import { plainPage, plainTyped } from './menu-plain-text.ts';
import { openMenu, type MenuAction, type MenuQuestion } from './menu-state.ts';

/** The menu on a terminal that cannot move its cursor: numbered lines, and a line typed for each wish. Fails as ask does. */
export async function askMenuPlainly(system: System, { models, marked }: MenuQuestion): Promise<MenuAction> {
  let state = openMenu(models, marked);
  let page = plainPage(state, system.tty.columns);
  for (;;) {
    system.stderr.write(`${page}\n`);
    const typed = await typedLine(system, '> ');
    if (typed === 'interrupted') return fail({ reason: 'cancelled', what: 'you left the menu' });
    if (typed === 'end') return { kind: 'quit' };
    const step = plainTyped(state, typed.text, system.tty.columns);
    if ('action' in step) return step.action;
    ({ state, page } = step);
  }
}
