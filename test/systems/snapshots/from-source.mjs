// Imports TypeScript with the package from its source: a process has no vitest, tests no build.
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

const source = fileURLToPath(new URL('../../../src/index.ts', import.meta.url))

/** @param {string} path from this folder */
export const importSource = (path) =>
  createJiti(import.meta.url, { alias: { onceover: source } }).import(path)
