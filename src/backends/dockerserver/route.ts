import { HttpError } from './http-error.ts'
import type { Exchange } from './exchange.ts'

/** Answers a request; `names` are what stands in the path for `{...}`, decoded. What it throws is the answer. */
export type RouteHandler = (exchange: Exchange, ...names: string[]) => void | Promise<void>

export interface Route {
  readonly method: string
  readonly pattern: RegExp
  handle: RouteHandler
}

/** A route of a path as in Docker's documentation: `/containers/{name}/json`. Names may have slashes. */
export function route (method: string, path: string, handle: RouteHandler): Route {
  const pattern = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '(.+)')

  return { method, pattern: new RegExp(`^${pattern}$`), handle }
}

/**
 * Answers a request by the first route that fits.
 *
 * @throws HttpError 404 when none does, 400 for a path that cannot be decoded; what the route throws
 */
export async function answerByRoute (routes: readonly Route[], exchange: Exchange): Promise<void> {
  for (const { method, pattern, handle } of routes) {
    const match = method === exchange.method ? pattern.exec(exchange.path) : null

    if (match != null) {
      return handle(exchange, ...match.slice(1).map(decode))
    }
  }

  throw new HttpError(404, 'NotFound', 'page not found')
}

function decode (name: string): string {
  try {
    return decodeURIComponent(name)
  } catch (cause) {
    throw new HttpError(400, 'InvalidArgument', `wanted a path in UTF-8 and percent-encoding, received ${name}`, { cause })
  }
}
