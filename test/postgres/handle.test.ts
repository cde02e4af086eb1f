import pg from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { maskedTarget, openPool } from '../../src/postgres/handle.ts'

afterEach(() => vi.unstubAllEnvs())

const target = 'postgres://app@db.example:6543/shop'

describe('maskedTarget', () => {
  test.each([
    ['a URL', 'postgres://app:s3cret@db.example:6543/shop?sslmode=disable'],
    ['a postgresql:// URL', 'postgresql://app:s3cret@db.example:6543/shop'],
    ['a URL with parameters', 'postgres://db.example:6543/shop?user=app&password=s3cret'],
  ])('names where %s leads, without the password', (_, url) => {
    expect(maskedTarget(url)).toBe(target)
    expect(maskedTarget(new pg.Pool({ connectionString: url }))).toBe(target)
    expect(maskedTarget(new pg.Client(url))).toBe(target)
  })

  const parts = { user: 'app', password: 's3cret', host: 'db.example', port: 6543 }

  test('names where a Pool or Client with options leads', () => {
    const options = { ...parts, database: 'shop' }
    expect(maskedTarget(new pg.Pool(options))).toBe(target)
    expect(maskedTarget(new pg.Client(options))).toBe(target)
  })

  test('names where the environment leads a Pool without options', () => {
    vi.stubEnv('PGHOST', 'db.example')
    vi.stubEnv('PGPORT', '6543')
    vi.stubEnv('PGUSER', 'app')
    vi.stubEnv('PGDATABASE', 'shop')
    vi.stubEnv('PGPASSWORD', 's3cret')
    expect(maskedTarget(new pg.Pool())).toBe(target)
    expect(maskedTarget('postgres:///')).toBe(target)
  })

  test('reads a socket directory and escaped names', () => {
    expect(maskedTarget('postgres://a%40b:x@/my%20shop?host=/var/run/pg')).toBe(
      'postgres://a@b@/var/run/pg:5432/my shop',
    )
  })

  test('takes a percent sign that escapes nothing as it is', () => {
    expect(maskedTarget('postgres://app:12%@h/d')).toBe('postgres://app@h:5432/d')
    expect(maskedTarget('postgres://us%er:x@h/d')).toMatch(/^postgres:|unreadable/)
  })

  test.each([
    'not a url',
    'postgres://app:12/s3cret@h/d',
    'postgres://app:12#s3cret@h/d',
    'postgres://app:s3cret@h:port/d',
  ])('shows nothing of %s, which cannot be read', (url) => {
    expect(maskedTarget(url)).toBe('an unreadable URL')
  })
})

describe('openPool', () => {
  test.each([
    'not a url',
    '',
    'mysql://app@h/d',
    'http://h/d',
    'postgres://app:12/s3cret@h/d',
    'postgres://app:12?s3cret@h/d',
    'postgres://app:12#s3cret@h/d',
    'postgres://app:s3cret@h:port/d',
    'postgres://app:s3cret@h/d?connect_timeout=soon',
    'postgres://app:s3cret@h/d?sslrootcert=/no/such/file',
  ])('answers DATABASE_URL_INVALID to %s, without repeating it', (url) => {
    const caught = (() => {
      try {
        return openPool(url)
      } catch (error) {
        return error
      }
    })()
    expect(caught).toMatchObject({ code: 'DATABASE_URL_INVALID', exitCode: 64 })
    expect(`${JSON.stringify(caught)}${String(caught)}`).not.toContain('s3cret')
  })
})
