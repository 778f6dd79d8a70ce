import type { MenuFacts } from '../launch/menu-facts.ts';
import { betterEngine } from '../launch/bench/better-engine.ts';
import { nameOf } from '../launch/engine-choice.ts';
import { benchDetail, betterText, speedCell, speedText } from './bench-text.ts';
import { memoryWords, verdictWord } from './memory-text.ts';
import type { MenuModel } from './menu-state.ts';
import { observedText } from './observed-text.ts';
import { count, size } from './units.ts';

/** What the menu says of a model. `now` = ms since 1970. Pure. */
export function menuModel(facts: MenuFacts, nowMs: number): MenuModel {
  const { choice, row, found, isDefault, isLast, weights, measured } = facts;
  const here = onDisk(facts);
  const built = isBuilt(facts);
  const own = measured.findLast(({ engine }) => engine === nameOf(row.engine));
  const better = betterEngine(row, measured);
  const as = choice.kind === 'row' ? `--${row.flag}` : `--model ${choice.kind === 'folder' ? choice.path : row.id}`;
  const first = [...(isLast ? ['Your last choice.'] : []), ...(isDefault ? ['The default.'] : [])].join(' ');
  const broken =
    (facts.repo?.brokenLinks.length ?? 0) > 0 ? ['Files of it are missing in the cache: fetch it again.'] : [];
  const untested = choice.kind === 'row' ? [] : ['Not in the catalog, so not tested.'];
  const speeds = [
    ...(own === undefined ? [] : [`Measured here: ${speedText(own)}.`]),
    ...(better === null ? [] : [`${betterText(row.label, as, better)}.`]),
  ];
  return {
    choice,
    label: row.label,
    flag: choice.kind === 'row' ? `--${row.flag}` : '',
    id: choice.kind === 'folder' ? choice.path : row.id,
    state: stateText(facts),
    verdict: verdictText(facts),
    speed: own === undefined ? '' : speedCell(own),
    about: [...(first === '' ? [] : [first]), ...broken, ...row.notes, ...untested, ...speeds, memoryWords(found)],
    details: details(facts, nowMs),
    canFetch: !built && !weights.complete && choice.kind !== 'folder',
    canDelete: here > 0 && choice.kind !== 'folder',
  };
}

/** Bytes in the cache, downloads that were cut off included. */
const onDisk = ({ repo }: MenuFacts): number =>
  repo === null ? 0 : repo.incomplete.reduce((sum, { bytes }) => sum + bytes, repo.bytes);

/** The rehearsal is made on the spot. */
const isBuilt = ({ row }: MenuFacts): boolean => row.downloadBytes === null && row.id.startsWith('cclocal/');

/** "ready 5.2 GB", "34 % of 15.6 GB", "fetch 16.9 GB". */
function stateText(facts: MenuFacts): string {
  const { row, weights } = facts;
  if (isBuilt(facts)) return 'built here';
  if (weights.complete) return `ready ${size(weights.bytes ?? onDisk(facts))}`;
  const whole = row.downloadBytes ?? weights.hubBytes;
  const here = onDisk(facts);
  if (here === 0) return whole === null ? 'fetch' : `fetch ${size(whole)}`;
  if (whole === null) return `part, ${size(here)}`;
  // Never all of it: something is missing, or it would be ready.
  return `${Math.min(Math.floor((100 * here) / whole), 99)} % of ${size(whole)}`;
}

/** As `verdictWord`, with the context that fits wherever one does. */
function verdictText({ found }: MenuFacts): string {
  const word = verdictWord(found);
  return word === 'fits' ? `fits, to ${count(found.largestContext ?? found.wantedContext)}` : word;
}

function details(facts: MenuFacts, nowMs: number): MenuModel['details'] {
  const { row, choice, repo, weights, found, figures } = facts;
  const here = onDisk(facts);
  const lines: readonly (readonly [string, string | null])[] = [
    ['Model', choice.kind === 'folder' ? choice.path : row.id],
    ['Flag', choice.kind === 'row' ? [row.flag, ...row.aliases].map((flag) => `--${flag}`).join(', ') : null],
    ['State', stateText(facts)],
    ['On disk', here === 0 ? null : size(here)],
    ['To fetch', weights.complete || row.downloadBytes === null ? null : size(Math.max(row.downloadBytes - here, 0))],
    ['Revision', weights.revision],
    ['Last used', repo?.lastUsedMs == null ? null : daysAgo(nowMs - repo.lastUsedMs)],
    ['Family', row.family],
    ['Context', contextText(row)],
    ['Memory', memoryWords(found)],
    ['Measured', figures.observed === null ? null : observedText(figures.observed)],
    ...facts.measured.map((one) => [`On ${one.engine}`, benchDetail(one)] as const),
    ['Engine', `${row.engine.id}: ${row.engine.why}`],
    ...row.notes.map((note) => ['Note', note] as const),
    ['Smallest Mac', row.ramGiB === null ? null : `${row.ramGiB} GB of RAM`],
  ];
  return lines.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

function contextText({ context, maxContext }: MenuFacts['row']): string {
  return maxContext === null ? `${count(context)} tokens` : `${count(context)} tokens, made for ${count(maxContext)}`;
}

function daysAgo(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  return days < 1 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`;
}
