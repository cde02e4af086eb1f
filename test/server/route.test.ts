import { expect, test } from 'vitest'
import { z } from 'zod'
import { answer, read, route } from '../../src/server/route.ts'

const declared = route({
  method: 'post',
  path: '/guards/:guard/retry',
  summary: 'Tries again.',
  tag: 'runs',
  query: z.object({ limit: z.coerce.number().optional() }),
  body: z.object({ selection: z.string().optional() }).refine(({ selection }) => selection !== ''),
  answers: {},
  handle: () => answer(200, {}),
})

test('a name that the schema does not have is refused: a slip must not widen a write', () => {
  expect(() => read(declared.body, { selecton: '7' }, 'body')).toThrow('selecton')
  expect(() => read(declared.query, { limits: '7' }, 'query')).toThrow('limits')
  expect(read(declared.body, { selection: '7' }, 'body')).toEqual({ selection: '7' })
  expect(() => read(declared.body, { selection: '' }, 'body')).toThrow('does not fit')
})

test('a query of any parts of a key takes them', () => {
  const { query } = route({
    method: 'get',
    path: '/claims',
    summary: 'Claims.',
    tag: 'claims',
    query: z.looseObject({ guard: z.string() }),
    answers: {},
    handle: () => answer(200, {}),
  })
  expect(read(query, { guard: 'visits', 'part.day': '2025-10-01' }, 'query')).toMatchObject({
    'part.day': '2025-10-01',
  })
})
