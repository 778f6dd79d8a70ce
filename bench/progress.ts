/**
 * What is shown of a download is true: at every sample the bytes shown are held against what the stand-in hub has sent
 * and what the disk has taken; a long trickle is never taken for a stall, and a real stall is noticed in time.
 *
 *   npm run check:progress [-- --seconds 600 --stall 20]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startHub } from '../test/support/hub.ts';
import { namesIn, pullRig, writeRepo } from '../test/support/pull-rig.ts';
import { table, verdict } from './stats.ts';

export interface ProgressShare {
  /** Length of the trickle; its pace follows from the size. */
  readonly seconds: number;
  /** Bytes of each of two files that come at once. */
  readonly fileBytes: number;
  /** Without a byte for so long a download is given up, seconds. */
  readonly stallSeconds: number;
}

export interface ProgressOutcome {
  readonly samples: number;
  /** The worst sample, as a part of the whole download. */
  readonly offSent: number;
  readonly offDisk: number;
  readonly falseStalls: number;
  /** From the last byte to the end of the download, less the limit, seconds. */
  readonly stallLate: number;
}

const [id, silentId] = ['org/model', 'org/silent'];

export async function measureProgress({ seconds, fileBytes, stallSeconds }: ProgressShare): Promise<ProgressOutcome> {
  const root = mkdtempSync(join(tmpdir(), 'ccl-prog-'));
  const repo = (name: string): string =>
    writeRepo(join(root, name), {
      'config.json': '{"model_type": "llama"}',
      'tokenizer.json': '{}',
      'model-1.safetensors': randomBytes(fileBytes),
      'model-2.safetensors': randomBytes(fileBytes),
    });
  const repos = { [id]: repo('whole'), [silentId]: repo('silent') };
  const hub = await startHub({ repos, bytesPerSecond: fileBytes / seconds });
  const [steady, stalled] = [pullRig(hub.url), pullRig(hub.url)];
  const env = { CCLOCAL_STALL_SECONDS: String(stallSeconds) };
  try {
    let [samples, offSent, offDisk] = [0, 0, 0];
    const { failure } = await steady.pull({
      ids: [id],
      env,
      onProgress: (progress) => {
        if (progress.stage !== 'fetching') return;
        const off = (bytes: number): number => Math.abs(progress.done - bytes) / (2 * fileBytes);
        samples += 1;
        offSent = Math.max(offSent, off(hub.sent()));
        offDisk = Math.max(offDisk, off(taken(join(steady.folder(id), 'blobs'))));
      },
    });
    hub.pace = null;
    hub.faults.set(silentId, 'stall');
    let [sent, lastByte] = [hub.sent(), performance.now()];
    const look = setInterval(() => {
      if (hub.sent() !== sent) [sent, lastByte] = [hub.sent(), performance.now()];
    }, 20);
    const end = await stalled.pull({ ids: [silentId], env });
    clearInterval(look);
    const waited = (performance.now() - lastByte) / 1000;
    const stallLate = end.failure?.reason === 'download-stalled' ? waited - stallSeconds : Infinity;
    return { samples, offSent, offDisk, falseStalls: failure === null ? 0 : 1, stallLate };
  } finally {
    for (const rig of [steady, stalled]) rig.remove();
    await hub.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** What the disk has taken of the large files. */
function taken(blobs: string): number {
  return namesIn(blobs).reduce((sum, name) => {
    const stat = statSync(join(blobs, name), { throwIfNoEntry: false });
    return sum + (stat === undefined ? 0 : Math.min(stat.size, stat.blocks * 512));
  }, 0);
}

/** The bars of the issue. */
export const isMet = ({ samples, offSent, offDisk, falseStalls, stallLate }: ProgressOutcome): boolean =>
  samples > 0 && offSent <= 0.05 && offDisk <= 0.05 && falseStalls === 0 && stallLate >= -1 && stallLate <= 5;

async function main(): Promise<number> {
  const options = { seconds: { type: 'string', default: '600' }, stall: { type: 'string', default: '60' } } as const;
  const { values } = parseArgs({ options });
  const share = { seconds: Number(values.seconds), fileBytes: 4_000_000, stallSeconds: Number(values.stall) };
  const found = await measureProgress(share);
  const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;
  const rows = [
    ['samples', 'off what was sent', 'off the disk', 'false stalls', 'stall noticed after its limit'],
    [
      ...[String(found.samples), percent(found.offSent), percent(found.offDisk), String(found.falseStalls)],
      `${found.stallLate.toFixed(1)} s`,
    ],
  ];
  process.stdout.write(`a trickle of ${values.seconds} s, limit ${values.stall} s\n${table(rows)}\n`);
  const figure = `${percent(Math.max(found.offSent, found.offDisk))}, ${found.falseStalls} false stalls, ${found.stallLate.toFixed(1)} s late`;
  return verdict('check:progress', figure, 'at most 5 %, 0, 5 s', isMet(found));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
