/** A model that could be deleted to make room. */
export interface Deletable {
  readonly id: string;
  readonly bytes: number;
  /** Ms since 1970; null = never, as far as one can tell. */
  readonly lastUsedMs: number | null;
}

export interface Room {
  readonly models: readonly string[];
  readonly bytes: number;
}

/**
 * Models whose deletion would free so many bytes: one alone where one is enough (the smallest such), else the longest
 * unused until it is. Null = all of them are too little. Pure.
 */
export function wouldFree(bytes: number, candidates: readonly Deletable[]): Room | null {
  const alone = candidates.filter((one) => one.bytes >= bytes).sort((a, b) => a.bytes - b.bytes)[0];
  if (alone !== undefined) return { models: [alone.id], bytes: alone.bytes };
  const oldest = [...candidates].sort((a, b) => (a.lastUsedMs ?? 0) - (b.lastUsedMs ?? 0));
  const models: string[] = [];
  let sum = 0;
  for (const { id, bytes: size } of oldest) {
    if (sum >= bytes) break;
    models.push(id);
    sum += size;
  }
  return sum >= bytes ? { models, bytes: sum } : null;
}
