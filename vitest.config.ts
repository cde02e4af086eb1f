import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Where to write the results as JSON as well; nowhere by default. */
const results = process.env.ONCEOVER_TEST_RESULTS

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
    globalSetup: ['test/support/server.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
  },
})
