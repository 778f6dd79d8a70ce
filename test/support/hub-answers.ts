import type { HubFile, HubRepo } from './hub-repo.ts';

/**
 * What goes wrong with a repository: a wrong token; files behind a licence (its metadata stays public, as on the real
 * hub); no such repository; an error of the server; weights larger than any disk; half-way through a large file, a lost or
 * a silent connection; a large file that is shorter than it was said to be, or of other bytes; every path asked for too
 * often at first, or always.
 */
export type HubFault =
  | 'unauthorized'
  | 'gated'
  | 'not-found'
  | 'server-error'
  | 'too-large'
  | 'drop'
  | 'stall'
  | 'wrong-length'
  | 'damaged'
  | 'busy'
  | 'too-often';

type Broken = 'drop' | 'stall' | 'wrong-length' | 'damaged' | null;

export type HubAnswer =
  | {
      readonly kind: 'refusal';
      readonly status: number;
      readonly code: string | null;
      readonly message: string;
      /** Seconds. */
      readonly retryAfter?: number;
    }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'redirect'; readonly headers: Readonly<Record<string, string | number>> }
  | {
      readonly kind: 'content';
      readonly file: HubFile;
      readonly headers: Readonly<Record<string, string>>;
      /** What is wrong with it. */
      readonly broken: Broken;
    };

const refusal = (status: number, code: string | null, message: string): Extract<HubAnswer, { kind: 'refusal' }> => ({
  kind: 'refusal',
  status,
  code,
  message,
});

const breaks = ['drop', 'stall', 'wrong-length', 'damaged'] as const;

/** What the hub says to a request, as a value; the first of a repository's versions is what `main` stands for. `authorized`: a token came with it; `store`: where large files live. */
export function hubAnswer(
  url: URL,
  authorized: boolean,
  repos: ReadonlyMap<string, readonly [HubRepo, ...HubRepo[]]>,
  faults: ReadonlyMap<string, HubFault>,
  store: string,
): HubAnswer {
  const asked = parse(url.pathname);
  const versions = asked && repos.get(asked.id);
  const fault = asked && faults.get(asked.id);
  // Without a token the real hub does not tell a missing repository from a private one.
  if (!versions || fault === 'not-found')
    return refusal(authorized ? 404 : 401, 'RepoNotFound', 'Repository not found');
  if (fault === 'unauthorized') return refusal(401, null, 'Invalid credentials in Authorization header');
  if (fault === 'server-error') return refusal(500, null, 'Internal error');
  if (fault === 'too-often') return { ...refusal(429, null, 'Too many requests'), retryAfter: 3600 };
  const repo =
    asked.kind === 'cdn' || asked.revision === 'main'
      ? versions[0]
      : versions.find(({ commit }) => commit === asked.revision);
  if (repo === undefined) return refusal(404, 'RevisionNotFound', 'Invalid rev id');
  switch (asked.kind) {
    case 'info':
      return {
        kind: 'json',
        value: repo.info(url.searchParams.get('blobs')?.toLowerCase() === 'true', fault === 'too-large' ? 2 ** 50 : 1),
      };
    case 'tree':
      return { kind: 'json', value: repo.tree() };
    case 'cdn': {
      const file = versions.flatMap(({ files }) => files).find((each) => each.etag === asked.etag);
      if (!file) return refusal(404, null, 'No such blob');
      const broken = breaks.find((one) => one === fault) ?? null;
      return { kind: 'content', file, headers: { ETag: `"${file.etag}"` }, broken };
    }
    case 'file': {
      const file = repo.files.find((each) => each.path === asked.path);
      if (!file) return refusal(404, 'EntryNotFound', 'Entry not found');
      if (fault === 'gated') return refusal(authorized ? 403 : 401, 'GatedRepo', 'Access to this model is restricted');
      return fileAnswer(store, repo, file);
    }
  }
}

/** Large files are only pointed to, as on the real hub. */
function fileAnswer(store: string, repo: HubRepo, file: HubFile): HubAnswer {
  const headers = { 'X-Repo-Commit': repo.commit, ETag: `"${file.oid}"` };
  if (!file.lfs) return { kind: 'content', file, headers, broken: null };
  return {
    kind: 'redirect',
    headers: {
      ...headers,
      Location: `${store}/cdn/${repo.id}/${file.etag}`,
      'X-Linked-Size': file.bytes,
      'X-Linked-Etag': `"${file.etag}"`,
    },
  };
}

type Asked = { readonly id: string } & (
  | { readonly kind: 'info' | 'tree'; readonly revision: string }
  | { readonly kind: 'file'; readonly revision: string; readonly path: string }
  | { readonly kind: 'cdn'; readonly etag: string }
);

/** api/models/O/N[/revision/R], api/models/O/N/tree/R, O/N/resolve/R/PATH, cdn/O/N/ETAG. */
function parse(pathname: string): Asked | undefined {
  const [first = '', second = '', third = '', fourth = '', ...rest] = pathname
    .slice(1)
    .split('/')
    .map((part) => decodeURIComponent(part));
  if (first === 'cdn') return { kind: 'cdn', id: `${second}/${third}`, etag: fourth };
  if (first === 'api' && second === 'models') {
    const [what = 'revision', revision = 'main'] = rest;
    if (what !== 'revision' && what !== 'tree') return undefined;
    return { kind: what === 'tree' ? 'tree' : 'info', id: `${third}/${fourth}`, revision };
  }
  if (third !== 'resolve') return undefined;
  return { kind: 'file', id: `${first}/${second}`, revision: fourth, path: rest.join('/') };
}
