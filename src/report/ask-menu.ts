import { fail } from '../errors.ts';
import type { System } from '../os/system.ts';
import { unlessLeft } from './ask.ts';
import { askMenuPlainly } from './ask-menu-plain.ts';
import { openMenu, pressed, type MenuAction, type MenuQuestion } from './menu-state.ts';
import { colours, menuBelow, menuQuestion, noColours, type MenuLook } from './menu-text.ts';

export type AskMenu = (question: MenuQuestion) => Promise<MenuAction>;

/** The menu on the terminal as it really is: redrawn in place, or as numbered lines where that cannot be. */
export function terminalMenu(system: System): AskMenu {
  return system.env['TERM'] === 'dumb'
    ? (question) => askMenuPlainly(system, question)
    : (question) => ask(system, question);
}

/**
 * Redraws the menu at every key. Ctrl-C fails with `cancelled`; a terminal that is gone, or Ctrl-D, is a quit. What was
 * drawn is removed again, so that the terminal holds what comes of the choice.
 */
async function ask(system: System, { models, marked }: MenuQuestion): Promise<MenuAction> {
  if (models.length === 0) return fail({ reason: 'cancelled', what: 'there is no model to choose' });
  const { createPrompt, useEffect, useKeypress, useState } = await import('@inquirer/core');
  const prompt = createPrompt<MenuAction, null>((_, done) => {
    const [state, setState] = useState(openMenu(models, marked));
    const [, setDrawn] = useState(0);
    useEffect((rl) => {
      // Otherwise nothing would ever settle the question.
      rl.on('close', () => done({ kind: 'quit' }));
      let drawn = 0;
      const again = (): void => setDrawn(++drawn);
      system.stderr.on('resize', again);
      return () => void system.stderr.off('resize', again);
    }, []);
    useKeypress((key, rl) => {
      const step = pressed(state, { name: key.name, ctrl: key.ctrl }, rl.line);
      setState(step.state);
      if (step.action !== undefined) done(step.action);
      // A key that is no letter may have put something into the line, or moved its cursor.
      else if (step.state.filter === state.filter) {
        rl.clearLine(0);
        rl.write(step.state.filter);
      }
    });
    const look = lookOf(system);
    return [menuQuestion(state, look), menuBelow(state, look)];
  });
  return unlessLeft(prompt(null, { input: system.stdin, output: system.stderr, clearPromptOnDone: true }));
}

/** A terminal that does not tell its height, lines. */
const usualRows = 24;

/** Read anew at every drawing, as a window can be made larger. */
export function lookOf({ stderr, env, tty }: System): MenuLook {
  const rows = 'rows' in stderr && typeof stderr.rows === 'number' && stderr.rows > 0 ? stderr.rows : usualRows;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || 'UTF-8';
  const plain = env['NO_COLOR'] || env['TERM'] === 'dumb';
  return {
    columns: tty.columns,
    rows,
    unicode: /utf-?8/i.test(locale) && env['TERM'] !== 'linux' && env['TERM'] !== 'dumb',
    paint: plain ? noColours : colours,
  };
}
