import { CONTAINER_ROUTES } from './container-routes.ts'
import { ENGINE_ROUTES } from './engine-routes.ts'
import { Exchange } from './exchange.ts'
import { EXEC_ROUTES } from './exec-routes.ts'
import { HttpError } from './http-error.ts'
import { IMAGE_ROUTES } from './image-routes.ts'
import { refusePages } from './page-guard.ts'
import { REFUSED_ROUTES } from './refused-routes.ts'
import { answerByRoute } from './route.ts'
import type { ExchangeInit } from './exchange.ts'
import type { OnRequest } from './http-listener.ts'

/**
 * Requests that are answered at a time, those that follow logs or events included. Fewer than one reference handles at a
 * time (256), so that those who watch events do not keep others from asking.
 */
export const MAX_REQUESTS = 200

// what is refused has no longer names than what is answered, so it comes first where both would fit
const ROUTES = [...REFUSED_ROUTES, ...ENGINE_ROUTES, ...CONTAINER_ROUTES, ...EXEC_ROUTES, ...IMAGE_ROUTES]

export interface RequestHandlerInit extends Pick<ExchangeInit, 'engine' | 'clock' | 'log'> {
  /** The name that requests may call this server by; undefined where any will do. */
  readonly ownHost: string | undefined
}

/** Answers what arrives. Never throws: what goes wrong is the answer. */
export function requestHandler ({ ownHost, ...init }: RequestHandlerInit): OnRequest {
  let requests = 0

  const run = async (exchange: Exchange): Promise<void> => {
    requests++

    try {
      refusePages(exchange.request, ownHost)

      if (requests > MAX_REQUESTS) {
        throw new HttpError(503, 'Unavailable', `dockerserver answers ${MAX_REQUESTS} requests at a time; try again`)
      }

      await answerByRoute(ROUTES, exchange)
    } catch (thrown) {
      exchange.fail(thrown)
    } finally {
      requests--
    }
  }

  return (request, response, upgraded) => { void run(new Exchange({ request, response, upgraded, ...init })) }
}
