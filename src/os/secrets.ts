/** Secrets by their shape: what Anthropic, cloud providers, hosts of code and of models hand out, and private keys. */
const shapes: readonly RegExp[] = [
  /sk-ant-[\w-]{8,}/,
  /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/,
  /\bAIza[\w-]{30,}/,
  /\bya29\.[\w-]{20,}/,
  /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}/,
  /\bgithub_pat_\w{20,}/,
  /\bglpat-[\w-]{16,}/,
  /\bhf_[A-Za-z0-9]{20,}/,
  /\bnpm_[A-Za-z0-9]{30,}/,
  /\bxox[abprs]-[\w-]{10,}/,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/,
  /(?<=:\/\/[^/\s:@]*:)[^/\s@]+(?=@)/,
];

/** Where a text itself names one: `Authorization: Bearer …`, `API_KEY=…`, `"token": "…"`; numbers are counts of tokens. */
const told =
  /((?:bearer|basic)\s+|[\w-]*(?:(?:api|access|private)[_-]?key|token|secret|passw(?:or)?d|credential)\w*["']?\s*[=:]\s*["']?)(?!\d+(?:\.\d+)?(?:[\s,}\]]|$))[^\s"',;]{6,}/gi;

/** Variables that hold a secret by their name. */
const names =
  /(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|(^|_)(API_?)?KEY|_PAT|AUTH)$|^(AWS|AZURE|GOOGLE|GCP)_/;
/** Among them those that only name a place or a switch. */
const harmless = /^(AWS_(DEFAULT_)?REGION|AWS_PROFILE|AWS_PAGER)$/;

/** A value shorter than this is no secret, and would be found in every other word. */
const shortest = 6;

export const secretName = (name: string): boolean => names.test(name) && !harmless.test(name);

/** Whether something in a text has the shape of a secret. */
export const looksSecret = (text: string): boolean => shapes.some((shape) => shape.test(text));

/** An environment without the values that look like secrets, but for those that were asked for by name. Pure. */
export function withoutSecrets(
  env: Readonly<Record<string, string | undefined>>,
  asked: readonly string[],
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => asked.includes(name) || value === undefined || !looksSecret(value)),
  );
}

/**
 * A text with every secret taken out: what has the shape of one, what it names as one, and the values of those variables
 * that hold one by their name. For whatever is shown or written of texts that others made. Pure.
 */
export function redacted(text: string, env: Readonly<Record<string, string | undefined>> = {}): string {
  const values = Object.entries(env).flatMap(([name, value]) =>
    secretName(name) && value !== undefined && value.length >= shortest ? [value] : [],
  );
  const named = values.reduce((rest, value) => rest.replaceAll(value, '(removed)'), text);
  const shaped = shapes.reduce((rest, shape) => rest.replace(new RegExp(shape, 'g'), '(removed)'), named);
  return shaped.replace(told, '$1(removed)');
}
