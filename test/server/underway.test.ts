import { expect, test } from 'vitest'
import { UnderwayRegister } from '../../src/server/underway.ts'

const register = () =>
  new UnderwayRegister(
    () => {},
    () => {},
  )

test('what still runs keeps its guard busy, however many runs came after it', async () => {
  const underway = register()
  let end = (_result: object) => {}
  underway.start(
    { guard: 'visits', what: 'enforce', id: null, actor: 'ana' },
    () => new Promise((resolve) => (end = resolve)),
  )
  for (let run = 0; run < 200; run++) {
    const start = { guard: 'notes', what: 'run', id: String(run), actor: 'ana' } as const
    underway.start(start, async () => ({}))
  }
  await new Promise(setImmediate)
  expect(underway.of('notes')).toHaveLength(100)
  expect(() => underway.requireIdle('visits')).toThrow('visits has work under way: enforce')
  end({})
  await underway.close()
})

test('closing waits for work that has no id yet, and for what began meanwhile', async () => {
  const underway = register()
  const seen: string[] = []
  let begin = () => {}
  const work = new Promise<void>((resolve) => (begin = resolve)).then(() => {
    underway.start({ guard: 'visits', what: 'run', id: '1', actor: 'ana' }, async () => {
      await new Promise(setImmediate)
      seen.push('ended')
      return {}
    })
  })
  underway.await(work)
  const closed = underway.close().then(() => seen.push('closed'))
  begin()
  await closed
  expect(seen).toEqual(['ended', 'closed'])
})
