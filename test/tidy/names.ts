import type { Rule } from './rule.ts'

// Alone they say nothing; within a name ("column-types") some of them can say something.
const VAGUE = new Set(['types', 'common', 'shared', 'misc', 'util', 'utils', 'helper', 'helpers'])
const VAGUE_WORDS = /(^|[-_.])(utils?|helpers?|misc)([-_.]|$)/

/** Files and folders are named after their one concept. */
export const nameRule: Rule = {
  law: 'no file or folder has a name that says nothing',
  check: (files) =>
    files.flatMap(({ path }) => {
      const vague = path.split('/').find(isVague)
      if (vague !== undefined) {
        const message = `"${vague}" says nothing: name it after its one concept`
        return [{ path, line: 1, message }]
      }
      if (!/(^|\/)index\.[cm]?[jt]sx?$/.test(path) || path === 'src/index.ts') return []
      const message = 'only src/index.ts is an index: import the file that defines the name'
      return [{ path, line: 1, message }]
    }),
  refuses: [
    { files: { 'src/core/utils.ts': '' }, at: ['src/core/utils.ts:1'] },
    { files: { 'src/core/types.ts': '' }, at: ['src/core/types.ts:1'] },
    { files: { 'src/shared/key.ts': '' }, at: ['src/shared/key.ts:1'] },
    { files: { 'test/test-helpers.ts': '' }, at: ['test/test-helpers.ts:1'] },
    { files: { 'systems/common.test.ts': '' }, at: ['systems/common.test.ts:1'] },
    { files: { 'src/rows/index.ts': '' }, at: ['src/rows/index.ts:1'] },
  ],
  accepts: [{ 'src/index.ts': '', 'src/guards/column-types.ts': '', 'dashboard/index.html': '' }],
}

function isVague(segment: string): boolean {
  const [stem = ''] = segment.split('.')
  return VAGUE.has(stem) || VAGUE_WORDS.test(segment)
}
