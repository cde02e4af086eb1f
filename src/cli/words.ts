/** Values by name on one line: `day=2025-10-23 room=NULL`. */
export const words = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value === null ? 'NULL' : String(value)}`)
    .join(' ')
