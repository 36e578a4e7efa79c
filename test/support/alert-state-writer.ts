/** A process that adds to a record in a file, and says each sum once it is kept: `node alert-state-writer.ts FILE TIMES`. */
import { writeSync } from 'node:fs';
import { openAlertState } from '../../shared/alerts/state/open.ts';
import { increment, keyAt } from './alert-state-records.ts';

const [file = '', times = ''] = process.argv.slice(2);
const state = await openAlertState({ file });
for (let time = 0; time < Number(times); time += 1) writeSync(1, `${await increment(state, keyAt(1))}\n`);
state.close();
