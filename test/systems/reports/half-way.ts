// A process that regenerates the reports of the first student and never gets further than half way.
import { onceover } from 'onceover'
import pg from 'pg'
import { student } from '../../../systems/reports/fixture.ts'
import { generateOne, openReports } from '../../../systems/reports/generate.ts'
import { INCIDENT_DATE } from '../../../systems/reports/incident.ts'
import { templateWriter } from '../../../systems/reports/template-writer.ts'

const [url = '', answers = '0'] = process.argv.slice(3)
const pool = new pg.Pool({ connectionString: url })
const once = await onceover({ db: pool, lease: '1s' })
let calls = 0
const system = openReports(once, pool, {
  ...templateWriter,
  write: (request, options) => {
    calls++
    return calls > Number(answers) ? new Promise(() => {}) : templateWriter.write(request, options)
  },
})
await generateOne(system, student(0).id, { period: 'weekly', date: INCIDENT_DATE })
