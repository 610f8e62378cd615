/** Message from one server to the others, through the database. */
export interface Notice {
  /** Sending server. A server ignores its own notices, except echoes. */
  readonly sender: string;
  /**
   * - `changed`: the operation of that name has changed
   * - `work`: there is work of that method
   * - `echo`: the sender tests whether it receives notices
   *
   * Servers of earlier versions ignore unknown kinds.
   */
  readonly kind: 'changed' | 'work' | 'echo';
  readonly subject: string;
}

/** Prefix of notices of a kind; the subject follows it. */
export function noticePrefix({ sender, kind }: Omit<Notice, 'subject'>): string {
  return `${sender} ${kind} `;
}

/** Formats a notice as the payload of a NOTIFY. Names and methods are far below its limit of 8,000 bytes. */
export function formatNotice(notice: Notice): string {
  return `${noticePrefix(notice)}${notice.subject}`;
}

/** Parses a payload; undefined if it is not a notice. */
export function parseNotice(payload: string): Notice | undefined {
  const [, sender, kind, subject] = /^(\S+) (changed|work|echo) (.*)$/su.exec(payload) ?? [];
  if (sender === undefined || subject === undefined) return undefined;
  return { sender, kind: kind as Notice['kind'], subject };
}
