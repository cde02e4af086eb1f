import { describe, expect, test } from 'vitest'
import { chunksOf, type Feed } from '../../src/runs/feed.ts'
import { signalled } from './workshop.ts'

/** A feed of chunks of three that can be stopped. */
function stoppable() {
  const controller = new AbortController()
  const { signal } = controller
  const feed: Feed = {
    size: () => 3,
    stopped: () => signal.aborted,
    onStop: (wake) => {
      signal.addEventListener('abort', wake)
      return () => signal.removeEventListener('abort', wake)
    },
  }
  return { feed, stop: () => controller.abort() }
}

async function gathered(source: Iterable<unknown> | AsyncIterable<unknown>) {
  const chunks: unknown[] = []
  for await (const chunk of chunksOf(source, stoppable().feed)) chunks.push(chunk)
  return chunks
}

async function* counted(until: number) {
  for (let each = 1; each <= until; each++) yield each
}

describe('chunks are full but for the last', () => {
  test.each([
    [0, []],
    [2, [[1, 2]]],
    [3, [[1, 2, 3]]],
    [7, [[1, 2, 3], [4, 5, 6], [7]]],
  ])('of %i', async (count, chunks) => {
    expect(await gathered(counted(count))).toEqual(chunks)
    expect(await gathered(Array.from({ length: count }, (_, place) => place + 1))).toEqual(chunks)
  })
})

test('what arrived goes on where the next takes its time', async () => {
  const later = signalled()
  async function* slow() {
    yield 1
    yield 2
    await later.promise
    yield 3
  }
  const chunks = chunksOf(slow(), stoppable().feed)
  expect((await chunks.next()).value).toEqual([1, 2])
  later.resolve()
  expect((await chunks.next()).value).toEqual([3])
  expect((await chunks.next()).done).toBe(true)
})

test('a source that hangs is left where the feed is stopped', async () => {
  const { feed, stop } = stoppable()
  async function* hanging() {
    yield* [1, 2, 3]
    await new Promise(() => undefined)
  }
  const chunks = chunksOf(hanging(), feed)
  expect((await chunks.next()).value).toEqual([1, 2, 3])
  const next = chunks.next()
  stop()
  expect(await next).toEqual({ done: true, value: undefined })
})

test.each([
  ['stopped', true],
  ['left', false],
])('a source that is %s is ended, so that it frees what it holds', async (_, stopping) => {
  const { feed, stop } = stoppable()
  let ended = false
  async function* source() {
    try {
      for (;;) yield 1
    } finally {
      ended = true
    }
  }
  for await (const chunk of chunksOf(source(), feed)) {
    expect(chunk).toEqual([1, 1, 1])
    if (!stopping) break
    stop()
  }
  expect(ended).toBe(true)
})

test('what a source throws comes through, after the chunks before it', async () => {
  const chunks: unknown[] = []
  async function* failing() {
    yield* [1, 2, 3, 4]
    throw new Error('no more')
  }
  const reading = async () => {
    for await (const chunk of chunksOf(failing(), stoppable().feed)) chunks.push(chunk)
  }
  await expect(reading()).rejects.toThrow('no more')
  expect(chunks).toEqual([[1, 2, 3]])
})
