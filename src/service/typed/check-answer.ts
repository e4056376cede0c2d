import { withSchema } from '../../channel/index.ts'
import { ServiceError } from '../service-error.ts'
import { check } from './schema.ts'
import { discard, isReceiver } from './values.ts'
import type { Contract } from './contract.ts'
import type { Checked } from './schema.ts'

/** What a contract makes of an output, for clients that do not take the service's word for it. Elements are checked as they are received. */
export async function checkAnswer ({ entries }: Contract, method: string, output: unknown): Promise<unknown> {
  const { output: schema, items } = Object.hasOwn(entries, method) ? entries[method] ?? {} : {}

  if (items != null && isReceiver(output)) {
    return withSchema(output, items)
  }

  return schema == null ? output : valueOf(await check(schema, output), method, output)
}

function valueOf (checked: Checked, method: string, output: unknown): unknown {
  if (checked.problem != null) {
    discard(output)
    throw new ServiceError('ServiceFailed', `${method} gave what the contract does not allow: ${checked.problem.text}`, { data: { issues: checked.problem.issues } })
  }

  return checked.value
}
