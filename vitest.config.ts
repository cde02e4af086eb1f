import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^onceover$/, replacement: source('./src/index.ts') },
      { find: /^onceover\/embedded$/, replacement: source('./src/embedded/server.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'systems/**/*.test.ts'],
    globalSetup: ['test/support/server.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
