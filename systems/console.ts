import { createColors } from 'picocolors'
import { type Figure, holds, inWords, type Measured, type SystemReport } from './demo-report.ts'

type Paint = ReturnType<typeof createColors>

/** How text is laid out: its width in columns, and whether it may be coloured. */
export interface Style {
  readonly columns: number
  readonly colour: boolean
}

const MAX_COLUMNS = 100
const INDENT = '  '
const NUMBER_WIDTH = 11

/** The style of stdout: NO_COLOR, TERM=dumb and anything but a terminal mean plain text. */
export function styleOf(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Style {
  const plain = Boolean(environment.NO_COLOR) || environment.TERM === 'dumb'
  return {
    columns: Math.min(stream.columns ?? MAX_COLUMNS, MAX_COLUMNS),
    colour: Boolean(stream.isTTY) && !plain,
  }
}

/** Breaks a text into lines of at most `columns`, each after `indent`. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > columns) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, indent + line]
}

const number = (measured: Measured | undefined): string =>
  measured === undefined ? '' : measured.value.toLocaleString('en-US')

/** The report of a system as lines: what happened, then the figures side by side. */
export function reportLines(report: SystemReport, style: Style, seconds: number): string[] {
  const paint = createColors(style.colour)
  const labelWidth = Math.min(
    Math.max(...report.figures.map((figure) => figure.what.length)),
    style.columns - 2 * NUMBER_WIDTH - INDENT.length,
  )
  const head = ''.padEnd(labelWidth) + 'naive'.padStart(NUMBER_WIDTH)
  return [
    '',
    `${paint.bold(report.system)} ${paint.dim(`(${seconds.toFixed(1)} s)`)}`,
    ...wrap(report.incident, style.columns, INDENT),
    ...wrap(report.run, style.columns, INDENT).map(paint.dim),
    '',
    INDENT + paint.dim(head + 'Onceover'.padStart(NUMBER_WIDTH)),
    ...report.figures.flatMap((figure) => figureLines(figure, labelWidth, paint)),
    ...(report.notes ?? []).flatMap((note) => [
      '',
      ...wrap(note, style.columns, INDENT).map(paint.dim),
    ]),
  ]
}

function figureLines(figure: Figure, labelWidth: number, paint: Paint): string[] {
  const indent = figure.what.slice(0, figure.what.search(/\S/))
  const lines = wrap(figure.what.trim(), labelWidth, indent).map((line) => line.padEnd(labelWidth))
  const { naive, onceover } = figure
  // Damage is what differs: a figure that both sides agree on is not painted as one.
  const damage = naive?.value === onceover?.value ? String : paint.red
  const values = painted(naive, damage, paint) + painted(onceover, paint.green, paint)
  const last = lines.pop() ?? ''
  return [...lines, last + values].map((line) => (INDENT + line).trimEnd())
}

function painted(
  measured: Measured | undefined,
  good: (text: string) => string,
  paint: Paint,
): string {
  const text = number(measured).padStart(NUMBER_WIDTH)
  if (measured?.must === undefined) return text
  return holds(measured) ? good(text) : paint.inverse(text)
}

/** One sentence per figure that is not what it must be. */
export function failures(report: SystemReport): string[] {
  return report.figures.flatMap((figure) =>
    (['naive', 'onceover'] as const).flatMap((side) => {
      const measured = figure[side]
      if (measured?.must === undefined || holds(measured)) return []
      const wanted = inWords(measured.must)
      const what = `${report.system}: ${figure.what.trim()} (${side})`
      return [`${what} is ${measured.value} and must be ${wanted}`]
    }),
  )
}
