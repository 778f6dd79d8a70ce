import { resetModes } from './restore-terminal.ts';
import { startChild, type Started } from './spawn.ts';
import type { TerminalState } from './terminal.ts';

/**
 * Waits for a word on its standard input; where that ends without one, whoever watched over the process has died. Its
 * keeper then has a second to end it first, and what is there after that is ended here.
 * Only while the number still stands for the process that it stood for at the start, and the line discipline only while
 * nobody else has the terminal, as in keeper/seat.ts. Written for dash and bash 3.2. Arguments: pid, terminal (or ""), its
 * `stty -g`, escape sequences.
 */
const script = `
trap '' HUP INT TERM
LC_ALL=C TZ=UTC; export LC_ALL TZ
born() { ps -o lstart= -p "$1" 2>/dev/null; }
was=$(born "$1"); group=$(ps -o pgid= -p "$1" 2>/dev/null)
if [ -z "$was" ]; then exit 0; fi
if read -r word; then exit 0; fi
lives() {
  case $(ps -o stat= -p "$1" 2>/dev/null) in ''|Z*) return 1;; esac
  [ "$(born "$1")" = "$was" ]
}
gone() {
  left=$2
  while lives "$1"; do
    if [ "$left" -eq 0 ]; then return 1; fi
    left=$((left - 1)); sleep 0.1
  done
}
if gone "$1" 10; then exit 0; fi
if lives "$1"; then kill -TERM "$1"; fi
if ! gone "$1" 10; then
  if lives "$1"; then kill -KILL "$1"; fi
  gone "$1" 5
fi
if [ -z "$2" ]; then exit 0; fi
front=$(ps -t "\${2#/dev/}" -o tpgid= 2>/dev/null | head -n 1)
(
  if ! [ -c "$2" ]; then exit 0; fi
  if [ "$((front))" -le 0 ] || [ "$((front))" -eq "$((group))" ]; then stty "$3" < "$2"; fi
  printf %s "$4" > "$2"
) 2>/dev/null
`;

/** Somebody who ends a process and puts its terminal back where this program, and its keeper too, were killed. */
export interface LastWatch {
  /** The process has ended, or is ended by somebody else. */
  readonly over: () => void;
}

/**
 * Starts the watch over a process that this program has started: a shell of its own session, which no signal to the
 * terminal reaches. Null where there is no shell; then the keeper is the only one who watches.
 */
export async function startLastWatch(
  pid: number,
  terminal: TerminalState | null,
  env: Readonly<Record<string, string>>,
): Promise<LastWatch | null> {
  const known = terminal !== null && /^\/dev\/[\w/.-]+$/.test(terminal.path) && /^[0-9a-z:=]+$/i.test(terminal.state);
  const back = known ? [terminal.path, terminal.state, resetModes] : ['', '', ''];
  let watch: Started;
  try {
    const options = { env, cwd: '/', stdout: 'ignore', stderr: 'ignore' } as const;
    watch = await startChild('/bin/sh', ['-c', script, 'cclocal-watch', String(pid), ...back], options);
  } catch {
    return null;
  }
  watch.unref();
  return { over: () => void watch.stdin?.end('over\n') };
}
