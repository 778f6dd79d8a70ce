import { join } from 'node:path';
import { object, parsed, whole, type Checked } from '../keeper/shape.ts';
import { ensureDir0700, readSmallFile, writePrivate } from '../os/files.ts';
import type { AirgapPlan } from './plan.ts';

const report = object({ refused: object({ 'Ip OutNoRoutes': whole, Ip6OutNoRoutes: whole }) });
type Report = Checked<typeof report>;

/** What an agent behind --airgap was kept from. */
export interface Receipt {
  readonly session: string;
  readonly began: string;
  readonly ended: string;
  readonly by: AirgapPlan['by'];
  /** In words, what was in force from the first to the last moment. */
  readonly enforced: readonly string[];
  /** Connections (and lookups) out that had no way: the kernel's own counters; null = not observed. */
  readonly refused: { readonly total: number; readonly counters: Readonly<Record<string, number>> } | null;
  /** Where they wanted to go is not known to the kernel's counters. */
  readonly addresses: 'not observed';
}

/** What the confining program left; null where it left nothing, as when it was killed. */
export function readReport(path: string): Report | null {
  return parsed(readSmallFile(path, 65_536) ?? '', report);
}

/** Writes `sessions/<id>/receipt.json` below cclocal's home. */
export function writeReceipt(
  home: string,
  order: { readonly id: string; readonly airgap: AirgapPlan; readonly began: string; readonly report: Report | null },
): { readonly receipt: Receipt; readonly path: string } {
  const { id, airgap, began } = order;
  const counters = order.report?.refused ?? null;
  const receipt: Receipt = {
    session: id,
    began,
    ended: new Date().toISOString(),
    by: airgap.by,
    enforced: enforced(airgap),
    refused: counters && { total: counters['Ip OutNoRoutes'] + counters.Ip6OutNoRoutes, counters },
    addresses: 'not observed',
  };
  const folder = join(home, 'sessions', id);
  ensureDir0700(join(home, 'sessions'));
  ensureDir0700(folder);
  const path = join(folder, 'receipt.json');
  writePrivate(path, `${JSON.stringify(receipt, null, 2)}\n`);
  return { receipt, path };
}

function enforced({ by, confinesFiles }: AirgapPlan): readonly string[] {
  if (by === 'sandbox-exec') {
    return ['a sandbox-exec profile: no network but the gateway, writing in the folder only; not tested on a Mac'];
  }
  return [
    'a network namespace with loopback only, and the gateway on it',
    'no sockets of other families, Unix sockets among them',
    ...(confinesFiles
      ? ["writing in the folder, a private TMPDIR and the session's own profile only", 'no other processes to be seen']
      : ['files: not confined here']),
  ];
}
