import type { ModelChoice } from '../launch/request.ts';

/** One model of the menu, in words that are ready to be shown. */
export interface MenuModel {
  readonly choice: ModelChoice;
  readonly label: string;
  /** As it is typed, dashes included; '' = it has none. */
  readonly flag: string;
  /** Hugging Face id, or the path of a folder. */
  readonly id: string;
  /** "ready 5.2 GB", "34 % of 15.6 GB", "fetch 16.9 GB". */
  readonly state: string;
  /** "fits, to 65,536"; '' = not known. */
  readonly verdict: string;
  /** What was measured here, in a few words; '' = nothing yet. */
  readonly speed: string;
  /** Said below the list while the line is marked: the honest notes first. */
  readonly about: readonly string[];
  /** Names and values of the details. */
  readonly details: readonly (readonly [name: string, value: string])[];
  readonly canFetch: boolean;
  readonly canDelete: boolean;
}

/** What is asked. */
export interface MenuQuestion {
  readonly models: readonly MenuModel[];
  /** Id of the model to begin with; null = the first. */
  readonly marked: string | null;
}

/** What the menu is left with. */
export type MenuAction =
  | { readonly kind: 'launch' | 'fetch' | 'delete'; readonly model: MenuModel }
  | { readonly kind: 'manage' }
  | { readonly kind: 'quit' };

/** A line that can be marked. */
export type MenuEntry =
  { readonly kind: 'model'; readonly model: MenuModel } | { readonly kind: 'manage' } | { readonly kind: 'quit' };

export interface MenuState {
  readonly models: readonly MenuModel[];
  /** What was typed to narrow the list. */
  readonly filter: string;
  /** Index of the marked line among `menuEntries`. */
  readonly marked: number;
  /** Null = the list is shown; else the details of the marked model, from this line on. */
  readonly details: number | null;
}

/** The menu as it opens: on the model of that id, where it is among them, else on the first. */
export function openMenu(models: readonly MenuModel[], marked: string | null): MenuState {
  const index = models.findIndex(({ id }) => id === marked);
  return { models, filter: '', marked: Math.max(0, index), details: null };
}

/** The lines in force: the models that the filter leaves, and without a filter cache management and the way out. Pure. */
export function menuEntries({ models, filter }: Pick<MenuState, 'models' | 'filter'>): readonly MenuEntry[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = models
    .filter(({ label, flag, id, state, verdict }) => {
      const text = [label, flag, id, state, verdict].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .map((model): MenuEntry => ({ kind: 'model', model }));
  return words.length > 0 ? matching : [...matching, { kind: 'manage' }, { kind: 'quit' }];
}

/** The line that is marked; null where the filter leaves none. Pure. */
export const markedEntry = (state: MenuState): MenuEntry | null => menuEntries(state)[state.marked] ?? null;

/** A key as Node's readline names it. */
export interface Key {
  readonly name: string;
  readonly ctrl: boolean;
}

export interface Step {
  readonly state: MenuState;
  /** Set = the menu is over. */
  readonly action?: MenuAction;
}

/** Lines that Page Up and Page Down move by. */
const page = 8;

/**
 * What a key does. `line` = what stands typed after it; it counts only while the list is shown. A key that means nothing
 * here changes nothing. Pure.
 */
export function pressed(state: MenuState, key: Key, line: string): Step {
  const marked = markedEntry(state);
  if (key.name === 'return' || key.name === 'enter')
    return marked === null ? { state } : { state, action: taken(marked) };
  if (key.ctrl) return { state: onControl(state, key.name, line), ...wish(key.name, marked) };
  return {
    state: state.details === null ? inList(state, key.name, line, marked) : inDetails(state, key.name),
    ...left(state, key.name),
  };
}

function taken(entry: MenuEntry): MenuAction {
  return entry.kind === 'model' ? { kind: 'launch', model: entry.model } : entry;
}

/** Ctrl-F fetches and Ctrl-X deletes: letters alone are the filter's. */
function wish(name: string, marked: MenuEntry | null): { readonly action?: MenuAction } {
  if (marked?.kind !== 'model') return {};
  const { model } = marked;
  if (name === 'f' && model.canFetch) return { action: { kind: 'fetch', model } };
  return name === 'x' && model.canDelete ? { action: { kind: 'delete', model } } : {};
}

/** Esc steps back: from the details to the list, from a filter to all, from the list out of the menu. */
function left({ details, filter }: MenuState, name: string): { readonly action?: MenuAction } {
  return name === 'escape' && details === null && filter === '' ? { action: { kind: 'quit' } } : {};
}

/** Ctrl-U, Ctrl-W and the like edit the filter; Ctrl-P and Ctrl-N are what arrows are in many programs. */
function onControl(state: MenuState, name: string, line: string): MenuState {
  if (name === 'p') return moved(state, -1);
  if (name === 'n') return moved(state, 1);
  return state.details === null && line !== state.filter ? { ...state, filter: line, marked: 0 } : state;
}

function inList(state: MenuState, name: string, line: string, marked: MenuEntry | null): MenuState {
  switch (name) {
    case 'up':
      return moved(state, -1);
    case 'down':
      return moved(state, 1);
    case 'pageup':
      return moved(state, -page);
    case 'pagedown':
      return moved(state, page);
    case 'home':
      return moved(state, -Infinity);
    case 'end':
      return moved(state, Infinity);
    case 'tab':
    case 'right':
      return marked?.kind === 'model' ? { ...state, details: 0 } : state;
    case 'left':
      return state;
    case 'escape':
      return { ...state, filter: '', marked: 0 };
    default:
      return line === state.filter ? state : { ...state, filter: line, marked: 0 };
  }
}

function inDetails(state: MenuState, name: string): MenuState {
  const from = state.details ?? 0;
  switch (name) {
    case 'up':
      return { ...state, details: Math.max(0, from - 1) };
    case 'down':
      return { ...state, details: from + 1 };
    case 'pageup':
      return { ...state, details: Math.max(0, from - page) };
    case 'pagedown':
      return { ...state, details: from + page };
    case 'tab':
    case 'left':
    case 'escape':
      return { ...state, details: null };
    default:
      return state;
  }
}

function moved(state: MenuState, by: number): MenuState {
  const last = menuEntries(state).length - 1;
  return { ...state, marked: Math.min(Math.max(state.marked + by, 0), Math.max(last, 0)) };
}
