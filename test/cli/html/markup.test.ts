import fc from 'fast-check'
import { expect, test } from 'vitest'
import { html, json } from '../../../src/cli/html/markup.ts'

test('what is put into a page is escaped, once', () => {
  const inner = html`<b title="${'"x" & \'y\''}">${'<i>'}</b>`
  expect(html`<p>${inner}</p>`.text).toBe(
    '<p><b title="&quot;x&quot; &amp; &#39;y&#39;">&lt;i&gt;</b></p>',
  )
})

test('lists are joined, and nothing is written for what is not there', () => {
  expect(html`${[1, 'a', html`<br>`]}${undefined}${false}.`.text).toBe('1a<br>.')
})

test('data ends no element, and is read as it was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('</script>', '<!--', '\u2028', '<script'))),
      (texts) => {
        const { text } = json(texts)
        expect(text).not.toMatch(/[<\u2028\u2029]/)
        expect(JSON.parse(text)).toEqual(texts)
      },
    ),
  )
})
