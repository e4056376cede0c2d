import { stat } from 'node:fs/promises'
import { toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import type { Command } from './exec-args.ts'

/** As shells have it. */
const EXIT_NOT_FOUND = 127
const EXIT_NOT_STARTED = 126

/** Why a command could not be started. */
export interface StartFailure {
  readonly code: number
  readonly error: ServiceError
}

/** What the system said when it was to start a command, for people. */
export async function toStartFailure (thrown: unknown, command: Command): Promise<StartFailure> {
  const cause = toError(thrown) as NodeJS.ErrnoException
  const fail = (code: number, ...[errorCode, message]: ConstructorParameters<typeof ServiceError>): StartFailure =>
    ({ code, error: new ServiceError(errorCode, message, { cause }) })
  const { file, cwd } = command

  // the system says ENOENT for a folder that is missing as well
  if (cwd != null && !await isFolder(cwd)) {
    return fail(EXIT_NOT_STARTED, 'NotFound', `cannot run ${file} in ${cwd}: there is no such folder`)
  }

  switch (cause.code) {
    case 'ENOENT':
      return fail(EXIT_NOT_FOUND, 'NotFound', file.includes('/')
        ? `there is no command ${file}, or no interpreter as its first line names it`
        : `there is no command ${file} in the folders of PATH`)
    case 'EACCES':
      return fail(EXIT_NOT_STARTED, 'PermissionDenied', `may not run ${file}: it is no program, is not executable, or its folder may not be entered`)
    case 'E2BIG':
      return fail(EXIT_NOT_STARTED, 'InvalidArgument', `cannot run ${file}: its arguments and variables are longer than the system allows`)
    case 'ERR_INVALID_ARG_VALUE':
      return fail(EXIT_NOT_STARTED, 'InvalidArgument', `cannot run ${file}: ${cause.message}`)
    default:
      return fail(EXIT_NOT_STARTED, 'Unavailable', `cannot run ${file}: ${cause.message}`)
  }
}

async function isFolder (path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}
