import type { ServerOptions } from './options.ts'

/**
 * The path of a request below the place where the server is mounted; undefined for one that is not
 * below it: `/opsx` is beside `/ops`.
 */
export function pathOf(
  { url }: Request,
  { basePath = '' }: Pick<ServerOptions, 'basePath'>,
): string | undefined {
  const { pathname } = new URL(url)
  if (pathname === basePath) return '/'
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : undefined
}

/**
 * Where the page is, as seen from a path without a slash at its end: its own URLs are relative, and
 * would lead beside it. This one is too, so that it holds behind a proxy that takes a prefix away.
 */
export const slashed = (path: string): string => `./${path.slice(path.lastIndexOf('/') + 1)}/`
