import type { BetterEngine } from '../launch/bench/better-engine.ts';
import type { BenchResult } from '../launch/bench/results.ts';
import { count, shortened, size } from './units.ts';

const width = 20;

/** "[#####---------------] 25 %  Gemma 4 E4B on mlx-vlm: reading a prompt", no longer than the line. Pure. */
export function benchProgressText(share: number, doing: string, columns: number): string {
  const done = Math.min(Math.max(share, 0), 1);
  const bar = '#'.repeat(Math.floor(done * width)).padEnd(width, '-');
  return `[${bar}] ${Math.floor(done * 100)} %  ${doing}`.slice(0, Math.max(columns - 3, width));
}

/** "412 tokens/s read, 38/s written". Pure. */
export const speedText = ({ readPerSecond, writtenPerSecond }: BenchResult): string =>
  `${rate(readPerSecond)} tokens/s read${writtenPerSecond === null ? '' : `, ${rate(writtenPerSecond)}/s written`}`;

/** The same in a column: "412/38 tok/s". Pure. */
export const speedCell = ({ readPerSecond, writtenPerSecond }: BenchResult): string =>
  `${rate(readPerSecond)}/${writtenPerSecond === null ? '-' : rate(writtenPerSecond)} tok/s`;

/** All that was measured of one engine, in a sentence. Pure. */
export function benchDetail(result: BenchResult): string {
  const { promptTokens, coldMs, warmMs, peakBytes, at } = result;
  const memory = peakBytes === null ? '' : `, at most ${size(peakBytes)} of memory`;
  return (
    `${speedText(result)}; first token after ${waited(coldMs)} with a new prompt of ${count(promptTokens)} tokens, ` +
    `${waited(warmMs)} with the next message${memory} (${at.slice(0, 10)})`
  );
}

const header = ['MODEL', 'ENGINE', 'READ/S', 'WRITTEN/S', 'COLD', 'WARM', 'MEMORY'] as const;

export interface BenchRow {
  readonly label: string;
  readonly result: BenchResult;
}

/** What was measured as a table, and what its columns mean. Pure. */
export function benchTable(rows: readonly BenchRow[]): string {
  const cells = [
    [...header],
    ...rows.map(({ label, result }) => [
      shortened(label, 24),
      result.engine,
      rate(result.readPerSecond),
      result.writtenPerSecond === null ? '-' : rate(result.writtenPerSecond),
      waited(result.coldMs),
      waited(result.warmMs),
      result.peakBytes === null ? '-' : size(result.peakBytes),
    ]),
  ];
  const widths = header.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const prompts = [...new Set(rows.map(({ result }) => count(result.promptTokens)))].join(', ');
  return [
    ...lines,
    '',
    'READ/S, WRITTEN/S: tokens a second. COLD: until the first token, with a prompt that is all',
    `new (${prompts} tokens). WARM: with the next message of that conversation.`,
  ].join('\n');
}

/** The offer of another engine than the catalog's. `as` = how the model is named in the command. Pure. */
export const betterText = (label: string, as: string, { engine, seconds, usualSeconds }: BetterEngine): string =>
  `${label} is faster here on ${engine} (${seconds.toFixed(1)} s for a usual turn, not ${usualSeconds.toFixed(1)} s): cclocal ${as} --engine ${engine}`;

const rate = (perSecond: number): string => (perSecond >= 10 ? count(Math.round(perSecond)) : perSecond.toFixed(1));

const waited = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
