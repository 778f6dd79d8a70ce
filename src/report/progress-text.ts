import type { StartProgress } from '../keeper/protocol.ts';
import { duration, size } from './units.ts';

/** Seconds without a byte after which the line says so, well before the download is given up. */
const quietSeconds = 10;

/** Bytes a second below which a download is called slow: not even a 4 GB model would come within eleven hours. */
const slowRate = 100_000;

/** One line for how far a start has come; `what` is fetched. Pure. */
export function progressText(progress: StartProgress, what = 'the model'): string {
  switch (progress.stage) {
    case 'loading':
      return `Loading the model into memory: ${duration(progress.seconds)}`;
    case 'verifying': {
      const { done, total } = progress;
      return `Verifying ${what}: ${size(done)} of ${size(total)}${percent(done, total)}`;
    }
    case 'fetching':
      return `Fetching ${what}: ${fetchingText(progress)}`;
    default:
      return progress satisfies never;
  }
}

function fetchingText({
  done,
  total,
  rate,
  secondsLeft,
  stalledSeconds,
  files,
}: Extract<StartProgress, { stage: 'fetching' }>): string {
  const share = total === null || total === 0 ? '' : ` of ${size(total)}${percent(done, total)}`;
  const speed = rate >= slowRate ? `, ${size(rate)}/s` : rate > 0 ? `, slow: ${size(rate)}/s` : '';
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`;
  const pace = stalledSeconds >= quietSeconds ? `, nothing arrived for ${duration(stalledSeconds)}` : `${speed}${left}`;
  const several = files.begun > 1 ? `, ${files.begun} files at once` : '';
  return `${size(done)}${share}${pace}${several}`;
}

const percent = (done: number, total: number): string =>
  total === 0 ? '' : ` (${Math.min(100, Math.floor((100 * done) / total))} %)`;
