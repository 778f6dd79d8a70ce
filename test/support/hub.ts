import { createServer } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import { hubAnswer } from './hub-answers.ts';
import type { HubAnswer, HubFault } from './hub-answers.ts';
import { readHubRepo, type HubRepo } from './hub-repo.ts';

export type { HubFault } from './hub-answers.ts';

export interface HubRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly authorized: boolean;
}

export interface Hub {
  /** For HF_ENDPOINT. */
  readonly url: string;
  readonly requests: readonly HubRequest[];
  /** Faults in force by repository; change it at any time. */
  readonly faults: Map<string, HubFault>;
  /** The commit that `main` of a repository stands for: it follows from the contents of its folder. */
  readonly commit: (id: string) => string;
  /** Moves `main` to what the folder holds now; `forgets` = what it stood for before is gone from the hub. */
  readonly move: (id: string, folder: string, forgets?: boolean) => void;
  /** Bytes of large files that were handed to the network so far; what is sent again counts once. */
  readonly sent: () => number;
  /** Pace of each download from now on, bytes a second; null = as fast as it goes. */
  pace: number | null;
  readonly close: () => Promise<void>;
}

export interface HubOptions {
  /** Repository ids and the folders that stand for them, read at the start. */
  readonly repos: Readonly<Record<string, string>>;
  /** Pace of each download at first; unlimited without it. */
  readonly bytesPerSecond?: number;
  readonly faults?: Readonly<Record<string, HubFault>>;
}

/** A stand-in for the Hugging Face hub on a free loopback port: what huggingface_hub needs to fill a real cache. */
export async function startHub({ repos, bytesPerSecond, faults = {} }: HubOptions): Promise<Hub> {
  const known = new Map<string, readonly [HubRepo, ...HubRepo[]]>(
    Object.entries(repos).map(([id, folder]) => [id, [readHubRepo(id, folder)]]),
  );
  const told = new Set<string>();
  const inForce = new Map(Object.entries(faults));
  const requests: HubRequest[] = [];
  const line: Line = { pace: bytesPerSecond ?? null, sent: new Map() };

  const answer: RequestListener = (request, response) => {
    const { method = 'GET', url: path = '/', headers } = request;
    const authorized = headers.authorization !== undefined;
    requests.push({ method, path, range: headers.range ?? null, authorized });
    const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    const said = hubAnswer(new URL(path, 'http://hub'), authorized, known, inForce, store.url);
    const busy = [...inForce].some(([id, fault]) => fault === 'busy' && path.includes(id)) && !told.has(path);
    told.add(path);
    const first: HubAnswer = { kind: 'refusal', status: 429, code: null, message: 'Too many requests', retryAfter: 0 };
    void give(response, busy ? first : said, { body: method !== 'HEAD', start, line });
  };
  // The client follows redirects within the hub by itself, so the store must be another origin.
  const store = await listen(answer);
  const front = await listen(answer);
  return {
    url: front.url,
    requests,
    faults: inForce,
    commit: (id) => known.get(id)?.[0].commit ?? '',
    move: (id, folder, forgets = false) => {
      known.set(id, [readHubRepo(id, folder), ...(forgets ? [] : (known.get(id) ?? []))]);
    },
    sent: () => [...line.sent.values()].reduce((sum, bytes) => sum + bytes, 0),
    get pace() {
      return line.pace;
    },
    set pace(bytesPerSecond) {
      line.pace = bytesPerSecond;
    },
    close: async () => {
      await Promise.all([front.close(), store.close()]);
    },
  };
}

async function listen(answer: RequestListener): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the hub has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

interface Giving {
  /** False for HEAD. */
  readonly body: boolean;
  /** First byte of the range asked for. */
  readonly start: number;
  readonly line: Line;
}

/** What all downloads of a hub have in common. */
interface Line {
  pace: number | null;
  /** How far each file was sent, by its etag. */
  readonly sent: Map<string, number>;
}

async function give(response: ServerResponse, answer: HubAnswer, how: Giving): Promise<void> {
  switch (answer.kind) {
    case 'refusal': {
      const { status, code, message, retryAfter } = answer;
      const headers = {
        'X-Error-Message': message,
        ...(code === null ? {} : { 'X-Error-Code': code }),
        ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
      };
      json(response, status, headers, { error: message }, how);
      return;
    }
    case 'json':
      json(response, 200, {}, answer.value, how);
      return;
    case 'redirect':
      response.writeHead(302, { ...answer.headers, 'Content-Length': 0 });
      response.end();
      return;
    case 'content':
      await content(response, answer, how);
  }
}

function json(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  value: unknown,
  { body }: Giving,
): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(body ? text : undefined);
}

/** A file or the rest of it, at the given pace; with what is wrong with it where the answer says so. */
async function content(
  response: ServerResponse,
  { file, headers, broken }: Extract<HubAnswer, { kind: 'content' }>,
  { body, start, line }: Giving,
): Promise<void> {
  const all = file.read().subarray(start);
  const bytes = broken === 'wrong-length' ? all.subarray(0, -1_000) : all;
  response.writeHead(start > 0 ? 206 : 200, {
    ...headers,
    'Accept-Ranges': 'bytes',
    'Content-Length': bytes.length,
    ...(start > 0 ? { 'Content-Range': `bytes ${start}-${file.bytes - 1}/${file.bytes}` } : {}),
  });
  if (!body) {
    response.end();
    return;
  }
  if (broken === 'damaged') bytes.fill(0, 0, 1_000);
  // Who asks a silent hub again for the rest gets nothing more of it.
  const ends = { drop: bytes.length / 2, stall: Math.max(0, file.bytes / 2 - start) };
  const sent = broken === 'drop' || broken === 'stall' ? bytes.subarray(0, Math.floor(ends[broken])) : bytes;
  for (let at = 0; at < sent.length && !response.destroyed;) {
    const { pace } = line;
    const step = pace === null ? 1 << 20 : Math.max(1, Math.floor(pace / 50));
    const part = sent.subarray(at, at + step);
    at += part.length;
    if (file.lfs) line.sent.set(file.etag, Math.max(line.sent.get(file.etag) ?? 0, start + at));
    if (!response.write(part)) await drained(response);
    if (pace !== null) await new Promise((next) => setTimeout(next, 20));
  }
  if (broken === 'drop') response.destroy();
  else if (broken !== 'stall') response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
