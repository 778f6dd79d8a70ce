import { watchDownload, type DownloadView } from '../launch/download.ts';
import type { KeeperPlan } from '../launch/plan.ts';
import { awakeSeconds } from '../os/clock.ts';
import { blobsFolder } from './host-config.ts';
import type { HostEvent } from './host-events.ts';
import type { StartProgress } from './protocol.ts';

export interface FetchWatchOptions {
  readonly weights: Pick<KeeperPlan['weights'], 'repo' | 'bytes' | 'hubCache'>;
  readonly stallSeconds: number;
  readonly onProgress: (progress: StartProgress) => void;
  /** Nothing has arrived for so long that it is given up. */
  readonly onStalled: (stalled: { afterSeconds: number; doneBytes: number; totalBytes: number | null }) => void;
}

/** Follows the fetch of the weights, from the host's first silence to its last byte. */
export class FetchWatch {
  readonly #options: FetchWatchOptions;
  readonly #since = Date.now() - 1_000;
  #missing: number | null;
  #view: DownloadView | null = null;
  #stop: () => void = () => undefined;

  constructor(options: FetchWatchOptions) {
    this.#options = options;
    this.#missing = options.weights.bytes;
  }

  /** Bytes still to come; null = unknown. */
  get missingBytes(): number | null {
    return this.#missing;
  }

  /** Until the host knows what to fetch there are no bytes to watch, only its silence. */
  prepare(): void {
    const { weights, stallSeconds, onStalled } = this.#options;
    const seconds = awakeSeconds();
    const timer = setInterval(() => {
      if (seconds() < stallSeconds) return;
      onStalled({ afterSeconds: Math.round(seconds()), doneBytes: 0, totalBytes: weights.bytes });
    }, 1_000);
    timer.unref();
    this.#stop = () => clearInterval(timer);
  }

  fetch({ files, bytes, repo }: Extract<HostEvent, { event: 'fetching' }>): void {
    const { weights, stallSeconds, onProgress, onStalled } = this.#options;
    this.stop();
    this.#view = watchDownload({
      blobs: blobsFolder(weights.hubCache, repo ?? weights.repo ?? ''),
      files,
      since: this.#since,
      onProgress: (progress) => {
        const { done, stalledSeconds } = progress;
        this.#missing = bytes - done;
        onProgress(progress);
        if (stalledSeconds < stallSeconds) return;
        onStalled({ afterSeconds: Math.round(stalledSeconds), doneBytes: done, totalBytes: bytes });
      },
    });
    this.#stop = this.#view.stop;
  }

  /** What the host says while it fetches: that bytes arrive, and that it looks through what has arrived. */
  hear(event: Extract<HostEvent, { event: 'received' | 'verifying' }>): void {
    if (event.event === 'received') {
      this.#view?.received(event.bytes);
      return;
    }
    this.stop();
    const { done, total } = event;
    this.#missing = 0;
    this.#options.onProgress({ stage: 'verifying', done, total });
  }

  stop(): void {
    this.#stop();
    this.#stop = () => undefined;
    this.#view = null;
  }
}
