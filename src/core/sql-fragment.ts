// What is quoted cannot end a statement; what opens and never closes is found with the rest.
const QUOTED = new RegExp(
  [
    /(?<![\w$])[eE]'(?:[^'\\]|''|\\[\s\S])*'/,
    // One that never closes is no plain text after the letter E.
    /(?<![\w$])[eE]'/,
    /'(?:[^']|'')*'|"(?:[^"]|"")*"/,
    /(?<![\w$])\$([\p{L}_][\p{L}\p{N}_]*)?\$[\s\S]*?\$\1\$/u,
    /--|\/\*/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gu',
)

const OPEN = /^[eE]'$/

function isBalanced(text: string): boolean {
  const open: string[] = []
  for (const sign of text.match(/[()[\]]/g) ?? []) {
    if (sign === '(' || sign === '[') open.push(sign)
    else if (open.pop() !== (sign === ')' ? '(' : '[')) return false
  }
  return open.length === 0
}

/**
 * Why a piece of SQL cannot be put into a statement as it is: it could end the statement, or reach
 * beyond its place in it. Undefined where it can; whether it means anything PostgreSQL decides.
 */
export function refuseFragment(sql: string): string | undefined {
  if (sql.includes('\0')) return 'contains a NUL character'
  if (!sql.isWellFormed()) return 'contains a lone surrogate'
  let comment = false
  const bare = sql.replaceAll(QUOTED, (quoted) => {
    comment ||= quoted === '--' || quoted === '/*'
    return OPEN.test(quoted) ? "'" : ' '
  })
  if (comment) return 'has a comment'
  if (/['"]/.test(bare)) return 'has an open quote'
  if (bare.includes(';')) return 'has a semicolon'
  return isBalanced(bare) ? undefined : 'has unbalanced parentheses'
}
