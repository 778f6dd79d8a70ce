import type { Book } from './book.ts';
import { prefillOf } from './prefill.ts';
import { MetricsText } from './metrics-text.ts';

export interface MetricsFacts {
  readonly model: string;
  readonly context: number;
  /** Resident memory of this process, bytes. */
  readonly memoryBytes: number;
}

const phases = ['loading', 'restarting', 'ready', 'unloaded', 'ended'] as const;

/** The gateway's figures for Prometheus. No session, client or content among the labels. Pure. */
export function metricsText(book: Book, { model, context, memoryBytes }: MetricsFacts, now: number): string {
  const { totals, running, last } = book;
  const text = new MetricsText();
  text.gauges('cclocal_info', 'The model that is served.', [[{ model }, 1]]);
  text.gauges(
    'cclocal_engine_phase',
    '1 for what the engine does now.',
    phases.map((phase) => [{ phase }, phase === book.phase ? 1 : 0]),
  );
  text.counter('cclocal_engine_restarts_total', 'Restarts of the engine.', totals.restarts);
  text.gauge('cclocal_requests_running', 'Requests at the engine.', running === null ? 0 : 1);
  text.gauge('cclocal_requests_waiting', 'Requests that wait.', book.liveCount - (running === null ? 0 : 1));
  text.counter('cclocal_requests_received_total', 'Requests that were understood.', totals.received);
  text.counters('cclocal_requests_total', 'Requests that are over, by outcome.', 'outcome', totals.requests);
  text.counters('cclocal_refusals_total', 'What never became a request, by error type.', 'type', totals.refused);
  text.counters('cclocal_repairs_total', 'Repairs made, by kind.', 'repair', totals.repairs);
  text.counter('cclocal_clients_left_total', 'Times a client left before its reply was over.', totals.left);
  text.counter('cclocal_clients_came_back_total', 'Times such a client came back to it.', totals.cameBack);
  text.counter('cclocal_request_body_bytes_total', 'Bytes of request bodies.', totals.requestBytes);
  text.counter('cclocal_prompt_tokens_total', 'Tokens of the prompts that the engine got.', totals.inputTokens);
  text.counter('cclocal_prompt_cached_tokens_total', 'Those it had kept from before.', totals.cachedTokens);
  text.counter('cclocal_output_tokens_total', 'Tokens that the engine wrote.', totals.outputTokens);
  text.gauge('cclocal_context_ceiling_tokens', 'Most tokens of prompt and reply together.', context);
  text.gauge(
    'cclocal_context_used_tokens',
    'Tokens of the prompt at the engine, else of the last prompt and its reply.',
    running?.prompt?.tokens ?? (last?.inputTokens == null ? null : last.inputTokens + (last.outputTokens ?? 0)),
  );
  text.gauge(
    'cclocal_prefill_progress_ratio',
    'How far the prompt at the engine is read, 0 to 1; told by the engine or estimated.',
    running === null || running.writingAt !== null ? null : prefillOf(running, book.rate.perMs, now).share,
  );
  const { perMs } = book.rate;
  text.gauge(
    'cclocal_prefill_tokens_per_second',
    'How fast prompts were read lately.',
    perMs === null ? null : perMs * 1000,
  );
  text.gauge('cclocal_output_tokens_per_second', 'How fast the last reply was written.', last?.tokensPerSecond ?? null);
  text.histogram('cclocal_queue_seconds', 'From a request to its way to the engine.', totals.queueSeconds);
  text.histogram(
    'cclocal_time_to_first_token_seconds',
    'From a request to the first content of its reply.',
    totals.firstTokenSeconds,
  );
  text.histogram('cclocal_request_seconds', 'From a request to its end.', totals.requestSeconds);
  text.gauge('process_resident_memory_bytes', 'Resident memory of the gateway.', memoryBytes);
  return text.toString();
}
