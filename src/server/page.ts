import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

// The page is built beside the library; from the sources it is found where the build puts it.
const BUILT = [
  new URL('../dashboard/', import.meta.url),
  new URL('../../dist/dashboard/', import.meta.url),
]

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
}

const FOREVER = 'public, max-age=31536000, immutable'

async function readBuilt(path: string, folders: readonly URL[]): Promise<Buffer | undefined> {
  for (const folder of folders) {
    const root = fileURLToPath(folder)
    const file = normalize(join(root, path))
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined
    const found = await readFile(file).catch(() => undefined)
    if (found) return found
  }
  return undefined
}

/**
 * A file of the page; the page itself at the root. Its URLs are all relative, so it works wherever
 * it is mounted.
 *
 * @param folders where it may have been built, the first that has it counts
 * @returns undefined where there is no such file
 */
export async function pageFile(
  path: string,
  folders: readonly URL[] = BUILT,
): Promise<Response | undefined> {
  const name = path === '/' ? 'index.html' : path.slice(1)
  const type = TYPES[extname(name)]
  if (type === undefined || name.includes('\0')) return undefined
  const bytes = await readBuilt(name, folders)
  if (!bytes) return undefined
  const cache = name.startsWith('assets/') ? FOREVER : 'no-cache'
  return new Response(new Uint8Array(bytes), {
    headers: { 'content-type': type, 'cache-control': cache },
  })
}
