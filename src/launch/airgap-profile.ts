export interface SandboxInput {
  /** The gateway's port. */
  readonly port: number;
  /** Whole paths of the only folders that may be written to, without symbolic links in them. */
  readonly writable: readonly string[];
  /** What in them stays as it is. */
  readonly readonly: readonly string[];
}

/**
 * The profile for macOS's sandbox-exec: no network but the gateway's port on loopback, no Unix socket (so no name is
 * looked up either), no help from programs that are not confined, writing in the named folders only. Its language is
 * not documented by Apple; it was written after the profiles that macOS itself brings, and NOT TESTED ON A MAC. Pure.
 */
export function sandboxProfile({ port, writable, readonly }: SandboxInput): string {
  const literal = (path: string): string => JSON.stringify(path);
  return [
    '; Made by cclocal for --airgap. Not tested on a Mac.',
    '(version 1)',
    '(allow default)',
    '(deny network*)',
    `(allow network-outbound (remote ip "localhost:${port}"))`,
    '(deny lsopen)',
    '(deny appleevent-send)',
    '(deny job-creation)',
    '(deny mach-register)',
    '(deny mach-lookup (global-name-prefix "com.apple.nsurlsession") (global-name "com.apple.dnssd.service"))',
    '(deny file-write*)',
    '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (literal "/dev/dtracehelper")',
    '  (regex #"^/dev/ttys[0-9]+$") (regex #"^/dev/fd/"))',
    ...writable.map((path) => `(allow file-write* (subpath ${literal(path)}))`),
    // The last rule that fits counts.
    ...readonly.map((path) => `(deny file-write* (subpath ${literal(path)}))`),
    '',
  ].join('\n');
}
