import { duration, size } from './units.ts';

interface Newer {
  readonly revision: string;
  readonly missingBytes: number;
}

/** One model of a dry run. Pure. */
export function wouldPullText(found: {
  readonly id: string;
  readonly revision: string;
  readonly bytes: number;
  readonly missingBytes: number;
  readonly files: number | null;
}): string {
  const { id, revision, bytes, missingBytes, files } = found;
  const what = `${size(bytes)}${files === null ? '' : ` in ${files} files`}, version ${short(revision)}`;
  return missingBytes === 0
    ? `${id}: nothing to fetch, all of it is here (${what})`
    : `${id}: would fetch ${size(missingBytes)}${missingBytes === bytes ? '' : ', the rest is here'} (${what})`;
}

/** What became of a model. Pure. */
export function pulledText(pulled: {
  readonly id: string;
  readonly revision: string;
  readonly bytes: number;
  readonly fetchedBytes: number;
  readonly seconds: number;
}): string {
  const { id, revision, bytes, fetchedBytes, seconds } = pulled;
  const how = fetchedBytes === 0 ? 'was here already' : `${size(fetchedBytes)} fetched in ${duration(seconds)}`;
  return `${id} is ready: ${size(bytes)}, version ${short(revision)} (${how}).`;
}

/** That the hub has a newer version. Pure. */
export function newerText(id: string, newer: Newer): string {
  return `A newer version of ${id} is on the hub (${short(newer.revision)}, ${size(newer.missingBytes)} to fetch): cclocal pull ${id} --update`;
}

const short = (commit: string): string => commit.slice(0, 7);
