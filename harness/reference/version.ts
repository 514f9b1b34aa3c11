import { UnixSocket } from "../posix/unix_socket.ts";
import { Errno } from "../wire/errno.ts";
import { Version } from "../wire/messages.ts";
import { encodeVersionJson, parseVersionJson } from "../wire/version_json.ts";
import { concat, head, type Message, type Outcome } from "./message.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** VERSION. One that is refused ends the session; one too many does not. */
export function version(request: Message, session: Session): Outcome {
  if (session.negotiated) throw new Refusal(Errno.EINVAL);
  const { settings } = session;
  const { major, minor } = head(request, Version);
  if (major !== settings.major) throw new Refusal(Errno.EINVAL);
  const parsed = parseVersionJson(request.payload.subarray(Version.size));
  if (!parsed.ok) throw new Refusal(Errno.EINVAL);
  const { twinSocket, maxMsgFds } = parsed.capabilities;
  const answer = Version.encode({ major, minor: Math.min(minor, settings.minor) });
  const capabilities = settings.capabilities;
  if (!(settings.twinSocket && twinSocket.supported && maxMsgFds > 0)) {
    session.negotiate(parsed.capabilities);
    return { payload: concat(answer, encodeVersionJson({ capabilities })) };
  }
  const [ours, theirs] = UnixSocket.pair();
  session.negotiate(parsed.capabilities, ours);
  const twin = { ...capabilities, twin_socket: { supported: true, fd_index: 0 } };
  return {
    payload: concat(answer, encodeVersionJson({ capabilities: twin })),
    fds: [theirs.fd],
    sent: () => theirs[Symbol.dispose](),
  };
}
