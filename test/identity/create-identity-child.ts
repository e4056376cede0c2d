/** A process that loads or makes one identity many times at once: `node create-identity-child.ts <path> <count>`. */
import { loadOrCreateIdentity } from '../../src/identity/index.ts'

const [path = '', count = '1'] = process.argv.slice(2)
const identities = await Promise.all(Array.from({ length: Number(count) }, async () => loadOrCreateIdentity(path)))

process.stdout.write(identities.map(({ peerId }) => `${peerId.toString()}\n`).join(''))
