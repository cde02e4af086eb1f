import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guard, onceover, text } from '../../src/index.ts'
import { type Opened, open } from './lessons.ts'

let opened: Opened
beforeAll(async () => {
  opened = await open(`
    CREATE SCHEMA other;
    CREATE TABLE other.note (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, audience text)`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE other.note RESTART IDENTITY'))

describe('row-level security', () => {
  const notes = guard('notes', { table: 'other.note', key: { name: text() }, show: ['audience'] })

  const asReader = async <T>(work: (once: Opened['once']) => Promise<T>): Promise<T> => {
    await opened.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'x';
      GRANT USAGE ON SCHEMA other, onceover TO ${role};
      GRANT ALL ON ALL TABLES IN SCHEMA other, onceover TO ${role};
      ALTER TABLE other.note ENABLE ROW LEVEL SECURITY;
      CREATE POLICY mine ON other.note TO ${role}
        USING (audience = 'all') WITH CHECK (audience <> 'none')`)
    const url = new URL(opened.db.url)
    url.username = role
    url.password = 'x'
    const once = await onceover({ db: url.href })
    try {
      return await work(once)
    } finally {
      await once.close()
      await opened.query(`DROP POLICY mine ON other.note; DROP OWNED BY ${role}; DROP ROLE ${role};
        ALTER TABLE other.note DISABLE ROW LEVEL SECURITY`)
    }
  }
  const role = `reader_${process.pid}`

  test('that hides the existing row gives `failed` with that reason', async () => {
    await opened.query("INSERT INTO other.note (name, audience) VALUES ('a', 'few'), ('b', 'all')")
    await asReader(async (once) => {
      const input = ['a', 'b', 'c'].map((name) => ({ name, audience: 'all' }))
      const { verdicts } = await once.insert(notes, input)
      expect(verdicts).toMatchObject([
        { verdict: 'failed', reason: expect.stringContaining('row-level security hides it') },
        { verdict: 'skipped', existing: { audience: 'all' } },
        { verdict: 'created', row: { audience: 'all' } },
      ])
    })
  })

  test('that refuses a row gives `failed` for it, and the others stand', async () => {
    await asReader(async (once) => {
      const { verdicts } = await once.insert(notes, [
        { name: 'a', audience: 'all' },
        { name: 'b', audience: 'none' },
        { name: 'c', audience: 'all' },
      ])
      expect(verdicts).toMatchObject([
        { verdict: 'created' },
        { verdict: 'failed', sqlstate: '42501' },
        { verdict: 'created' },
      ])
    })
  })
})
