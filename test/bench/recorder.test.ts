import { expect, test } from 'vitest'
import { Recorder, turnOrder } from '../../bench/recorder.ts'

test('two sides take turns as AB, BA, BA, AB', () => {
  const turns = [0, 1, 2, 3].map((turn) => turnOrder(['A', 'B'], turn).join(''))
  expect(turns).toEqual(['AB', 'BA', 'BA', 'AB'])
})

test('each of three sides stands in each place as often', () => {
  const turns = Array.from({ length: 6 }, (_, turn) => turnOrder(['A', 'B', 'C'], turn))
  for (const side of ['A', 'B', 'C']) {
    const places = [0, 1, 2].map((place) => turns.filter((turn) => turn[place] === side).length)
    expect(places).toEqual([2, 2, 2])
  }
})

test('a recorder keeps sides apart, counts statements and hands the result on', async () => {
  let sent = 0
  const recorder = new Recorder(() => sent)
  const result = await recorder.time('load', 'raw', 2, async () => {
    sent += 3
    return 'done'
  })
  expect(result).toBe('done')
  expect(recorder.samples('load', 'raw')).toMatchObject([{ round: 2, statements: 3 }])
  expect(recorder.samples('load', 'onceover')).toEqual([])
})
