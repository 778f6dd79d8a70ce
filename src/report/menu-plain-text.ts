import { menuEntries, type MenuAction, type MenuModel, type MenuState } from './menu-state.ts';
import { detailsText, modelLines, otherText } from './menu-text.ts';
import { wrap } from './wrap.ts';

/** The menu as numbered lines and a sentence on what can be typed. Pure. */
export function plainPage(state: MenuState, columns: number): string {
  const models = shown(state);
  const digits = String(models.length).length;
  const lines = modelLines(models, columns - digits - 3).map((line, index) =>
    numbered(String(index + 1), digits, line),
  );
  const list = models.length === 0 ? ['Nothing matches; "all" shows all.'] : lines;
  return [
    state.filter === '' ? 'Which model?' : `Which model? (with "${state.filter}")`,
    ...list,
    ...(['manage', 'quit'] as const).map((kind) => numbered(kind.slice(0, 1), digits, otherText(kind))),
    wrap(help, columns - 1),
  ].join('\n');
}

const help =
  'A number launches (Enter alone: 1). "d 2" shows details of 2, "f 2" fetches it, "x 2" deletes it. Other words narrow the list, "all" shows all.';

const numbered = (mark: string, digits: number, line: string): string => `${mark.padStart(digits + 1)} ${line}`;

type Read = { readonly action: MenuAction } | { readonly state: MenuState; readonly page: string };

/** What a typed line means: an action, or what is shown next. Pure. */
export function plainTyped(state: MenuState, typed: string, columns: number): Read {
  const text = typed.trim();
  if (/^(q|quit|exit)$/i.test(text)) return { action: { kind: 'quit' } };
  if (/^(m|manage)$/i.test(text)) return { action: { kind: 'manage' } };
  if (text.toLowerCase() === 'all') return narrowed(state, '', columns);
  const [, wish = '', digits = ''] = /^([dfx]?)\s*(\d{1,4})$/i.exec(text === '' ? '1' : text) ?? [];
  if (digits === '') return narrowed(state, text, columns);
  const model = shown(state)[Number(digits) - 1];
  if (model === undefined) return { state, page: `There is no ${digits}.` };
  return wished(state, model, wish.toLowerCase(), columns);
}

function wished(state: MenuState, model: MenuModel, wish: string, columns: number): Read {
  if (wish === '') return { action: { kind: 'launch', model } };
  if (wish === 'd') return { state, page: [...detailsText(model, columns - 1), ...about(model, columns)].join('\n') };
  if (wish === 'f') {
    return model.canFetch ? { action: { kind: 'fetch', model } } : { state, page: `${model.label} is here already.` };
  }
  return model.canDelete
    ? { action: { kind: 'delete', model } }
    : { state, page: `Nothing of ${model.label} is in the cache.` };
}

const about = (model: MenuModel, columns: number): readonly string[] =>
  model.about.map((line) => wrap(`  ${line}`, columns - 1));

function narrowed(state: MenuState, filter: string, columns: number): Read {
  const next = { ...state, filter };
  return { state: next, page: plainPage(next, columns) };
}

const shown = (state: MenuState): readonly MenuModel[] =>
  menuEntries(state).flatMap((entry) => (entry.kind === 'model' ? [entry.model] : []));
