import { sendJson, sendText } from './answer.ts';
import type { Asked, House } from './asked.ts';

/** `HEAD /` and `/api/hello`, by which agents look whether anybody is there. Tells nothing. */
export function hello({ response }: Asked): void {
  sendJson(response, {});
}

/** `/health`: 200 once the engine answers, or would if it were asked, else 503. Without a token it says no more than that. */
export function health({ response, caller }: Asked, { engine, model }: House): void {
  const { phase } = engine.state();
  const ok = phase === 'ready' || phase === 'unloaded';
  const status = ok ? 'ok' : 'starting';
  sendJson(response, caller === null ? { status } : { status, phase, model: model.id }, ok ? 200 : 503);
}

/** `GET /cclocal/status`. */
export function status({ response }: Asked, house: House): void {
  sendJson(response, house.status(), 200, { 'cache-control': 'no-store' });
}

/** `GET /metrics`, in Prometheus' text form. */
export function metrics({ response }: Asked, house: House): void {
  sendText(response, house.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
}
