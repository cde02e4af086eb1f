import { expect, test } from 'vitest'
import { SingleFlight } from '../../src/server/single-flight.ts'

/** Answers that come when they are told to. */
const answers = () => {
  const made: { answer: (text: string) => void; signal: AbortSignal }[] = []
  const make = (signal: AbortSignal) =>
    new Promise<string>((answer) => {
      made.push({ answer, signal })
    })
  return { made, make }
}

test('those who ask at the same time share an answer, and those after it do not', async () => {
  const flights = new SingleFlight<string>()
  const { made, make } = answers()
  const both = [flights.get('a', make), flights.get('a', make)]
  const other = flights.get('b', make)
  for (const [place, { answer }] of made.entries()) answer(`${place}`)
  expect(await Promise.all([...both, other])).toEqual(['0', '0', '1'])
  void flights.get('a', make)
  expect(made).toHaveLength(3)
})

test('an error is told to all who wait, and the next one asks anew', async () => {
  const flights = new SingleFlight<string>()
  const fail = () => Promise.reject(new Error('no'))
  const both = await Promise.allSettled([flights.get('a', fail), flights.get('a', fail)])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(flights.get('a', async () => 'yes')).resolves.toBe('yes')
})

test('work is stopped once everybody who asked went away, and not before', () => {
  const flights = new SingleFlight<string>()
  const { made, make } = answers()
  const [first, second] = [new AbortController(), new AbortController()]
  void flights.get('a', make, first.signal)
  void flights.get('a', make, second.signal)
  first.abort()
  expect(made[0]?.signal.aborted).toBe(false)
  second.abort()
  expect(made[0]?.signal.aborted).toBe(true)
  // What is being stopped is of no use to who comes now.
  void flights.get('a', make)
  expect(made).toHaveLength(2)
})

test('what was found before a change is shared with nobody after it', () => {
  const flights = new SingleFlight<string>()
  const { made, make } = answers()
  void flights.get('a', make)
  flights.forget('a')
  void flights.get('a', make)
  expect(made).toHaveLength(2)
})
