import type { TestProject } from 'vitest/node'
import { startServer } from '../../src/embedded/server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of a superuser on the suite's server. */
    serverUrl: string
  }
}

// Nothing of a test outlives the run, so nothing has to reach the disk.
const SETTINGS = {
  fsync: false,
  synchronous_commit: false,
  full_page_writes: false,
  max_connections: 300,
}

/** Gives every test file a server: TEST_DATABASE_URL's, or one started for this run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    project.provide('serverUrl', given)
    return async () => undefined
  }
  const server = await startServer({ settings: SETTINGS })
  project.provide('serverUrl', server.url)
  return () => server.stop()
}
