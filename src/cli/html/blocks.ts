import { html, type Markup } from './markup.ts'

/** What a cell may hold. */
export type Cell = Markup | string

/** A column of a table; numbers stand at the right. */
export interface CellColumn {
  readonly title: string
  readonly isNumber?: boolean
}

/** A titled box of a page. */
export const card = (title: string, content: Markup | readonly Markup[]): Markup =>
  html`<section class="card"><h3>${title}</h3>${content}</section>`

/** A table that scrolls sideways where the page is too narrow for it. */
export function cellTable(
  columns: readonly CellColumn[],
  rows: readonly (readonly Cell[])[],
): Markup {
  const kinds = columns.map(({ isNumber }) => isNumber === true && html` class="num"`)
  const head = columns.map(({ title }, at) => html`<th${kinds[at]}>${title}</th>`)
  const body = rows.map(
    (row) => html`<tr>${row.map((cell, at) => html`<td${kinds[at]}>${cell}</td>`)}</tr>`,
  )
  return html`<div class="scroll"><table>
    <thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** What a chart says of its colours. */
export interface Legend {
  readonly text: string
  readonly isExcess: boolean
}

/**
 * A place for a chart with its legend, and its figures to open below: for those who cannot see it.
 *
 * @param kind which chart the script of the page draws
 * @param of the place of its data in those of the page
 */
export function chart(
  kind: 'growth' | 'sizes',
  of: number,
  legend: readonly Legend[],
  figures: Markup,
): Markup {
  const keys = legend.map(
    ({ text, isExcess }) => html`<span><i${isExcess && html` class="bad"`}></i>${text}</span>`,
  )
  return html`<figure><div class="chart" data-chart="${kind}" data-of="${of}"></div>
    <figcaption class="keys">${keys}</figcaption></figure>
    <details class="figures-of"><summary>Figures</summary>
    <div class="tall">${figures}</div></details>`
}
