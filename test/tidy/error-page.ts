import { headingsOf } from './markdown.ts'
import { linesOf, type SourceFile } from './source-file.ts'

/** The part of the catalogue that the page repeats: the exit code of each error code. */
export type ExitCodes = Readonly<Record<string, number>>

/**
 * What is wrong with the page of errors, which has one heading `## CODE` for each code of the
 * catalogue, and below it what happened, what to do, and `Exit code N.`
 */
export function faultsOfErrorPage(page: SourceFile, exitCodes: ExitCodes): readonly string[] {
  const sections = sectionsOf(page)
  const missing = Object.keys(exitCodes)
    .filter((code) => !sections.some(({ title }) => title === code))
    .map((code) => `${page.path} has no heading "## ${code}"`)
  const wrong = sections.flatMap(({ title, line, body }, index) => {
    const at = `${page.path}:${line}`
    const exitCode = exitCodes[title]
    if (exitCode === undefined) return [`${at} the catalogue has no code ${title}`]
    if (sections.findIndex((other) => other.title === title) < index) {
      return [`${at} ${title} has a heading already`]
    }
    const words = body.replace(/^Exit code .*$/m, '').trim()
    return [
      ...(words === '' ? [`${at} say what happened, why, and what to do`] : []),
      ...(body.split('\n').includes(`Exit code ${exitCode}.`)
        ? []
        : [`${at} the catalogue says: "Exit code ${exitCode}."`]),
    ]
  })
  return [...missing, ...wrong]
}

interface Section {
  readonly title: string
  readonly line: number
  readonly body: string
}

function sectionsOf(page: SourceFile): readonly Section[] {
  const headings = headingsOf(page.text).filter(({ level }) => level === 2)
  return headings.map(({ title, line }, index) => ({
    title,
    line,
    body: linesOf(page)
      .slice(line, (headings[index + 1]?.line ?? Number.POSITIVE_INFINITY) - 1)
      .join('\n'),
  }))
}
