/** A fenced block of a page. */
export interface Block {
  readonly language: string
  readonly text: string
  /** The line of its fence, from 1. */
  readonly line: number
}

/** A link of a page: where it leads, and the line it stands on. */
export interface Link {
  readonly href: string
  readonly line: number
}

/** A heading, without its `#`s. */
export interface Heading {
  readonly level: number
  readonly title: string
  readonly line: number
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(FENCED)].map((match) => ({
    language: match[2] ?? '',
    text: match[3] ?? '',
    line: lineOf(page, match.index),
  }))
}

/** The links of a page; what stands in code is none. */
export function linksOf(page: string): readonly Link[] {
  const text = prose(page).replace(/`[^`\n]*`/g, blank)
  return [...text.matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map((match) => ({
    href: match[1] ?? match[2] ?? '',
    line: lineOf(text, match.index),
  }))
}

/** The headings of a page, in order. */
export function headingsOf(page: string): readonly Heading[] {
  const text = prose(page)
  return [...text.matchAll(/^(#{1,6}) +(.+?) *#*$/gm)].map((match) => ({
    level: match[1]?.length ?? 0,
    title: match[2] ?? '',
    line: lineOf(text, match.index),
  }))
}

/** The fragments that lead into a page: one per heading, the second of a name with `-1`. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const { title } of headingsOf(page)) {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    let free = anchor
    for (let times = 1; anchors.has(free); times++) free = `${anchor}-${times}`
    anchors.add(free)
  }
  return anchors
}

const FENCED = /^ *(```+|~~~+) *([\w-]*)[^\n]*\n([\s\S]*?)^ *\1/gm

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

// Lines stay where they are.
const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

const prose = (page: string): string => page.replace(FENCED, blank)
