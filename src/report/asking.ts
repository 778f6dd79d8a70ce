/** One line of a choice. */
export interface Choice<T> {
  readonly value: T;
  readonly name: string;
  /** Shown below the list while the line is selected. */
  readonly description?: string;
  readonly disabled?: boolean | string;
}

/** Questions to the user. The commands get them as a parameter, so that tests can answer. */
export interface Ask {
  readonly select: <T>(message: string, choices: readonly Choice<T>[]) => Promise<T>;
  readonly several: <T>(message: string, choices: readonly Choice<T>[]) => Promise<readonly T[]>;
  /** No is what Enter takes. */
  readonly confirm: (message: string) => Promise<boolean>;
  /** One of a few keys, typed and confirmed with Enter; Enter alone takes the first. */
  readonly key: <K extends string>(message: string, keys: readonly K[]) => Promise<K>;
}
