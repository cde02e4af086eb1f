import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'

/** The operating-system user that runs the server. */
export interface Account {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

/**
 * The user to run the server as: `undefined` for ourselves; as root, which PostgreSQL refuses,
 * `postgres` where it exists and `nobody` otherwise.
 */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return (
    passwdEntry(passwd, 'postgres') ??
    passwdEntry(passwd, 'nobody') ?? { uid: 65534, gid: 65534, name: 'nobody' }
  )
}

/** The options of `spawn` that run a child as `account`, in a directory it may enter. */
export function asAccount(account: Account | undefined): {
  cwd: string
  uid?: number
  gid?: number
} {
  return account === undefined ? { cwd: '/' } : { cwd: '/', uid: account.uid, gid: account.gid }
}

/** The directories for temporary files that we may write and the server's user may enter. */
export async function temporaryRoots(account: Account | undefined): Promise<readonly string[]> {
  const candidates = [...new Set([resolve(tmpdir()), '/tmp', '/var/tmp'])]
  const usable: string[] = []
  for (const candidate of candidates) {
    if (await isUsable(candidate, account)) usable.push(candidate)
  }
  return usable
}

async function isUsable(directory: string, account: Account | undefined): Promise<boolean> {
  try {
    await access(directory, constants.W_OK | constants.X_OK)
    return account === undefined || (await canEnter(directory, account))
  } catch {
    return false
  }
}

/** Whether `account` may enter `directory`. Group bits are not read: "no" is the safe answer. */
export async function canEnter(directory: string, account: Account): Promise<boolean> {
  const { mode, uid } = await stat(directory)
  const bit = uid === account.uid ? 0o100 : 0o001
  if ((mode & bit) === 0) return false
  const parent = dirname(directory)
  return parent === directory || canEnter(parent, account)
}

function passwdEntry(passwd: string, name: string): Account | undefined {
  const line = passwd.split('\n').find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined
    ? undefined
    : { uid: Number(uid), gid: Number(gid), name }
}
