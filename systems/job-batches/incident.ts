import { readFile } from 'node:fs/promises'
import type { Handle } from 'onceover'
import type { ConfigurationItems } from './configuration.ts'
import { insertConfiguration } from './queries.ts'

/** The incident's configuration: EDM_CREATION gets 3 jobs, PORTFOLIO_CREATION gets 5. */
const INCIDENT_ITEMS: ConfigurationItems = {
  databases: [{ name: 'EDM_USEQ' }, { name: 'EDM_USHU' }, { name: 'EDM_USFL' }],
  portfolios: [
    { name: 'USEQ_COMMERCIAL', database: 'EDM_USEQ' },
    { name: 'USEQ_RESIDENTIAL', database: 'EDM_USEQ' },
    { name: 'USHU_COMMERCIAL', database: 'EDM_USHU' },
    { name: 'USHU_RESIDENTIAL', database: 'EDM_USHU' },
    { name: 'USFL_ALL', database: 'EDM_USFL' },
  ],
}

/** Creates the tables of the system in an empty database, without any unique index on batches. */
export async function createSchema(handle: Handle): Promise<void> {
  await handle.query(await readFile(new URL('./schema.sql', import.meta.url), 'utf8'))
}

/** Adds a configuration with the incident's items and gives its id. */
export async function addIncidentConfiguration(
  handle: Handle,
  name = 'Q4 2025 renewal',
): Promise<number> {
  return insertConfiguration(handle, name, INCIDENT_ITEMS)
}
