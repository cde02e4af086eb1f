import { describe, expect, test } from 'vitest'
import { cycleRule } from './tidy/cycles.ts'
import { docstringRule } from './tidy/docstrings.ts'
import { hold } from './tidy/hold.ts'
import { anyRule, markerRule, runningTestsRule } from './tidy/honesty.ts'
import { importTable, readTable } from './tidy/import-table.ts'
import { importRule } from './tidy/imports.ts'
import { mirrorRule } from './tidy/mirror.ts'
import { nameRule } from './tidy/names.ts'
import { bannerRule, emojiRule } from './tidy/ornaments.ts'
import { columnRule, fileSizeRule, functionSizeRule } from './tidy/sizes.ts'
import { repositoryFiles } from './tidy/source-file.ts'
import { sqlPlaceRule } from './tidy/sql-place.ts'

const rules = [
  importRule(importTable()),
  cycleRule,
  sqlPlaceRule,
  docstringRule,
  fileSizeRule,
  functionSizeRule,
  columnRule,
  nameRule,
  mirrorRule,
  anyRule,
  runningTestsRule,
  markerRule,
  bannerRule,
  emojiRule,
]

const files = repositoryFiles()
for (const rule of rules) hold(rule, files)

describe('the table of import rules', () => {
  test('is read from the section of that name', () => {
    const row = '| `a/`, `b.ts` | `c/` and `d/` | `*` except `pg` |'
    const rest = { files: ['c/', 'd/'], packages: ['*'], except: ['pg'] }
    expect(readTable(`\n## Import rules\n\n| Part |\n|---|\n${row}\n\n## Next\n| \`e\` |`)).toEqual(
      [
        { pattern: 'a/', ...rest },
        { pattern: 'b.ts', ...rest },
      ],
    )
  })

  test('is missed where it is missing', () => {
    expect(() => readTable('# Architecture\n\n## Import rules\n\nNone.')).toThrow('no table')
  })
})
