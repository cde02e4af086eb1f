import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guard, type InsertOptions, int, type OnceoverError, onceover } from '../../src/index.ts'
import { LESSONS, lesson, lessons, type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(LESSONS)
})
afterAll(() => opened.close())

const refusal = async (options: object, once = opened.once): Promise<OnceoverError> =>
  once.insert(lessons, [lesson(1)], options as InsertOptions).then(
    () => {
      throw new Error('it was not refused')
    },
    (error) => error,
  )

describe('an insert is refused, and nothing is written,', () => {
  test('with a policy that there is not', async () => {
    const error = await refusal({ onDuplicate: 'overwrite' })
    expect(error).toMatchObject({ code: 'INPUT_INVALID' })
    expect(error.fix).toContain('skip, reject, replace, allow')
  })

  test('where it would replace one of several copies', async () => {
    const copied = guard('copied', { table: 'lesson', key: { teacher: int() }, copies: 'seats' })
    const call = opened.once.insert(copied, [{ teacher: 1 }], { onDuplicate: 'replace' })
    await expect(call).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })

  test('where the guard is not enforced, naming the indexes that seem to', async () => {
    const narrow = guard('narrow', { table: 'lesson', key: { teacher: int() } })
    const call = opened.once.insert(narrow, [{ teacher: 1 }])
    await expect(call).rejects.toMatchObject({
      code: 'GUARD_NOT_ENFORCED',
      exitCode: 4,
      details: { guard: 'narrow', table: 'lesson' },
    })
  })

  test('where the database is a bare { query }, which cannot hold a transaction', async () => {
    const once = await onceover({
      db: { query: (text, values) => opened.db.pool.query(text, values) },
    })
    expect(await refusal({}, once)).toMatchObject({ code: 'HANDLE_INVALID' })
  })

  test.each([[undefined], [null], ['rows'], [{}], [new Set([{}])]])(
    'where the rows are no array: %s',
    async (rows) => {
      const call = opened.once.insert(lessons, rows as never)
      await expect(call).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    },
  )

  test('on a read-only connection', async () => {
    const url = new URL(opened.db.url)
    url.searchParams.set('options', '-c default_transaction_read_only=on')
    const once = await onceover({ db: url.href })
    expect(await refusal({}, once)).toMatchObject({ code: 'READ_ONLY', exitCode: 4 })
    const { totals } = await once.preview(lessons, [lesson(1)])
    expect(totals.created).toBe(1)
    await once.close()
  })

  afterAll(async () => {
    expect(await opened.query('SELECT FROM lesson')).toEqual([])
    expect(await opened.query('SELECT FROM onceover.run')).toEqual([])
  })
})

describe('a role', () => {
  const withRole = async (grants: string, work: (error: OnceoverError) => void) => {
    const role = `writer_${process.pid}`
    await opened.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; ${grants.replaceAll('$', role)}`)
    const url = new URL(opened.db.url)
    url.username = role
    url.password = 'x'
    const once = await onceover({ db: url.href })
    try {
      work(await refusal({}, once))
    } finally {
      await once.close()
      await opened.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  }

  test('without INSERT is told so', async () => {
    const audit = 'GRANT USAGE ON SCHEMA onceover TO $; GRANT ALL ON onceover.run TO $;'
    const grants = `${audit} GRANT ALL ON onceover.event TO $; GRANT SELECT ON lesson TO $`
    await withRole(grants, (error) => {
      expect(error).toMatchObject({ code: 'PERMISSION_DENIED', exitCode: 4 })
      expect(error.message).toContain('lesson')
    })
  })

  test('that may not write the audit is told so, and inserts nothing', async () => {
    await withRole('GRANT SELECT, INSERT ON lesson TO $', (error) => {
      expect(error.code).toBe('PERMISSION_DENIED')
      expect(error.message).toContain('onceover')
    })
    expect(await opened.query('SELECT FROM lesson')).toEqual([])
  })
})
