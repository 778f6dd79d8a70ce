import { menuEntries, type MenuEntry, type MenuModel, type MenuState } from './menu-state.ts';
import { shortened } from './units.ts';
import { wrap } from './wrap.ts';

/** What the terminal can show. */
export interface MenuLook {
  readonly columns: number;
  readonly rows: number;
  /** False = letters and signs of ASCII alone. */
  readonly unicode: boolean;
  readonly paint: Paint;
}

/** Colours, or nothing of the kind. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const escape = String.fromCharCode(27);
export const noColours: Paint = { strong: (text) => text, faint: (text) => text };
export const colours: Paint = {
  strong: (text) => `${escape}[36;1m${text}${escape}[0m`,
  faint: (text) => `${escape}[2m${text}${escape}[0m`,
};

/** Lines below the list that tell of the marked model, at most. */
const mostAbout = 5;
/** However small the terminal, so many lines of the list are shown. */
const leastLines = 3;

/** The question, with what was typed so far behind it; the cursor stands at its end. Pure. */
export function menuQuestion({ filter, models, details }: MenuState, { paint }: MenuLook): string {
  if (details !== null) return paint.strong('Details');
  const hint = filter === '' ? paint.faint('(type to filter) ') : '';
  return `${paint.strong('Which model?')} ${models.length > leastLines ? hint : ''}${filter}`;
}

/** What stands below the question: the list with words on the marked line, or the details; and the keys. Pure. */
export function menuBelow(state: MenuState, look: MenuLook): string {
  const entries = menuEntries(state);
  const marked = entries[state.marked] ?? null;
  const below = (lines: readonly string[], keys: string): string =>
    [...lines, '', look.paint.faint(fitted(keys, look.columns))].join('\n');
  if (state.details !== null && marked?.kind === 'model') {
    return below(detailLines(marked.model, state.details, look), keysText(marked, true, look));
  }
  if (marked === null) return below(['  Nothing matches.'], 'Esc shows all');
  const about = aboutLines(marked, look);
  const keys = keysText(marked, false, look);
  const room = look.rows - 2 - about.length - 2 - fitted(keys, look.columns).split('\n').length;
  const list = listLines(entries, state.marked, { ...look, room: Math.max(room, leastLines) });
  return below(about.length === 0 ? list : [...list, '', ...about], keys);
}

function listLines(
  entries: readonly MenuEntry[],
  marked: number,
  look: MenuLook & { readonly room: number },
): readonly string[] {
  const models = entries.flatMap((entry) => (entry.kind === 'model' ? [entry.model] : []));
  const texts = modelLines(models, look.columns - 3);
  const mark = look.unicode ? '❯' : '>';
  const lines = entries.map((entry, index) => {
    const text = entry.kind === 'model' ? (texts[index] ?? '') : otherText(entry.kind);
    return index === marked ? look.paint.strong(`${mark} ${text}`) : `  ${text}`;
  });
  if (lines.length <= look.room) return lines;
  // One line is for the word that there are more.
  const shown = Math.max(look.room - 1, 1);
  const from = Math.min(Math.max(marked - Math.floor(shown / 2), 0), lines.length - shown);
  const hidden = lines.length - shown;
  return [...lines.slice(from, from + shown), look.paint.faint(`  ${hidden} more, type to filter`)];
}

/** The lines beneath the models. */
export const otherText = (kind: 'manage' | 'quit'): string =>
  kind === 'manage' ? 'Manage the cache: delete models' : 'Quit';

const gap = '  ';
/** A label shorter than this tells nothing, columns. */
const shortestLabel = 18;

/**
 * The models in columns, none wider than `columns`. Where it is narrow what is nice to have goes first: the speed, then
 * the flag, then the middle of long names. Pure.
 */
export function modelLines(models: readonly MenuModel[], columns: number): readonly string[] {
  const all = models.map(({ label, state, verdict, flag, speed }) => [label, state, verdict, flag, speed]);
  const labels = Math.max(0, ...models.map(({ label }) => label.length));
  const width = (index: number): number => Math.max(0, ...all.map((line) => line[index]?.length ?? 0));
  const wide = (shown: readonly number[], label: number): number =>
    shown.reduce((sum, index) => sum + (width(index) === 0 ? 0 : width(index) + gap.length), label);
  const choices = [[1, 2, 3, 4], [1, 2, 3], [1, 2], [1]] as const;
  const shown = choices.find((some) => wide(some, Math.min(labels, shortestLabel + 2)) <= columns) ?? [1];
  const label = Math.min(labels, Math.max(columns - wide(shown, 0), shortestLabel));
  return all.map((line) => {
    const cells = shown.filter((index) => width(index) > 0).map((index) => (line[index] ?? '').padEnd(width(index)));
    const first = shortened(line[0] ?? '', label).padEnd(label);
    return [first, ...cells].join(gap).trimEnd().slice(0, Math.max(columns, 0));
  });
}

function aboutLines(entry: MenuEntry, { columns, rows }: MenuLook): readonly string[] {
  if (entry.kind !== 'model') return [];
  const lines = entry.model.about.flatMap((text) => fitted(text, columns - 2).split('\n'));
  const room = Math.min(mostAbout, Math.max(rows - leastLines - 6, 0));
  const cut = lines.length > room;
  const more = (line: string): string => `${line.slice(0, columns - 6)}...`;
  return lines.slice(0, room).map((line, index) => `  ${cut && index === room - 1 ? more(line) : line}`);
}

/** Name and value of each detail, the values in a column of their own. Pure. */
export function detailsText({ label, details }: MenuModel, columns: number): readonly string[] {
  const names = Math.max(0, ...details.map(([name]) => name.length)) + gap.length;
  const lines = details.flatMap(([name, value]) =>
    fitted(value, Math.max(columns - names - 2, 20))
      .split('\n')
      .map((line, index) => `  ${(index === 0 ? name : '').padEnd(names)}${line}`.trimEnd()),
  );
  return [
    ...fitted(label, columns - 2)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    ...lines,
  ];
}

function detailLines(model: MenuModel, from: number, { columns, rows, paint }: MenuLook): readonly string[] {
  const lines = detailsText(model, columns - 1);
  const room = Math.max(rows - 5, leastLines);
  if (lines.length <= room) return lines;
  const first = Math.min(from, lines.length - room + 1);
  const shown = lines.slice(first, first + room - 1);
  return [...shown, paint.faint(`  ${lines.length - shown.length} more lines: up and down`)];
}

function keysText(entry: MenuEntry, details: boolean, { unicode }: MenuLook): string {
  const [up, right, dot] = unicode ? ['↑↓', '→', ' · '] : ['arrows', 'Tab', ' | '];
  if (entry.kind !== 'model') return [`${up} move`, 'Enter choose', 'Ctrl-C leave'].join(dot);
  const { canFetch, canDelete } = entry.model;
  return [
    ...(details ? [] : [`${up} move`]),
    'Enter launch',
    ...(canFetch ? ['Ctrl-F fetch'] : []),
    ...(canDelete ? ['Ctrl-X delete'] : []),
    details ? 'Esc back' : `${right} details`,
    'Ctrl-C leave',
  ].join(dot);
}

/** A column is left free: some terminals begin a new line when the last one is written to. Long words are broken too. */
function fitted(text: string, columns: number): string {
  const width = Math.max(columns - 1, 10);
  return wrap(text, width)
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''])
    .join('\n');
}
