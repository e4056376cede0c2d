// An echo client: node echo-client.ts <address of the server> <text>
import { createSwarm } from '../src/index.ts'

await using swarm = await createSwarm()
const stream = await swarm.newStream(process.argv[2] ?? '', '/echo/1.0.0')
process.stdout.write(await stream.end(process.argv[3] ?? 'hello\n').then(() => stream.text()))
