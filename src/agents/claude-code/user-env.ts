import type { AgentInput } from '../agent.ts';

/**
 * The user's variables that reach the agent and the commands it runs: where programs and tool chains lie, locale,
 * terminal, SSH agent. Proxies, whose addresses often hold a password, only by --keep-env. Nothing named ANTHROPIC_* or CLAUDE*, no keys, no cloud credentials.
 */
export const keepEnv: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TZ', 'MANPATH', 'INFOPATH', '__CF_USER_TEXT_ENCODING'],
  ...['LANG', 'LANGUAGE', 'LC_ALL', 'LC_COLLATE', 'LC_CTYPE', 'LC_MESSAGES', 'LC_MONETARY', 'LC_NUMERIC', 'LC_TIME'],
  ...['TERM', 'COLORTERM', 'TERM_PROGRAM', 'TERM_PROGRAM_VERSION', 'TERMINFO', 'LC_TERMINAL', 'LC_TERMINAL_VERSION'],
  ...['NO_COLOR', 'FORCE_COLOR', 'COLORFGBG', 'TMUX', 'TMUX_PANE', 'STY', 'ITERM_SESSION_ID', 'KITTY_WINDOW_ID'],
  ...['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS'],
  ...['XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'],
  ...['EDITOR', 'VISUAL', 'PAGER', 'LESS', 'SSH_AUTH_SOCK', 'SSH_AGENT_PID', 'SSH_CONNECTION', 'GPG_TTY'],
  ...['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'GIT_SSH_COMMAND'],
  ...['HOMEBREW_PREFIX', 'HOMEBREW_CELLAR', 'HOMEBREW_REPOSITORY', 'DEVELOPER_DIR', 'SDKROOT', 'JAVA_HOME'],
  ...['VIRTUAL_ENV', 'CONDA_PREFIX', 'CONDA_DEFAULT_ENV', 'PYENV_ROOT', 'PYENV_VERSION', 'GOPATH', 'GOROOT', 'GOBIN'],
  ...['CARGO_HOME', 'RUSTUP_HOME', 'NVM_DIR', 'NVM_BIN', 'VOLTA_HOME', 'FNM_DIR', 'PNPM_HOME', 'BUN_INSTALL'],
  ...['ANDROID_HOME', 'GEM_HOME', 'GEM_PATH', 'RBENV_ROOT', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'KUBECONFIG'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'GIT_SSL_CAINFO'],
];

/** Those of the user's variables that are on the list, or were asked for by name. */
export function keptEnv({ userEnv, keepEnv: asked }: Pick<AgentInput, 'userEnv' | 'keepEnv'>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of [...keepEnv, ...asked]) {
    const value = userEnv[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Whether a variable steers the agent itself: what cclocal says of those has to be the last word. */
export function ownVariable(name: string): boolean {
  return /^_?(ANTHROPIC|CLAUDE)/.test(name) || name in emptied || /^(API_|DISABLE_|ENABLE_TOOL_SEARCH$)/.test(name);
}

/** Switches that send the agent to another provider than its base URL; empty counts as not set. */
const providers = [
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_USE_FOUNDRY',
  'CLAUDE_CODE_USE_MANTLE',
  'CLAUDE_CODE_USE_ANTHROPIC_AWS',
  'CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD',
  'CLAUDE_CODE_USE_GATEWAY',
];

/** Reports to a collector; with OTEL_LOG_USER_PROMPTS every prompt goes there in full (seen with 2.1.329). */
const telemetry = [
  'CLAUDE_CODE_ENABLE_TELEMETRY',
  'OTEL_LOGS_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_TRACES_EXPORTER',
];

/** Another key or login, another way out, headers that may carry a secret, and words added to every request. */
const diverting = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_UNIX_SOCKET',
  'ANTHROPIC_CUSTOM_HEADERS',
  'ANTHROPIC_BETAS',
  'ANTHROPIC_PROFILE',
  'ANTHROPIC_IDENTITY_TOKEN',
  'ANTHROPIC_IDENTITY_TOKEN_FILE',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_EXTRA_BODY',
];

/** Other addresses, which count only with a switch that is emptied; and what every request would go through. */
const addresses =
  /^(ANTHROPIC_(BASE_URL|AUTH_TOKEN)|ANTHROPIC_\w+_BASE_URL|HTTPS?_PROXY|ALL_PROXY|https?_proxy|all_proxy)$/;

/** Whether a variable can send requests, credentials or reports somewhere else. */
export const diverts = (name: string): boolean => name in emptied || addresses.test(name);

/**
 * Empty values for the settings file: they undo what a settings file of lower rank, or the shell that the pasted line
 * runs in, has set.
 */
export const emptied: Readonly<Record<string, string>> = Object.fromEntries(
  [...diverting, ...providers, ...telemetry].map((name) => [name, '']),
);

/** Variables of the user's shell that the pasted line takes away before the agent starts. */
export const scrubbed: readonly string[] = [
  ...diverting,
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_SIMPLE',
  'CLAUDECODE',
  ...providers,
  ...telemetry,
];
