import { count, duration } from './units.ts';

const isWord = (value: unknown): value is string | number => typeof value === 'string' || isNumber(value);
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** A line of `requests.jsonl` as words; a line that is none comes back as it is. Pure. */
export function requestLineText(line: string): string {
  const entry = fieldsOf(line);
  const time = entry?.['time'];
  if (entry === null || typeof time !== 'string') return line;
  const { inputTokens, cachedTokens, outputTokens, ttftMs, ms, outcome, stop, status } = entry;
  const kept = isNumber(cachedTokens) && cachedTokens > 0 ? ` (${count(cachedTokens)} kept from before)` : '';
  return [
    `${time.slice(0, 19).replace('T', ' ')}  ${String(entry['caller'])}`,
    ...(isNumber(inputTokens) ? [`prompt ${count(inputTokens)} tokens${kept}`] : []),
    ...(isNumber(ttftMs) ? [`first word after ${seconds(ttftMs)}`] : []),
    ...(isNumber(outputTokens) ? [`reply ${count(outputTokens)} tokens`] : []),
    ...(isNumber(ms) ? [`in all ${seconds(ms)}`] : []),
    [outcome, stop, status === 200 ? null : status].flatMap((word) => (isWord(word) ? [String(word)] : [])).join(' '),
  ].join(', ');
}

const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms / 1000));

function fieldsOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
