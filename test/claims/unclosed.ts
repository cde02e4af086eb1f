import pg from 'pg'
import { generator, guard, int, onceover } from '../../src/index.ts'

// Run as a program: makes one unit, ends its pool, and never closes Onceover.
const pool = new pg.Pool({ connectionString: process.argv[2] })
const once = await onceover({ db: pool })
await once.migrate()
const visits = guard('visits', { table: 'visit', key: { visitor: int() } })
const visiting = generator(visits, {
  save: async (tx, { unit }) => {
    await tx.query('INSERT INTO visit (visitor) VALUES ($1)', [unit.key.visitor])
  },
})
const { verdict } = await once.runOne(visiting, { key: { visitor: 1 } })
process.stdout.write(verdict)
await pool.end()
