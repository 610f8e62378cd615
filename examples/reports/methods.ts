import { setTimeout as sleep } from 'node:timers/promises';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { implement } from 'longrunning/server';

/** Takes two seconds, reports progress every quarter, and continues there after a crash. */
export const exportReport = implement(ReportsOperations.exportReport, {
  parent: (request) => request.parent,
  onInterrupted: 'resume',
  async run({ title }, { metadata, signal, update }) {
    for (let done = metadata.progressPercent; done < 100; done += 25) {
      await sleep(500, undefined, { signal });
      await update({ progressPercent: done + 25 });
    }
    return { uri: `file:///reports/${encodeURIComponent(title)}.pdf`, rowCount: 120 };
  },
});

/** Cannot be cancelled. */
export const purgeReports = implement(ReportsOperations.purgeReports, {
  parent: (request) => request.parent,
  cancellable: false,
  onInterrupted: 'resume',
  run: () => ({}),
});
