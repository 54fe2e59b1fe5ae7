import { COVERING_SEEDS, missing } from '../coverage.ts';
import type { SeedReport } from './seed-report.ts';

/** The sum of the reports of one run. */
export class Totals {
  readonly seen = new Map<string, number>();
  seeds = 0;
  steps = 0;
  records = 0;
  violations = 0;
  /** The first seed that failed and came to an end, so that it can be run again. */
  shrinkable: number | null = null;

  add(report: SeedReport): void {
    this.seeds += 1;
    this.steps += report.steps;
    this.records += report.records;
    if (report.failure !== null) {
      this.violations += 1;
      if (report.failure.invariant !== 'hang') this.shrinkable ??= report.seed;
    }
    for (const [what, count] of report.seen) this.seen.set(what, (this.seen.get(what) ?? 0) + count);
  }

  get notCovered(): readonly string[] {
    return missing(this.seen, this.seeds);
  }

  /** Nothing was broken, and whatever must be reached was. */
  get isGood(): boolean {
    return this.violations === 0 && (this.seeds < COVERING_SEEDS || this.notCovered.length === 0);
  }

  line(realMs: number): string {
    const { seeds, steps, records, violations, notCovered } = this;
    const seedsPerSecond = Number(((seeds * 1_000) / Math.max(1, realMs)).toFixed(1));
    return JSON.stringify({ seeds, steps, records, violations, notCovered, seedsPerSecond });
  }
}
