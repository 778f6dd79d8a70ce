/** Below this share of its charge a Mac on its battery is let go to sleep, percent. */
const lowPercent = 20;

/**
 * Whether a Mac runs on a battery that is nearly empty, by the words of `pmset -g batt` ("Now drawing from 'Battery
 * Power'", "-InternalBattery-0 (id=…) 17%; discharging; …"). A Mac without a battery, and one that did not say, has no low
 * one. Pure.
 */
export function isLow(said: string | null): boolean {
  if (said === null || !said.includes("'Battery Power'")) return false;
  const percent = /\b(\d{1,3})%/.exec(said)?.[1];
  return percent !== undefined && Number(percent) < lowPercent;
}
