import { testMatrix } from './matrix.ts'
import { PROGRAMS } from './programs.ts'

testMatrix(PROGRAMS['go-libp2p'])
