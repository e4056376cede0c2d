export { seededRandom } from '../../src/testing/index.ts'
