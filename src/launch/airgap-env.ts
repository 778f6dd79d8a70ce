import { join } from 'node:path';

/** A configuration folder that lasts no longer than the session: nothing that is put into it reaches a later one. */
export const airgapConfigDir = (sessionDir: string): string => join(sessionDir, 'profile');

/** Ways out by another door, which nothing within may know of. */
const doors =
  /^(SSH_AUTH_SOCK|SSH_AGENT_PID|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR|DOCKER_HOST|DOCKER_CONTEXT|KUBECONFIG|TMUX|TMUX_PANE|STY|HTTPS?_PROXY|ALL_PROXY|https?_proxy|all_proxy)$/;

/** The agent's environment behind --airgap: sockets and proxies dropped, a temporary folder of its own. Pure. */
export function airgapEnv(env: Readonly<Record<string, string>>, temporary: string): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !doors.test(name));
  return { ...Object.fromEntries(kept), TMPDIR: temporary };
}
