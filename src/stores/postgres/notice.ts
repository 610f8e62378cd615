/** A message from one server to the others, through the database. */
export interface Notice {
  /** The server that sends it: a server ignores its own, but for an echo. */
  readonly sender: string;
  /**
   * `changed`: the operation of that name has changed; `work`: there is work of that method; `echo`: the sender finds out
   * whether it hears what is sent. Servers of earlier versions ignore kinds that they do not know.
   */
  readonly kind: 'changed' | 'work' | 'echo';
  readonly subject: string;
}

/** The beginning of notices of a kind: their subjects follow. */
export function noticePrefix({ sender, kind }: Omit<Notice, 'subject'>): string {
  return `${sender} ${kind} `;
}

/** A notice as the payload of a NOTIFY. Names and methods are far below its limit of 8,000 bytes. */
export function formatNotice(notice: Notice): string {
  return `${noticePrefix(notice)}${notice.subject}`;
}

/** Takes a payload apart; undefined if it is not one of ours. */
export function parseNotice(payload: string): Notice | undefined {
  const [, sender, kind, subject] = /^(\S+) (changed|work|echo) (.*)$/su.exec(payload) ?? [];
  if (sender === undefined || subject === undefined) return undefined;
  return { sender, kind: kind as Notice['kind'], subject };
}
