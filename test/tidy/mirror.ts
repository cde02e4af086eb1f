import { posix } from 'node:path'
import type { Rule } from './rule.ts'

// Tests of something else than one file of src/.
const OWN_FOLDERS = new Set([
  ...['races', 'crashes', 'support', 'tidy', 'bench', 'scripts', 'systems', 'dashboard'],
])
const OWN_FILES = new Set(['test/tidy.test.ts', 'test/docs.test.ts'])

/**
 * `test/rows/insert.test.ts` tests `src/rows/insert.ts`; where one file of tests would be too
 * long, `insert.reject.test.ts` tests an aspect of it. What the tests of a folder need besides
 * stands with them.
 */
export const mirrorRule: Rule = {
  law: 'tests mirror src/',
  check: (files) => {
    const sources = new Set(files.flatMap(({ path }) => [path, posix.dirname(path)]))
    return files.flatMap(({ path }) => {
      const [root, folder = '', ...below] = path.split('/')
      if (root !== 'test' || OWN_FILES.has(path)) return []
      if (below.length > 0 && OWN_FOLDERS.has(folder)) return []
      const mirrored = path.replace(/^test/, 'src')
      const source = path.endsWith('.test.ts')
        ? mirrored.replace(/\/([^/.]+)\.[^/]*$/, '/$1.ts')
        : posix.dirname(mirrored)
      if (sources.has(source)) return []
      const message = `there is no ${source}: name it after what it tests, or delete it`
      return [{ path, line: 1, message }]
    })
  },
  refuses: [
    { files: { 'test/rows/old.test.ts': '' }, at: ['test/rows/old.test.ts:1'] },
    {
      files: { 'test/rows/insert.test.ts': '', 'src/insert.ts': '' },
      at: ['test/rows/insert.test.ts:1'],
    },
    { files: { 'test/fixtures/rows.ts': '' }, at: ['test/fixtures/rows.ts:1'] },
    { files: { 'test/extra.test.ts': '' }, at: ['test/extra.test.ts:1'] },
    { files: { 'test/support.test.ts': '' }, at: ['test/support.test.ts:1'] },
  ],
  accepts: [
    { 'test/rows/insert.test.ts': '', 'src/rows/insert.ts': '' },
    { 'test/rows/insert.reject.test.ts': '', 'src/rows/insert.ts': '' },
    { 'test/rows/class-rows.ts': '', 'src/rows/insert.ts': '' },
    { 'test/client.test.ts': '', 'src/client.ts': '' },
    { 'test/tidy.test.ts': '', 'test/docs.test.ts': '', 'test/support/database.ts': '' },
    { 'test/races/insert.test.ts': '', 'systems/lessons/make.test.ts': '' },
  ],
}
