import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { isCoded, toError } from '../base/index.ts'
import { defineBackend, isReference, ServiceError, serving, shared, task, toService } from '../service/index.ts'
import type { Backend, Handler, Service, SpawnContext, TaskRun } from '../service/index.ts'

/** What a module may export instead of a backend. */
export type HandlerFunction = (args: readonly string[], context: SpawnContext) => Service | TaskRun | Promise<Service | TaskRun>

/** Backends of one's own. */
export const handlerBackend = defineBackend({
  name: 'handler',
  summary: 'runs a stage that is written in JavaScript or TypeScript',
  usage: 'FILE [ARG...]',
  description: [
    'FILE is a module, seen from the folder in which swarmd was started. Its default export is a backend, as defineBackend gives it; an object that answers requests, as service() or a Server, which then is the stage; or a function that is called with the arguments and the context of spawning. That gives a service, as task, serving or a Server, or the function that a task runs.',
    'A module is read once in the life of swarmd. TypeScript needs a Node that strips types: 22.18, 24 or newer; and syntax that can be stripped.'
  ],
  examples: ["swarmd 'exec cat app.log' 'handler ./redact.ts --all'"],
  isPrivileged: true,
  async spawn ([file, ...args], context) {
    if (file == null || file === '') {
      throw new ServiceError('InvalidArgument', `handler wanted the file of a module, received none; usage: handler ${handlerBackend.usage}`)
    }

    return spawnFrom(resolve(process.cwd(), file), args, context)
  }
})

async function spawnFrom (path: string, args: readonly string[], context: SpawnContext): Promise<Service> {
  const exported = (await importModule(path)).default

  if (isBackend(exported)) {
    return exported.spawn(args, context)
  }

  // the module's own object, the same for all who spawn it
  if (isService(exported)) {
    return serving(shared(exported), { name: `handler ${path}`, clock: context.host.clock })
  }

  if (typeof exported !== 'function') {
    throw new ServiceError('InvalidArgument', `wanted the default export of ${path} to be a backend, an object that answers requests, or a function (args, context) => service, received ${describe(exported)}`)
  }

  const made: unknown = await (exported as HandlerFunction)(args, context)

  if (typeof made === 'function') {
    return task(made as TaskRun, { name: `handler ${path}`, clock: context.host.clock })
  }

  if (!isService(made)) {
    throw new ServiceError('InvalidArgument', `wanted the default export of ${path} to give a service, or a function that a task runs, received ${describe(made)}`)
  }

  return isReference(made) ? { handle: async (call) => call.forward(made), close: async () => made.close() } : toService(made)
}

/** @throws ServiceError NotFound, FailedPrecondition, ServiceFailed */
async function importModule (path: string): Promise<{ default?: unknown }> {
  if (!await isFile(path)) {
    throw new ServiceError('NotFound', `there is no module ${path}`)
  }

  try {
    return await import(pathToFileURL(path).href) as { default?: unknown }
  } catch (thrown) {
    throw toImportError(path, thrown)
  }
}

function toImportError (path: string, thrown: unknown): Error {
  const cause = toError(thrown) as NodeJS.ErrnoException

  switch (cause.code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return new ServiceError('FailedPrecondition', `this Node (${process.version}) cannot read ${path}: modules are .js, .mjs, .cjs, or, from Node 22.18 on, .ts and .mts`, { cause })
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return new ServiceError('InvalidArgument', `cannot strip the types of ${path}: ${cause.message}`, { cause })
    case 'ERR_MODULE_NOT_FOUND':
      return new ServiceError('NotFound', `${path} imports what is not there: ${cause.message}`, { cause })
    default:
      break
  }

  if (cause instanceof SyntaxError) {
    return new ServiceError('InvalidArgument', `cannot read ${path}: ${cause.name}: ${cause.message}`, { cause })
  }

  return isCoded(cause) ? cause : new ServiceError('ServiceFailed', `${path} failed as it was loaded: ${cause.message}`, { cause })
}

async function isFile (path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

function isBackend (value: unknown): value is Backend {
  return hasMethod(value, 'spawn') && typeof (value as Partial<Backend>).name === 'string'
}

function isService (value: unknown): value is Service | Handler {
  return hasMethod(value, 'handle') || hasMethod(value, 'send')
}

function hasMethod (value: unknown, name: string): boolean {
  return typeof value === 'object' && value != null && typeof (value as Record<string, unknown>)[name] === 'function'
}

function describe (value: unknown): string {
  if (value == null) {
    return value === undefined ? 'nothing' : 'null'
  }

  return typeof value === 'object' ? 'an object of another shape' : `a ${typeof value}`
}
