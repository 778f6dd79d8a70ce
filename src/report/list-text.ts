import type { RepoState, WeightsKind } from '../models/repo-state.ts';
import { printable } from './printable.ts';
import { shortened, size } from './units.ts';
import { wrap } from './wrap.ts';

/** A line of `cclocal list`. Bytes; times in ms since 1970. */
export interface ListRow {
  readonly id: string;
  /** The catalog row it belongs to. */
  readonly flag: string | null;
  /** On the disk, what was cut off included. */
  readonly bytes: number;
  readonly state: RepoState;
  readonly weights: WeightsKind;
  readonly missing: readonly string[];
  readonly brokenLinks: readonly string[];
  readonly downloading: boolean;
  readonly orphans: readonly { readonly bytes: number }[];
  readonly lastUsedMs: number | null;
  /** The commit that counts. */
  readonly revision: string | null;
  /** Whether it fits this machine; null = nobody knows. */
  readonly fits: 'yes' | 'tight' | 'no' | null;
}

/** A model of LM Studio's. */
export interface PathRow {
  readonly path: string;
  readonly bytes: number;
  readonly complete: boolean;
}

export interface ListText {
  readonly cache: string;
  readonly rows: readonly ListRow[];
  readonly lmStudio: readonly PathRow[];
  readonly totalBytes: number;
  /** Of that, in the shared store and of no model. */
  readonly elsewhereBytes: number;
  readonly nowMs: number;
  /** Columns of the terminal; null = not a terminal, nothing is cut. */
  readonly columns: number | null;
}

const states = { complete: 'ready', partial: 'partial', corrupt: 'corrupt' } as const;
/** Weights that no engine here reads. */
const foreign = { gguf: 'GGUF', pytorch: 'PyTorch', other: 'other' } as const;

/** The models of the cache as a table, the largest first, and below it what is to be said of them. Pure. */
export function listText(text: ListText): string {
  const { cache, rows, totalBytes, columns } = text;
  const sorted = rows.toSorted((a, b) => b.bytes - a.bytes);
  const notes = [...sorted.flatMap(noteOn), ...leftovers(text)];
  const width = columns ?? Infinity;
  const where = printable(cache);
  const lines = [
    ...(rows.length === 0 ? [`No models in ${where}.`] : [...table(sorted, text), '']),
    ...(rows.length > 0 || totalBytes > 0 ? [`${size(totalBytes)} in ${where}`] : []),
    ...notes.map((note) => wrap(note, width)),
  ];
  return [...lines, ...pathLines(text.lmStudio)].join('\n');
}

const headings = { size: 'SIZE', state: 'STATE', used: 'USED', fits: 'FITS', flag: 'FLAG', revision: 'REVISION' };

function table(rows: readonly ListRow[], { nowMs, columns }: ListText): readonly string[] {
  const cells = [headings, ...rows.map((row) => cellsOf(row, nowMs))];
  // Elsewhere than on a Mac nobody can say what fits.
  const shown = (['size', 'state', 'used', 'fits', 'flag', 'revision'] as const).filter(
    (name) => name !== 'fits' || rows.some(({ fits }) => fits !== null),
  );
  const starts = cells.map((line) =>
    shown
      .map((name) => {
        const width = Math.max(...cells.map((one) => one[name].length));
        return name === 'size' ? line[name].padStart(width) : line[name].padEnd(width);
      })
      .map((cell) => `${cell}  `)
      .join(''),
  );
  const names = ['MODEL', ...rows.map(({ id }) => printable(id))];
  return starts.map((start, index) => {
    const room = columns === null ? Infinity : columns - start.length;
    return `${start}${shortened(names[index] ?? '', room)}`.trimEnd();
  });
}

function cellsOf(row: ListRow, nowMs: number): Readonly<Record<keyof typeof headings, string>> {
  return {
    size: size(row.bytes),
    state: stateWord(row),
    used: row.lastUsedMs === null ? '' : ago(nowMs - row.lastUsedMs),
    fits: row.fits ?? '?',
    flag: row.flag === null ? '' : `--${row.flag}`,
    revision: printable(row.revision ?? '').slice(0, 7),
  };
}

const stateWord = ({ state, weights }: ListRow): string =>
  state === 'complete' && weights !== 'safetensors' && weights !== 'none' ? foreign[weights] : states[state];

function noteOn(row: ListRow): readonly string[] {
  if (row.state === 'complete') return [];
  const id = printable(row.id);
  if (row.brokenLinks.length > 0) {
    const links = row.brokenLinks.length === 1 ? 'a link that leads' : 'links that lead';
    return [`${id} has ${links} to nothing: ${some(row.brokenLinks)}. Fetch it anew: cclocal pull ${id}`];
  }
  const lacks = `${id} lacks ${some(row.missing)}`;
  return row.downloading ? [`${lacks}; it is being downloaded.`] : [`${lacks}. Fetch the rest: cclocal pull ${id}`];
}

function leftovers({ rows, elsewhereBytes }: ListText): readonly string[] {
  const cutOff = rows.flatMap(({ orphans }) => orphans).reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...(rows.every(({ orphans }) => orphans.length === 0)
      ? []
      : [`${size(cutOff)} of it are left over from downloads that were cut off. Clear them: cclocal rm --leftovers`]),
    ...(elsewhereBytes === 0 ? [] : [`${size(elsewhereBytes)} of it lie in the shared store and belong to no model.`]),
  ];
}

/** A path stays whole: it is there to be copied. */
function pathLines(models: readonly PathRow[]): readonly string[] {
  if (models.length === 0) return [];
  const width = Math.max(...models.map(({ bytes }) => size(bytes).length));
  return [
    '',
    'Models of LM Studio, used where they stand: cclocal --model PATH',
    ...models.map(({ path, bytes, complete }) => {
      return `${size(bytes).padStart(width)}  ${complete ? 'ready  ' : 'partial'}  ${printable(path)}`;
    }),
  ];
}

function some(names: readonly string[]): string {
  const shown = names.map(printable);
  return shown.length <= 2 ? shown.join(' and ') : `${shown[0] ?? ''} and ${shown.length - 1} more`;
}

/** "today", "3 d ago", "5 mo ago". */
function ago(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  if (days < 1) return 'today';
  return days < 60 ? `${days} d ago` : `${Math.floor(days / 30)} mo ago`;
}
