import { guard, int, onceover } from 'onceover'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'

const visits = guard('visits', { table: 'visits', key: { patient: int() } })

test('whoever is in the way is shown with their statement, its spaces put together', async () => {
  const database = await testDatabase()
  const once = await onceover({ db: database.url })
  await database.pool.query('CREATE TABLE visits (id int PRIMARY KEY, patient int NOT NULL)')
  const other = await database.pool.connect()
  await other.query('BEGIN')
  await other.query('INSERT INTO   visits\n  VALUES (1, 1) /* of the last session */')
  await expect(once.enforce(visits, { deadline: '500ms' })).rejects.toMatchObject({
    code: 'ENFORCE_TIMED_OUT',
    details: {
      blockers: [{ query: 'INSERT INTO visits VALUES (1, 1) /* of the last session */' }],
    },
  })
  await other.query('ROLLBACK')
  other.release()
  await once.close()
  await database.drop()
})
