import { deliver } from './deliver.ts';

export interface RunOptions {
  /** The complete environment; nothing of this program's own is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds after which the program and all it started are ended; none = as long as it takes. */
  readonly deadlineMs?: number;
  /** What it reads on standard input; none = nothing. */
  readonly input?: string;
  /** Called with each line of either output as it arrives, without its line break. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /**
   * It takes long, and ends with this program also where that is killed. Its standard input is then empty, and a death by
   * signal n is told as exit code 128 + n.
   */
  readonly leashed?: true;
}

export interface RunResult {
  /** Exit code; null when a signal ended it or it was never started. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it did not come to its own end: the system's word (ENOENT, EACCES, …), `timeout` or `aborted`. */
  readonly failed?: string;
}

/** Between the polite and the hard end of a program that overstayed, ms. */
const graceMs = 2_000;

/**
 * Runs its arguments, and ends its whole group as soon as its standard input does; whoever runs it holds that open. In dash
 * and bash 3.2 what runs in the background reads nothing from there, hence the other descriptor.
 */
const leash = `
exec 3<&0 </dev/null
( read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 &
watch=$!
"$@" 3<&-
code=$?
kill -KILL "$watch" 2>/dev/null
exit "$code"
`;

/** Groups that run now. Nothing asynchronous happens once this program exits, so they are ended right there. */
const running = new Set<number>();
let hooked = false;

/**
 * Runs a program to its end, without a shell, and says what it printed. Never rejects: a program that is missing, fails,
 * overstays or is aborted is a result. It leads a group of its own, which is ended as a whole: SIGTERM, then SIGKILL
 * after two seconds, and at once when this program exits.
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  if (options.signal?.aborted === true) {
    return { code: null, signal: null, stdout: '', stderr: '', failed: 'aborted' };
  }
  const { execa } = await import('execa');
  const { onLine } = options;
  const tap = function* (line: unknown): Generator<string> {
    const text = String(line);
    onLine?.(text);
    yield text;
  };
  const [program, whole] = options.leashed ? ['/bin/sh', ['-c', leash, 'cclocal-leash', file, ...args]] : [file, args];
  const child = execa(program, whole, {
    env: { ...options.env },
    extendEnv: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...stdin(options),
    ...(onLine === undefined ? {} : { stdout: tap, stderr: tap }),
    reject: false,
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) return result(await child, null);

  let why: 'timeout' | 'aborted' | null = null;
  let hard: NodeJS.Timeout | undefined;
  const end = (reason: 'timeout' | 'aborted'): void => {
    why ??= reason;
    deliver(-pid, 'SIGTERM');
    hard ??= setTimeout(() => deliver(-pid, 'SIGKILL'), graceMs);
  };
  const deadline = options.deadlineMs === undefined ? undefined : setTimeout(() => end('timeout'), options.deadlineMs);
  const onAbort = (): void => end('aborted');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  remember(pid);
  try {
    return result(await child, why);
  } finally {
    clearTimeout(deadline);
    clearTimeout(hard);
    options.signal?.removeEventListener('abort', onAbort);
    running.delete(pid);
  }
}

const stdin = ({ input, leashed }: RunOptions): { stdin: 'pipe' | 'ignore' } | { input: string } => {
  if (leashed) return { stdin: 'pipe' };
  return input === undefined ? { stdin: 'ignore' } : { input };
};

function remember(group: number): void {
  running.add(group);
  if (hooked) return;
  hooked = true;
  process.once('exit', () => {
    for (const one of running) deliver(-one, 'SIGKILL');
  });
}

/** What execa's result and error objects have in common; `code` is the system's word for a failed start. */
interface Finished {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
  readonly code?: string | undefined;
}

function result(done: Finished, why: string | null): RunResult {
  const failed = why ?? done.code;
  return {
    code: done.exitCode ?? null,
    signal: done.signal ?? null,
    stdout: typeof done.stdout === 'string' ? done.stdout : '',
    stderr: typeof done.stderr === 'string' ? done.stderr : '',
    ...(failed === undefined ? {} : { failed }),
  };
}
