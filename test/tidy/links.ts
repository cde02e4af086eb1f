import { posix } from 'node:path'
import { anchorsOf, linksOf } from './markdown.ts'
import type { Rule } from './rule.ts'

/** A link that leads nowhere is a promise not kept. */
export const linkRule: Rule = {
  law: 'every relative link of a page leads to a file, and to a heading where it names one',
  check: (files) => {
    const pages = new Map(files.map(({ path, text }) => [path, text]))
    const folders = new Set(files.flatMap(({ path }) => ancestorsOf(path)))
    return files
      .filter(({ path }) => path.endsWith('.md'))
      .flatMap(({ path, text }) =>
        linksOf(text).flatMap(({ href, line }) => {
          if (/^[a-z][a-z+.-]*:/i.test(href)) return []
          const [file = '', anchor] = decodeURIComponent(href).split('#')
          const target = file === '' ? path : posix.join(posix.dirname(path), file)
          const page = pages.get(target)
          if (page === undefined && !folders.has(target.replace(/\/$/, ''))) {
            return [{ path, line, message: `${href} leads nowhere: there is no ${target}` }]
          }
          if (anchor === undefined || anchorsOf(page ?? '').has(anchor)) return []
          return [{ path, line, message: `${href} leads nowhere: ${target} has no such heading` }]
        }),
      )
  },
  refuses: [
    { files: { 'README.md': 'Text\n[a](docs/a.md)' }, at: ['README.md:2'] },
    { files: { 'docs/a.md': '[b](../b.md)', 'docs/b.md': '' }, at: ['docs/a.md:1'] },
    {
      files: { 'README.md': '[a](a.md#two)', 'a.md': '# One\n```\n# Two\n```' },
      at: ['README.md:1'],
    },
    { files: { 'README.md': '# One\n[two](#two)' }, at: ['README.md:2'] },
    { files: { 'README.md': '[a]\n\n[a]: a.md' }, at: ['README.md:3'] },
  ],
  accepts: [
    { 'README.md': '[a](docs/a.md#the-verdict-of-a-row)', 'docs/a.md': '## The verdict of a row' },
    { 'README.md': '[docs](docs/) [a](./docs/a.md "A")', 'docs/a.md': '' },
    { 'README.md': '# One\n# One\n[one](#one-1)', 'docs/a.md': '[up](../README.md)' },
    { 'README.md': '[a](https://example.org/a.md) [mail](mailto:a@example.org)' },
    { 'README.md': '`[a](a.md)`\n```md\n[a](a.md)\n```' },
  ],
}

const ancestorsOf = (path: string): readonly string[] =>
  path.split('/').map((_, depth, names) => names.slice(0, depth).join('/') || '.')
