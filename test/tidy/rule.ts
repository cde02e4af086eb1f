import type { SourceFile } from './source-file.ts'

/** Files to try a rule on, by path. */
export type Sample = Readonly<Record<string, string>>

/** What a rule found: where, and what to do about it. */
export interface Violation {
  readonly path: string
  /** From 1; 1 where the whole file is meant. */
  readonly line: number
  /** The fact, and the replacement. */
  readonly message: string
}

/** One law of the repository, with inputs that prove it both ways. */
export interface Rule {
  /** The law in one sentence: the name of its tests. */
  readonly law: string
  readonly check: (files: readonly SourceFile[]) => readonly Violation[]
  /** Inputs that the rule must refuse, each with the `path:line` of every violation. */
  readonly refuses: readonly { readonly files: Sample; readonly at: readonly string[] }[]
  /** Inputs that come close and are right. */
  readonly accepts: readonly Sample[]
}

/** The files of a sample. */
export function sampleFiles(sample: Sample): readonly SourceFile[] {
  return Object.entries(sample).map(([path, text]) => ({ path, text }))
}

/** A sample in one line, for the name of a test. */
export function describeSample(sample: Sample): string {
  const [first, ...more] = Object.entries(sample)
  const [path = '', text = ''] = first ?? []
  const start = text.trim().replace(/\s+/g, ' ').slice(0, 60)
  return `${path} ${start}${more.length > 0 ? `, and ${more.length} more` : ''}`.trim()
}

/** `path:line`, as an editor opens it. */
export function place({ path, line }: Violation): string {
  return `${path}:${line}`
}
