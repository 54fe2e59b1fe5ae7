export type { AskedWrite } from './database/write-books.ts';
export { STEP_MS, Simulation } from './simulation.ts';
export type { SimulationOptions } from './simulation.ts';
