import { InvalidArgumentError } from 'commander';

/** Reads a whole number. Throws commander's InvalidArgumentError for anything else. */
export const wholeNumber =
  (flag: string, example: number, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(
        `${flag} needs a whole number from ${least} to ${most}, such as ${example}; "${text}" is not one.`,
      );
    }
    return value;
  };

/** Milliseconds of `90s`, `30m` or `2h`, from ten seconds to a week. Throws like `wholeNumber`. */
export const lengthOfTime =
  (flag: string, example: string) =>
  (text: string): number => {
    const [, digits = '', unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
    const value = Number(digits) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1_000);
    if (digits === '' || value < 10_000 || value > 7 * 24 * 3_600_000) {
      throw new InvalidArgumentError(
        `${flag} needs a time from 10s to 168h, such as ${example}; "${text}" is not one.`,
      );
    }
    return value;
  };

/** For an option that may be given more than once. */
export const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
