import type { Receipt } from '../launch/receipt.ts';
import { count } from './units.ts';

/** The receipt of a session behind --airgap in one line. Pure. */
export function receiptText({ by, refused }: Receipt, path: string): string {
  const held =
    by === 'namespace'
      ? 'the agent ran in a network with nothing but the model in it'
      : 'the agent ran under a sandbox-exec profile';
  const many =
    refused === null
      ? 'refused connections: not observed'
      : refused.total === 1
        ? '1 connection out was refused'
        : `${count(refused.total)} connections out were refused`;
  return `Airgap: ${held}; ${many}. Receipt: ${path}`;
}
