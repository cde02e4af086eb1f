import { readFile } from 'node:fs/promises'
import { type Guard, onceover } from 'onceover'
import type pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import type { Proposal } from '../../src/duplicates/discover/proposal.ts'
import * as classSessions from '../../systems/class-sessions/guards.ts'
import { incidentRows, loadRows } from '../../systems/class-sessions/incident.ts'
import * as jobBatches from '../../systems/job-batches/guards.ts'
import { addIncidentConfiguration } from '../../systems/job-batches/incident.ts'
import { createBatchesNaively } from '../../systems/job-batches/naive.ts'
import * as lessonsSystem from '../../systems/lessons/fixture.ts'
import { lessons } from '../../systems/lessons/guards.ts'
import { plantStudents } from '../../systems/reports/fixture.ts'
import { reportBatches } from '../../systems/reports/guards.ts'
import { INCIDENT_DATE, requestReports } from '../../systems/reports/incident.ts'
import { generateNaively, naiveRoutes } from '../../systems/reports/naive.ts'
import { templateWriter } from '../../systems/reports/template-writer.ts'
import { snapshots } from '../../systems/snapshots/guards.ts'
import {
  INCIDENT_DAY,
  INCIDENT_PORTFOLIO,
  plantIncident,
  plantMarket,
} from '../../systems/snapshots/incident.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase | undefined
afterEach(() => database?.drop())

async function discovered(system: string, files: readonly string[], fill: Fill) {
  database = await testDatabase()
  const { pool } = database
  for (const file of files) {
    const url = new URL(`../../systems/${system}/${file}`, import.meta.url)
    await pool.query(await readFile(url, 'utf8'))
  }
  await fill(pool)
  const once = await onceover({ db: pool })
  const { proposals, skipped } = await once.discover()
  await once.close()
  expect(skipped).toEqual([])
  return proposals
}

type Fill = (pool: pg.Pool) => Promise<void>

// That a part is there needs no condition: a unique index does not bind rows without it.
const bound = (where: string | undefined, key: object): readonly string[] =>
  (where ?? '')
    .split(' AND ')
    .filter(
      (each) => each !== '' && !Object.keys(key).some((name) => each === `${name} IS NOT NULL`),
    )
    .sort()

const sameKey = (guard: Guard) => (proposal: Proposal) =>
  Object.keys(proposal.key).sort().join() === Object.keys(guard.key).sort().join() &&
  bound(proposal.where, proposal.key).join() === bound(guard.where, guard.key).join()

const rank = (guard: Guard, proposals: readonly Proposal[]): number =>
  proposals.filter(({ table }) => table === guard.table).findIndex(sameKey(guard)) + 1

const made = async (pool: pg.Pool) => {
  const configuration = await addIncidentConfiguration(pool)
  for (let run = 0; run < 2; run++) await createBatchesNaively(pool, configuration)
  await pool.query(`INSERT INTO irp_submission (job_id, external_id)
    SELECT id, 'wf-' || id FROM irp_job`)
}

const runFourTimes = async (pool: pg.Pool) => {
  await plantMarket(pool)
  await plantIncident(pool)
  for (let run = 0; run < 4; run++) {
    await pool.query(
      'INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date) VALUES ($1, $2)',
      [INCIDENT_PORTFOLIO, INCIDENT_DAY],
    )
  }
}

const asked = async (pool: pg.Pool) => {
  await plantStudents(pool, { students: 4, week: INCIDENT_DATE })
  const app = naiveRoutes({ pool, writer: templateWriter }, generateNaively)
  for (let n = 0; n < 4; n++) await requestReports(app, n)
}

const taught = async (pool: pg.Pool) => {
  await lessonsSystem.plantPeople(pool)
  await lessonsSystem.plantIncident(pool)
}

describe('the guard that each incident came to ranks first or second of its table', () => {
  test('class sessions', async () => {
    const all = await discovered('class-sessions', ['schema.sql'], (pool) =>
      loadRows(pool, incidentRows()),
    )
    expect(rank(classSessions.sessions, all)).toBe(1)
    expect(rank(classSessions.groupClasses, all)).toBe(2)
    expect(rank(classSessions.series, all)).toBeOneOf([1, 2])
    expect(rank(classSessions.roster, all)).toBe(1)
  })

  test('job batches', async () => {
    const all = await discovered('job-batches', ['schema.sql'], made)
    expect(rank(jobBatches.jobBatches, all)).toBe(1)
    const [batches] = all.filter(({ table }) => table === 'irp_batch')
    expect(batches).toMatchObject({ copies: 'copy_number', keep: ['created_ts asc', 'id asc'] })
    expect(batches?.children).toEqual(jobBatches.jobBatches.children)
    expect(rank(jobBatches.jobSubmissions, all)).toBeOneOf([1, 2])
  })

  test('lessons', async () => {
    const all = await discovered('lessons', ['schema.sql'], taught)
    expect(rank(lessons, all)).toBe(1)
  })

  test('reports', async () => {
    const all = await discovered('reports', ['schema.sql'], asked)
    expect(rank(reportBatches, all)).toBe(1)
  })

  test('snapshots', async () => {
    const all = await discovered('snapshots', ['schema.sql', 'functions.sql'], runFourTimes)
    expect(rank(snapshots, all)).toBe(1)
  })
})
