/** What one server tells the others through the database. */
export interface Notice {
  /** Who says it: a server does not need to hear itself. */
  readonly sender: string;
  /** `changed`: the operation of that name; `work`: there is work of that method. */
  readonly kind: 'changed' | 'work';
  readonly subject: string;
}

/** How notices of a kind begin: their subjects follow. */
export function noticePrefix({ sender, kind }: Omit<Notice, 'subject'>): string {
  return `${sender} ${kind} `;
}

/** A notice as the payload of a NOTIFY. Names and methods are far below its limit of 8,000 bytes. */
export function formatNotice(notice: Notice): string {
  return `${noticePrefix(notice)}${notice.subject}`;
}

/** Takes a payload apart; undefined when it is none of ours. */
export function parseNotice(payload: string): Notice | undefined {
  const [, sender, kind, subject] = /^(\S+) (changed|work) (.*)$/su.exec(payload) ?? [];
  if (sender === undefined || subject === undefined) return undefined;
  return { sender, kind: kind === 'work' ? 'work' : 'changed', subject };
}
