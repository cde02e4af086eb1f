import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compileServer, installServer, publicDirectory } from './installation.ts'

/** A place where servers are started by processes of their own. */
export interface Workshop {
  /** For whatever a test makes; every user may write to it. */
  readonly path: string
  /** What `compileServer` made, to install it once more. */
  readonly compiled: string
  /** A directory, with spaces in its name, where the server is installed. */
  readonly installation: string
  /** TMPDIR of the processes: they share no copy of PostgreSQL with anything else. */
  readonly tmpdir: string
  close(): Promise<void>
}

/** Compiles and installs the server. */
export async function openWorkshop(): Promise<Workshop> {
  const { path, remove } = await publicDirectory()
  const compiled = join(path, 'compiled')
  const installation = join(path, 'installed with spaces')
  const tmpdir = join(path, 'tmp')
  await compileServer(compiled)
  await installServer(compiled, installation)
  await mkdir(tmpdir)
  await chmod(tmpdir, 0o1777)
  return { path, compiled, installation, tmpdir, close: remove }
}
