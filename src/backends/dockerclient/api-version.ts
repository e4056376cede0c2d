import { ServiceError } from '../../service/index.ts'

/** The newest version of the API that is asked for. */
export const MAX_API_VERSION = '1.47'
/** The oldest that has all that is asked for. */
export const MIN_API_VERSION = '1.24'

/**
 * The version to speak, from what the engine named in its answer to a ping; engines older than that name none.
 *
 * @throws ServiceError FailedPrecondition for one that is too old; ServiceFailed for what is no version
 */
export function chooseApiVersion (named: string | string[] | undefined, url: string): string {
  const offered = named ?? 'none'

  if (typeof offered !== 'string' || (offered !== 'none' && !/^\d+\.\d+$/.test(offered))) {
    throw new ServiceError('ServiceFailed', `wanted ${url} to name its version of the Docker Engine API, received ${JSON.stringify(named)}`)
  }

  if (offered === 'none' || compare(offered, MIN_API_VERSION) < 0) {
    throw new ServiceError('FailedPrecondition', `wanted ${url} to speak version ${MIN_API_VERSION} of the Docker Engine API or a later one; it speaks ${offered}: is it a Docker engine, and recent enough?`)
  }

  return compare(offered, MAX_API_VERSION) < 0 ? offered : MAX_API_VERSION
}

function compare (a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)

  return majorA - majorB || minorA - minorB
}
