import type { Explanation, KeyDuplicates, KeyExplanation, Maker } from '../index.ts'
import type { Output } from './output.ts'
import { keyInWords } from './run-report.ts'
import { broken, count, oneLine, seconds, shorten, some, wrapped } from './text.ts'

type Page = Pick<Output, 'colors' | 'columns'>

const spoken = (name: string): string => name.replaceAll('_', ' ')

function madeBy({ run, actor, reason }: Maker): string {
  const who = actor === null ? '' : ` by ${actor}`
  return `run ${run}${who}${reason === null ? '' : `: ${reason}`}`
}

type Fact = readonly [name: string, value: string | undefined]

const WIDTH = 12

function* factLines(facts: readonly Fact[]): Generator<string> {
  for (const [name, value] of facts) {
    if (value) yield `  ${name.padEnd(WIDTH)}${oneLine(value)}`
  }
}

/** An explanation as lines for people. What is copied, such as a fix, is never cut. */
export function* renderExplanation(
  told: Explanation,
  { colors, columns }: Page,
): Generator<string> {
  yield `${colors.bold(spoken(told.cause))}  ${told.likelihood}`
  yield* factLines([
    ['guard', told.guard],
    ['constraint', told.constraint],
    ['table', told.table],
    ['attempted', keyInWords(told.attempted)],
    ['existing', told.existing && keyInWords(told.existing)],
    ['made', told.madeAt && seconds(told.madeAt)],
    ['made by', told.madeBy && madeBy(told.madeBy)],
  ])
  yield ''
  for (const each of told.evidence) yield broken(`  ${oneLine(each)}`, columns)
  yield `  ${colors.green('fix')}  ${oneLine(told.fix)}`
  yield ''
  yield colors.bold('the other causes')
  for (const { cause, likelihood, evidence } of told.others) {
    const why = `${spoken(cause)}: ${oneLine(evidence.join(' '))}`
    const lead = `  ${spoken(likelihood).padEnd(WIDTH)}`
    yield lead + wrapped(why, columns - lead.length).join(`\n${' '.repeat(lead.length)}`)
  }
}

function inExcess({ rows, excess, others }: KeyDuplicates): string {
  const rest = excess > others.length ? `; and ${count(excess - others.length)} more` : ''
  return `${count(rows)} rows, duplicates: also ${others.map(keyInWords).join(', ')}${rest}`
}

/** What stands for a key, as lines for people. */
export function* renderKey(told: KeyExplanation, page: Page): Generator<string> {
  const { colors, columns } = page
  const { claim, duplicates } = told
  yield `${colors.bold(oneLine(keyInWords(told.key)))}  ${oneLine(told.guard)}  ${told.table}`
  yield* factLines([
    ['existing', told.existing ? keyInWords(told.existing) : 'no row has this key'],
    ['too many', duplicates && inExcess(duplicates)],
    ['made', told.madeAt && seconds(told.madeAt)],
    ['made by', told.madeBy && madeBy(told.madeBy)],
    ['known by', told.madeSays],
    ['claim', claim && `${claim.state}, ${madeBy(claim)}`],
    ['worker', claim?.state === 'claimed' ? (claim.worker ?? undefined) : undefined],
  ])
  if (duplicates) yield `  ${colors.green('fix')}  ${oneLine(duplicates.fix)}`
  if (told.turnedAway.length === 0) return
  yield ''
  yield colors.bold(`${some(told.turnedAway.length, 'attempt')} turned away, the latest first`)
  for (const { at, verdict, ...maker } of told.turnedAway) {
    yield shorten(`  ${seconds(at)}  ${verdict}  ${oneLine(madeBy(maker))}`, columns)
  }
}
