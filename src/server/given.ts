/** What was given of some options, without what was not. */
export const given = <T extends object>(
  options: T,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as typeof options as { [Name in keyof T]?: Exclude<T[Name], undefined> }
