export { FakeClock, settle } from '../../src/testing/index.ts'
