import { serviceCapabilities, serviceDependencies } from '@libp2p/interface'
import { CodedError } from '../../base/index.ts'

/** What `part` says it can do for others, as '@libp2p/identify'. */
export function capabilitiesOf (part: unknown): string[] {
  return listAt(part, serviceCapabilities)
}

/**
 * @throws CodedError UnmetServiceDependencies, naming every part that misses something, and what
 */
export function checkDependencies (parts: ReadonlyMap<string, unknown>): void {
  const provided = new Set([...parts.values()].flatMap(capabilitiesOf))
  const missing = [...parts].flatMap(([name, part]) => {
    const unmet = listAt(part, serviceDependencies).filter((dependency) => !provided.has(dependency))

    return unmet.length === 0 ? [] : [`${name} needs ${unmet.join(' and ')}`]
  })

  if (missing.length > 0) {
    throw new CodedError('UnmetServiceDependencies', `services are missing: ${missing.join('; ')}. Add what provides that to { services }`)
  }
}

function listAt (part: unknown, symbol: symbol): string[] {
  if (part == null || typeof part !== 'object') {
    return []
  }

  const list: unknown = Reflect.get(part, symbol)

  return Array.isArray(list) ? list.map(String) : []
}
