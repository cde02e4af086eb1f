import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { API } from '../../src/server/api.ts'

const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8')

test('docs/http.md lists every route of the server, and no other', () => {
  const listed = [...page.matchAll(/^\| (GET|POST) `([^`]+)` \|/gm)].map(
    ([, method, path]) => `${method} /${path}`,
  )
  const served = API.map(({ route, path }) => `${route.method.toUpperCase()} ${path}`)
  expect(listed.toSorted()).toEqual(served.toSorted())
})
