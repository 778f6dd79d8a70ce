/** What a trace of system calls says of a program's ways out. */
export interface Egress {
  /** Connects of the Internet families, wherever to. */
  readonly connects: number;
  /** Where to, beyond loopback. */
  readonly beyond: readonly string[];
  /** Name lookups: whoever is asked, also on loopback. */
  readonly lookups: readonly string[];
}

const address =
  /sa_family=AF_INET6?, sin6?_port=htons\((\d+)\).*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")/;
const ours = /^(127\.|::1$|::ffff:127\.)/;

/**
 * Reads the output of `strace -f -e trace=%network`. A datagram socket that is connected to an address without anything
 * being sent (as libraries do to learn their own address) counts like any other. Pure.
 */
export function egressOf(trace: string): Egress {
  const lines = trace.split('\n').filter((line) => /\b(connect|sendto|sendmsg|sendmmsg)\(/.test(line));
  const found = lines.flatMap((line) => {
    const [, port, four, six] = address.exec(line) ?? [];
    return port === undefined ? [] : [{ line, port, host: four ?? six ?? '' }];
  });
  const resolver = lines.filter((line) => /AF_UNIX.*(systemd\/resolve|mDNSResponder)/.test(line));
  const asked = found.filter(({ port }) => port === '53' || port === '5353');
  return {
    connects: found.filter(({ line }) => line.includes('connect(')).length,
    beyond: found.filter(({ host }) => !ours.test(host)).map(({ host, port }) => `${host} port ${port}`),
    lookups: [...resolver, ...asked.map(({ line }) => line)],
  };
}
