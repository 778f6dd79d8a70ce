import type { KeeperStatus } from '../keeper/protocol.ts';
import { count, duration } from './units.ts';

type Gateway = NonNullable<KeeperStatus['gateway']>;

/** What a gateway does and has done, for `cclocal status`: a few indented lines. Pure. */
export function activityText(gateway: Gateway): readonly string[] {
  const { totals, last, restarts } = gateway;
  const { done, failed, refused, cancelled } = totals.outcomes;
  const others = [said(failed, 'failed'), said(refused, 'refused'), said(cancelled, 'cancelled')];
  const repairs = Object.entries(totals.repairs).map(([kind, times]) =>
    times === 0 ? '' : `${count(times)}x ${words[kind] ?? kind}`,
  );
  return [
    `  now       ${now(gateway)}`,
    ...(totals.received === 0 ? [] : [`  requests  ${list([`${count(done)} answered`, ...others])}${speed(last)}`]),
    ...(totals.inputTokens === 0 ? [] : [`  tokens    ${tokens(totals)}`]),
    ...(repairs.some((one) => one !== '') ? [`  repairs   ${list(repairs)}`] : []),
    ...(restarts === 0 ? [] : [`  restarts  ${count(restarts)} of the engine`]),
  ];
}

const words: Readonly<Record<string, string>> = {
  systemText: 'system text moved',
  thinking: 'thoughts left out',
  toolSchemas: 'tool schema simplified',
  toolArguments: 'tool arguments mended',
  textCalls: 'call found in text',
  truncationNotice: 'cut call reported',
  emptyText: 'empty text dropped',
};

function now({ current, queue }: Gateway): string {
  const wait = queue.waiting === 1 ? '; 1 request waits' : `; ${queue.waiting} requests wait`;
  return `${current === null ? 'idle' : doing(current)}${queue.waiting === 0 ? '' : wait}`;
}

function doing({
  stage,
  prefill,
  inputTokens,
  outputTokens,
  tool,
  tokensPerSecond,
}: NonNullable<Gateway['current']>): string {
  const rate = tokensPerSecond === null ? '' : `, ${Math.round(tokensPerSecond)} tokens a second`;
  const call = tool === null ? '' : ` a call of ${tool}`;
  if (stage === 'writing') return `writing${call}, ${count(outputTokens)} tokens so far${rate}`;
  const told = prefill?.told === true ? '' : 'about ';
  const share = prefill?.share == null ? '' : `, ${told}${Math.floor(prefill.share * 100)} % done`;
  return `reading a prompt${inputTokens === null ? '' : ` of ${count(inputTokens)} tokens`}${share}${rate}`;
}

function speed(last: Gateway['last']): string {
  const first = last?.timeToFirstTokenMs == null ? '' : `first token after ${duration(last.timeToFirstTokenMs / 1000)}`;
  const rate = last?.tokensPerSecond == null ? '' : `${Math.round(last.tokensPerSecond)} tokens a second`;
  const both = list([first, rate]);
  return both === '' ? '' : `; the last: ${both}`;
}

function tokens({ inputTokens, outputTokens, cachedShare }: Gateway['totals']): string {
  const kept = cachedShare === null ? '' : ` (${Math.floor(cachedShare * 100)} % of it kept from before)`;
  return `${count(inputTokens)} of prompt${kept}, ${count(outputTokens)} written`;
}

const said = (times: number, what: string): string => (times === 0 ? '' : `${count(times)} ${what}`);
const list = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ');
