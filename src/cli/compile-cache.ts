import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import process from 'node:process'

/**
 * Keeps compiled code for the next start, which then takes half the time. In the folder of caches
 * of this user, and not in Node's default, the folder of temporary files: who writes there first could
 * choose what a program with private keys runs. Without such a folder, nothing is kept.
 */
export function keepCompiledCode (): void {
  const configured = process.env.XDG_CACHE_HOME

  try {
    const base = configured != null && isAbsolute(configured) ? configured : join(homedir(), '.cache')

    enableCompileCache(join(base, 'swarmd', 'code'))
  } catch {
    // a user without a home: slower, and else as well
  }
}
