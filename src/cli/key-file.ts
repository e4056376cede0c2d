import { access } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { MissingKeyFile } from './failure.ts'
import type { CommandContext, Context } from './command.ts'
import type { Identity } from '../identity/index.ts'

/** Where the key is kept if nobody says otherwise (https://specifications.freedesktop.org/basedir-spec). */
export function defaultKeyFile ({ env, homeDirectory }: Pick<Context, 'env' | 'homeDirectory'>): string {
  const configured = env.XDG_DATA_HOME

  // the specification says to ignore a relative path
  const base = configured != null && isAbsolute(configured) ? configured : join(homeDirectory(), '.local', 'share')

  return join(base, 'swarmd', 'key')
}

/** For nodes that others want to find again: the key in the file, which is made if it is not there. */
export async function lastingIdentity (context: CommandContext): Promise<Identity> {
  const { loadOrCreateIdentity } = await import('../identity/index.ts')

  return loadOrCreateIdentity(context.options.key ?? defaultKeyFile(context))
}

/**
 * For nodes that only visit: a key that nobody keeps, or that of the file.
 *
 * @throws MissingKeyFile
 */
export async function visitingIdentity ({ options: { key } }: CommandContext): Promise<Identity> {
  const { generateIdentity, loadIdentity } = await import('../identity/index.ts')

  if (key == null) {
    return generateIdentity()
  }

  if (!await exists(key)) {
    throw new MissingKeyFile(key)
  }

  return loadIdentity(key)
}

export async function exists (file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}
