import { request as httpRequest } from 'node:http';
import { createParser } from 'eventsource-parser';
import { fail } from '../../errors.ts';
import { monotonicMs } from '../../os/clock.ts';

/** A message of the conversation that is measured with. */
export interface Said {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface TimedRequest {
  /** The gateway's, and the session's token for it. */
  readonly url: string;
  readonly token: string;
  readonly model: string;
  readonly messages: readonly Said[];
  readonly maxTokens: number;
  readonly signal: AbortSignal;
}

/** One request as a client sees it; milliseconds from when it was sent. */
export interface Timed {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Tokens of the prompt, those of them that the engine had kept, and tokens of the reply. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly text: string;
}

/** Sends a streamed request of Anthropic's Messages API and times what comes. Fails with `usage` on an error. */
export async function timedRequest(asked: TimedRequest): Promise<Timed> {
  const seen = new Seen();
  return seen.result(await streamed(asked, seen));
}

/** Hands each event to `seen` as it comes; settles with what an answer that is no stream said, else null. */
function streamed(
  { url, token, model, messages, maxTokens, signal }: TimedRequest,
  seen: Seen,
): Promise<string | null> {
  const body = JSON.stringify({ model, max_tokens: maxTokens, stream: true, messages });
  const sentAt = monotonicMs();
  const parser = createParser({ onEvent: ({ data }) => seen.event(data, monotonicMs() - sentAt) });
  const headers = { 'content-type': 'application/json', 'x-api-key': token, 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}/v1/messages`, { method: 'POST', headers, agent: false, signal }, (response) => {
      const { statusCode = 0 } = response;
      let said = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        if (statusCode === 200) parser.feed(part);
        else said += part;
      });
      response.once('end', () => resolve(statusCode === 200 ? null : `${statusCode}: ${said.slice(0, 500)}`));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** What the events of one reply told. */
class Seen {
  #firstMs: number | null = null;
  #lastMs = 0;
  #text = '';
  #problem: string | null = null;
  #usage: Readonly<Record<string, unknown>> = {};

  event(data: string, atMs: number): void {
    const event = objectOf(JSON.parse(data));
    const usage = objectOf(event['usage'] ?? objectOf(event['message'])['usage']);
    this.#usage = { ...this.#usage, ...usage };
    if (event['type'] === 'error') this.#problem = JSON.stringify(event['error']);
    if (event['type'] !== 'content_block_delta') return;
    this.#firstMs ??= atMs;
    this.#lastMs = atMs;
    const { text } = objectOf(event['delta']);
    if (typeof text === 'string') this.#text += text;
  }

  /** Throws when there was an error, or not one piece of a reply. */
  result(failed: string | null): Timed {
    const problem = failed ?? this.#problem;
    if (problem !== null) return refused(`the engine answered with an error: ${problem}`);
    if (this.#firstMs === null) return refused('the model said nothing');
    const of = (name: string): number => {
      const value = this.#usage[name];
      return typeof value === 'number' ? value : 0;
    };
    const cachedTokens = of('cache_read_input_tokens');
    return {
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      inputTokens: of('input_tokens') + of('cache_creation_input_tokens') + cachedTokens,
      cachedTokens,
      outputTokens: of('output_tokens'),
      text: this.#text,
    };
  }
}

const refused = (problem: string): never =>
  fail({ reason: 'usage', problem: `It could not be measured: ${problem}.`, hint: 'Try it in a session first.' });

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
