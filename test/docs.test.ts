import { describe, expect, test } from 'vitest'
import { ERRORS } from '../src/core/error-catalogue.ts'
import { faultsOfErrorPage } from './tidy/error-page.ts'
import { examplesOf, runExamples, typeErrorsOf } from './tidy/examples.ts'
import { hold } from './tidy/hold.ts'
import { linkRule } from './tidy/links.ts'
import { repositoryFiles, repositoryPictures, type SourceFile } from './tidy/source-file.ts'

const files = repositoryFiles()
hold(linkRule, [...files, ...repositoryPictures()])

const page = (text: string, path = 'docs/sample.md'): SourceFile => ({ path, text })

describe('docs/errors.md', () => {
  const exitCodes = { LOST: 1, REFUSED: 4 }
  const lost = '## LOST\n\nIt broke. Run it again.\n\nExit code 1.\n'
  const refused = '## REFUSED\n\nIt may not. Ask.\n\nExit code 4.\n'
  const faults = (text: string) => faultsOfErrorPage(page(text, 'docs/errors.md'), exitCodes)

  test('has one heading for each code of the catalogue', () => {
    const errorPage = files.find(({ path }) => path === 'docs/errors.md') ?? page('')
    const codes = Object.entries(ERRORS).map(([code, { exitCode }]) => [code, exitCode] as const)
    expect(faultsOfErrorPage(errorPage, Object.fromEntries(codes))).toEqual([])
  })

  test('is right when it says of each code what happened, what to do, and the exit code', () => {
    expect(faults(`# Errors\n\n${lost}\n${refused}`)).toEqual([])
  })

  test.each([
    ['a missing code', lost, 'docs/errors.md has no heading "## REFUSED"'],
    [
      'an unknown code',
      `${lost}${refused}## GONE\n`,
      'docs/errors.md:11 the catalogue has no code GONE',
    ],
    [
      'a second heading',
      `${lost}${refused}${lost}`,
      'docs/errors.md:11 LOST has a heading already',
    ],
    [
      'no words',
      `${lost}## REFUSED\n\nExit code 4.\n`,
      'docs/errors.md:6 say what happened, why, and what to do',
    ],
    [
      'another exit code',
      `${lost}${refused.replace('4', '1')}`,
      'docs/errors.md:6 the catalogue says: "Exit code 4."',
    ],
    [
      'no exit code',
      `${refused}## LOST\n\nWords.\n`,
      'docs/errors.md:6 the catalogue says: "Exit code 1."',
    ],
  ])('is refused with %s', (_, text, fault) => {
    expect(faults(text)).toEqual([fault])
  })
})

describe('the examples of the pages', () => {
  const pages = files.filter((file) => file.path.endsWith('.md') && examplesOf(file).length > 0)
  const example = (code: string) => page(`\`\`\`ts\n// example: a sample\n${code}\n\`\`\``)

  test('pass the type checker', () => {
    expect(typeErrorsOf(pages)).toEqual([])
  })

  for (const each of pages) {
    test(`of ${each.path} run on a real database`, () => runExamples(each))
  }

  test('share the database that the SQL before them prepared', async () => {
    const { text } = example(
      `import pg from 'pg'
       const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
       await client.connect()
       const { rows } = await client.query('SELECT count(*)::int AS found FROM pages')
       console.log(rows[0]?.found) // prints: 2
       await client.end()`,
    )
    const sql = '-- example: a table\nCREATE TABLE pages AS SELECT generate_series(1, 2);'
    await runExamples(page(`\`\`\`sql\n${sql}\n\`\`\`\n\n${text}`, 'docs/prepared.md'))
  })

  test('fail when they print something else than they say', async () => {
    const sample = { ...example("console.log('two') // prints: one"), path: 'docs/printed.md' }
    await expect(runExamples(sample)).rejects.toThrow('to deeply equal')
  })

  test('fail when they throw', async () => {
    const sample = { ...example("throw new Error('broken')"), path: 'docs/thrown.md' }
    await expect(runExamples(sample)).rejects.toThrow('broken')
  })

  test('fail when they do not pass the type checker', () => {
    const sample = { ...example("export const one: number = 'one'"), path: 'docs/typed.md' }
    expect(typeErrorsOf([sample])).toEqual([expect.stringContaining('docs-typed-md-1.ts(2,')])
  })

  test('are only the blocks that say so', () => {
    const text =
      '```ts\nconst a = 1\n```\n\n```sql\n-- A comment.\n```\n\n```sh\n// example: no\n```'
    expect(examplesOf(page(text))).toEqual([])
  })
})
