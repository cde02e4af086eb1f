import type { ComponentChildren } from 'preact'
import { Prose } from './prose.tsx'
import { Glyph, type Tone } from './state.tsx'

const GLYPHS: Readonly<Record<Tone, string>> = {
  good: 'check',
  bad: 'bang',
  warn: 'bang',
  busy: 'half',
  quiet: 'dot',
  note: 'double',
}

/** One thing to know: what it is, what it means, and what to do. */
export function Finding({
  tone,
  title,
  fix,
  children,
}: {
  readonly tone: Tone
  readonly title: string
  /** What to do, as a sentence of the server or as more than that. */
  readonly fix?: ComponentChildren
  readonly children?: ComponentChildren
}) {
  return (
    <li class="finding">
      <Glyph name={GLYPHS[tone]} tone={tone} />
      <div>
        <h3>{title}</h3>
        {children}
        {fix && <p class="soft">{typeof fix === 'string' ? <Prose text={fix} /> : fix}</p>}
      </div>
    </li>
  )
}
