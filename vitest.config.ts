import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { findChromium } from './test/support/chromium.ts'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Where to write the results as JSON as well; nowhere by default. */
const results = process.env.ONCEOVER_TEST_RESULTS

// A test that cannot run is left out and said so, never passed over in silence.
const withBrowser = findChromium() !== undefined
if (!withBrowser && process.env.ONCEOVER_BROWSER !== 'off') {
  console.error('No Chromium here: the tests of the dashboard in test/dashboard/ do not run.')
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^onceover$/, replacement: source('./src/index.ts') },
      { find: /^onceover\/embedded$/, replacement: source('./src/embedded/server.ts') },
      { find: /^onceover\/hono$/, replacement: source('./src/http/hono.ts') },
      { find: /^onceover\/server$/, replacement: source('./src/server/server.ts') },
      { find: /^onceover\/express$/, replacement: source('./src/http/express.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(withBrowser ? [] : ['test/dashboard/**'])],
    globalSetup: ['test/support/server.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
  },
})
