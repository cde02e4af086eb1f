import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageFile } from '../../src/server/page.ts'

let root: string
let folders: readonly URL[]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'onceover page '))
  await mkdir(join(root, 'built', 'assets'), { recursive: true })
  await mkdir(join(root, 'built-too'))
  await writeFile(join(root, 'built', 'index.html'), '<!doctype html>')
  await writeFile(join(root, 'built', 'assets', 'main-1a2b.js'), 'export {}')
  await writeFile(join(root, 'built', 'assets', 'main-1a2b.js.map'), '{}')
  await writeFile(join(root, 'secret.json'), '"secret"')
  await writeFile(join(root, 'built-too', 'secret.json'), '"secret"')
  folders = [pathToFileURL(join(root, 'none/')), pathToFileURL(join(root, 'built/'))]
})
afterAll(() => rm(root, { recursive: true }))

test('the page is at the root and asked for anew, its files are kept for ever', async () => {
  const page = await pageFile('/', folders)
  expect(page?.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page?.headers.get('cache-control')).toBe('no-cache')
  expect(await page?.text()).toBe('<!doctype html>')
  const file = await pageFile('/assets/main-1a2b.js', folders)
  expect(file?.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(file?.headers.get('cache-control')).toContain('immutable')
})

test.each([
  '/../secret.json',
  '/..%2fsecret.json',
  '/%2e%2e/secret.json',
  '/assets/../../secret.json',
  '/assets/../../built-too/secret.json',
  '/..\\secret.json',
  '//../secret.json',
  '/../built-too/secret.json',
  '/index.html\0.js',
  '/assets',
  '/assets/',
  '/assets/main-1a2b.js.map',
  '/.constructor',
  '*',
  '',
])('there is no file at %j', async (path) => {
  expect(await pageFile(path, folders)).toBeUndefined()
})
